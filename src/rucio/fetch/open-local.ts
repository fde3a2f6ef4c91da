/** file PFN -> stream of its bytes, when the path is on this machine. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { OpenBytes } from './open-http.ts';

/** A file that is not on this machine is no fault of the replica's: say why, or null. */
export async function cannotReadLocal(address: string): Promise<string | null> {
  const url = new URL(address);
  const path = localPath(url);
  if (path === null) return `it lies on another machine, ${url.hostname}`;
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? null : `there is no file ${path} on this machine`;
}

export async function openLocal(address: string, from: number, signal: AbortSignal): Promise<OpenBytes> {
  const path = localPath(new URL(address))!;
  const { size } = await stat(path);
  const start = Math.min(from, size);
  return {
    from: start,
    isRange: start > 0,
    total: size,
    etag: null,
    body: createReadStream(path, { start, highWaterMark: 1 << 18, signal }),
  };
}

/** A file URL -> its path; null: it is another machine's. */
export function localPath(url: URL): string | null {
  if (url.hostname !== '' && url.hostname !== 'localhost' && url.hostname !== hostname().toLowerCase())
    return null;
  const local = new URL(url);
  local.hostname = '';
  try {
    return fileURLToPath(local);
  } catch {
    return null;
  }
}
