/** Bytes of a server -> a file of our own, as long as the disk has room. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Reading } from './reading.ts';
import type { Bytes } from './uncompress.ts';

/** Bytes of the disk that stay free for all else, the catalogue above all. */
const RESERVE = 512 * 1024 * 1024;
/** Bytes after which the room is looked at again. */
const STEP = 16 * 1024 * 1024;

export interface Download {
  path: string;
  /** SHA-256 of the bytes. */
  hash: string;
  /** false: it was interrupted. */
  isWhole: boolean;
  remove(): void;
}

const NAME = /^download-(\d+)-/;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}

/** What processes left that were killed. */
function removeLeft(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const [, pid] = NAME.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

/** @throws UserError */
async function mustHaveRoom(folder: string, url: string, size: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - STEP < RESERVE)
    throw new UserError(
      `${url} is too large for the disk of ${folder}: after ${size} bytes of it ${bavail * bsize} are free, and ${RESERVE} must stay so.`,
    );
}

/**
 * The file is to be removed when it is done with.
 * @throws UserError when the bytes break off, or there is no room for them
 */
export async function download(bytes: Bytes, url: string, { folder, signal }: Reading): Promise<Download> {
  removeLeft(folder);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `download-${process.pid}-${randomUUID()}`);
  const remove = () => rmSync(path, { force: true });
  const hash = createHash('sha256');
  let size = 0;
  let checked = Number.NEGATIVE_INFINITY;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const part of bytes) {
      if (signal.aborted) break;
      if (size - checked >= STEP) {
        await mustHaveRoom(folder, url, size);
        checked = size;
      }
      await file.writeFile(part);
      hash.update(part);
      size += part.length;
    }
  } catch (error) {
    remove();
    throw error;
  } finally {
    await file.close();
  }
  return { path, hash: hash.digest('hex'), isWhole: !signal.aborted, remove };
}
