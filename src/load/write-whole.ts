/** A stream -> a file that appears whole or not at all; what is there and no regular file (a pipe, a device) is written through. */
import { randomBytes } from 'node:crypto';
import {
  constants,
  createWriteStream,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';

type Made = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Links of the file system that may follow one another, as on Linux. */
const MOST_LINKS = 40;

/** Where a path leads, be it there or not: links stay, and what they name is replaced. */
function targetOf(path: string, links = MOST_LINKS): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isSymbolicLink() || links === 0) return path;
  return targetOf(resolve(realpathSync(dirname(path)), readlinkSync(path)), links - 1);
}

/** The part has the rights of the file that it replaces, and a name that nothing has; no signal leaves it behind. */
async function replace(
  made: Made,
  target: string,
  mode: number | undefined,
  options: { signal?: AbortSignal },
): Promise<void> {
  const part = join(dirname(target), `rucio-stac-${process.pid}-${randomBytes(6).toString('hex')}.part`);
  const drop = () => rmSync(part, { force: true });
  process.once('exit', drop);
  try {
    // Opened here: a stream that fails before its file is open would make the file afterwards.
    const file = await open(part, 'wx', mode === undefined ? 0o666 : mode & 0o777);
    await pipeline(made, file.createWriteStream(), options);
    renameSync(part, target);
  } catch (error) {
    drop();
    throw error;
  } finally {
    process.off('exit', drop);
  }
}

/** Milliseconds between two looks whether somebody reads a pipe. */
const LOOK = 100;

/** Waits for a reader as a plain open does, which however holds a thread that no signal ends, and Node until then. */
async function openPipe(path: string, options: { signal?: AbortSignal }): Promise<Socket> {
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    }
    await setTimeout(LOOK, undefined, options);
  }
}

/**
 * @param path of a file that is there or not, a link to one, a pipe or a device
 * @throws Error of the file system, or AbortError
 */
export async function writeWhole(made: Made, path: string, signal?: AbortSignal): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  const options = signal ? { signal } : {};
  if (found?.isFIFO()) await pipeline(made, await openPipe(path, options), options);
  else if (found && !found.isFile()) await pipeline(made, createWriteStream(path), options);
  else await replace(made, targetOf(resolve(path)), found?.mode, options);
}
