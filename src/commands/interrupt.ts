/** Ctrl-C: the first ends a command after what is under way, the second at once. */
export async function untilSignal(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const abort = new AbortController();
  let asked = 0;
  const onSignal = () => {
    asked++;
    if (asked > 1) process.exit(130);
    process.stderr.write('\nending after what is under way; once more to end at once\n');
    abort.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await run(abort.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
