/** Runs a command of others in a process group of its own: no shell, an end with all its children, and one sentence of what it said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { ReplicaFault } from './replica-fault.ts';

export interface ToolRun {
  command: string;
  /** Of the executable. */
  path: string;
  args: string[];
  env: Record<string, string | undefined>;
  /** Where it runs. */
  folder: string;
  /** The folder or the file in which it writes. */
  output: string;
  signal: AbortSignal;
  /** Bytes there, about once a second. */
  onBytes(bytes: number): void;
}

/** Milliseconds between the request to end and the end. */
const GRACE = 3000;
const LOOK = 1000;
/** Characters of its last words that are kept. */
const KEPT = 4096;

/**
 * @returns its last words
 * @throws ReplicaFault when it fails; whatever `signal` was aborted with, once it has ended
 */
export async function runTool(run: ToolRun): Promise<string> {
  run.signal.throwIfAborted();
  const child = spawn(run.path, run.args, {
    cwd: run.folder,
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // The leader of a group that is ended as one.
    detached: true,
  });
  let words = '';
  const keep = (text: Buffer) => {
    words = (words + text.toString('utf8')).slice(-KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const end = ending(child);
  const looking = setInterval(() => {
    sizeOf(run.output).then(run.onBytes, () => undefined);
  }, LOOK);
  run.signal.addEventListener('abort', end.begin, { once: true });
  try {
    const code = await ended(child);
    run.signal.throwIfAborted();
    if (code !== 0)
      throw new ReplicaFault(`${run.command}: ${sentenceOf(words, code)}`, { passing: isPassing(words) });
    return words;
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof ReplicaFault) throw error;
    throw new ReplicaFault(`${run.command} cannot be run: ${messageOf(error)}`, { cause: error });
  } finally {
    clearInterval(looking);
    run.signal.removeEventListener('abort', end.begin);
    end.done();
  }
}

/** @returns exit code, or the signal's name */
function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

/** A child that the tool has started may hold its pipes: all of the group is ended, and again when we end ourselves. */
function ending(child: ChildProcess) {
  let timer: NodeJS.Timeout | undefined;
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const now = () => kill('SIGKILL');
  process.once('exit', now);
  return {
    begin() {
      kill('SIGTERM');
      timer = setTimeout(now, GRACE);
    },
    done() {
      clearTimeout(timer);
      process.off('exit', now);
      // What the tool left running behind it.
      now();
    },
  };
}

async function sizeOf(folder: string): Promise<number> {
  const own = await lstat(folder);
  if (own.isFile()) return own.size;
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const found = await lstat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => null);
    bytes += found?.size ?? 0;
  }
  return bytes;
}

const LASTING =
  /no such file|not found|does ?n[o']t exist|denied|not authori|unauthori[sz]ed|forbidden|authenticat|certificate|credential|unsupported|not supported|usage:/i;

const isPassing = (words: string) => !LASTING.test(words);

const ESC = String.fromCharCode(27);
const COLOURS = new RegExp(`${ESC}\\[[0-9;]*[A-Za-z]`, 'g');
/** Time, level and the like before what is said. */
const STAMP =
  /^(?:[\d/.:, TZ+-]{8,}\s*)?(?:(?:Run: )?\[?(?:ERROR|ERR|CRITICAL|FATAL|NOTICE|WARNING|INFO)\]?\s*:?\s*)*/;

/** The line that tells the most: the last with a word of failure in it, else the last. */
export function sentenceOf(words: string, code: number | string): string {
  const lines = words
    .replace(COLOURS, '')
    .replaceAll('\0', '')
    .split(/[\r\n]+/)
    .map((line) =>
      line
        .trim()
        .replace(STAMP, '')
        .replace(/\?[^\s'"]*/g, '?...'),
    )
    .filter((line) => line !== '');
  const isTelling = (line: string) =>
    /fail|error|cannot|unable|no such|not found|denied|refused|invalid/i.test(line);
  const line = lines.findLast(isTelling) ?? lines.at(-1);
  const how = typeof code === 'number' ? `exit code ${code}` : `ended by ${code}`;
  if (line === undefined) return how;
  const short = line.length > 240 ? `${line.slice(0, 240)}…` : line.replace(/\.$/, '');
  return `${short} (${how})`;
}
