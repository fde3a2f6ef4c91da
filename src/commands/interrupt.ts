import { setMaxListeners } from 'node:events';

/**
 * Ctrl-C: the first ends a command after what is under way, the second at once.
 * @param notice what is told at the first; null: nothing, because the command ends at once
 */
export async function untilSignal(
  run: (signal: AbortSignal) => Promise<number>,
  notice: string | null = 'ending after what is under way; once more to end at once',
): Promise<number> {
  const abort = new AbortController();
  // Each request under way listens to it.
  setMaxListeners(0, abort.signal);
  let asked = 0;
  const onSignal = () => {
    asked++;
    if (asked > 1) process.exit(130);
    process.stderr.write(notice === null ? '\n' : `\n${notice}\n`);
    abort.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await run(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted || (error as Error).name !== 'AbortError') throw error;
    process.stderr.write('interrupted; run the same command again to continue\n');
    return 130;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
