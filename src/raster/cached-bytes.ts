/**
 * Slow byte source -> the same with what was read kept in a file, and more asked for at once while reads follow each other.
 * Bands that share their blocks, and overlapping rows, are fetched once; nothing is held in memory.
 */
import { open } from 'node:fs/promises';
import { readExactly } from '../read-exactly.ts';
import type { ByteSource } from './bytes.ts';

/** What is fetched and kept is in whole pieces of these. */
const PIECE = 256 * 1024;
/** Bytes of one request, at most: as many as came before, while reads follow each other. */
const MOST_AHEAD = 8 * 1024 * 1024;
/** Pieces of one request where more is asked for at once. */
const MOST_PIECES = 128;

/** Closes `source` when it is closed. @param path of a file that is not there yet */
export async function cacheBytes(source: ByteSource, path: string): Promise<ByteSource> {
  const { name, size } = source;
  const file = await open(path, 'wx+');
  const has = new Uint8Array(Math.ceil(size / PIECE));
  let ahead = PIECE;
  /** Where the last fetch ended, in pieces. */
  let end = -1;
  /** One after the other: what one read brings, the next one mostly needs. */
  let last: Promise<unknown> = Promise.resolve();

  async function fetch(from: number, to: number): Promise<void> {
    const bytes = await source.read(from * PIECE, Math.min(to * PIECE, size) - from * PIECE);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, from * PIECE + done);
      done += bytesWritten;
    }
    has.fill(1, from, to);
    end = to;
  }

  async function need(first: number, stop: number): Promise<void> {
    let at = first;
    while (at < stop) {
      if (has[at]) {
        at += 1;
        continue;
      }
      ahead = at === end ? Math.min(ahead * 2, MOST_AHEAD) : PIECE;
      const most = Math.min(Math.max(stop, at + ahead / PIECE), at + MOST_PIECES, has.length);
      let to = at + 1;
      while (to < most && !has[to]) to += 1;
      await fetch(at, to);
      at = to;
    }
  }

  async function read(offset: number, length: number): Promise<Buffer> {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) return source.read(offset, length);
    await need(Math.floor(offset / PIECE), Math.ceil((offset + length) / PIECE));
    const buffer = await readExactly(file, offset, length);
    if (buffer === null) throw new Error(`what was read of ${name} is gone from the work folder`);
    return buffer;
  }

  return {
    name,
    size,
    read(offset, length) {
      const done = last.then(() => read(offset, length));
      last = done.catch(() => undefined);
      return done;
    },
    async close() {
      await file.close();
      await source.close();
    },
  };
}
