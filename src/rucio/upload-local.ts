/** Local file -> path of this machine, as RSEs have it whose protocol is `file`: written beside its place, read again, then put there. */
import { copyFile, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { localPath } from './fetch/open-local.ts';
import { differenceOf, sumFile } from './fetch/sums.ts';
import { type Look, NOTHING, otherBytes, SAME } from './upload-look.ts';
import { Occupied, type PutFile, type PutOptions, partOf, StorageFault } from './upload-storage.ts';

function pathOf(url: URL): string {
  const path = localPath(url);
  if (path === null) throw new StorageFault(`its storage is a path of another machine, ${url.hostname}`);
  return path;
}

export async function lookLocal(url: URL, file: PutFile, signal: AbortSignal): Promise<Look> {
  const path = pathOf(url);
  const found = await stat(path).catch(() => null);
  if (found === null) return NOTHING;
  if (!found.isFile()) return { is: 'other', reason: `${path} is no file` };
  if (found.size !== file.bytes) return otherBytes(found.size, file);
  const difference = differenceOf(file, (await sumFile(path, { signal })).sums());
  return difference === null ? SAME : { is: 'other', reason: difference };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A name that is taken stays as it is; where a file system has no links, the place was free a moment ago. */
async function putInFreePlace(part: string, target: string): Promise<void> {
  try {
    await link(part, target);
    await unlink(part);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new Occupied();
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code)) throw error;
    await rename(part, target);
  }
}

/** @throws StorageFault; Occupied where `isExclusive` and something is there */
export async function putLocal(
  url: URL,
  file: PutFile,
  isExclusive: boolean,
  { signal, onProgress }: PutOptions,
): Promise<void> {
  const target = pathOf(url);
  const part = partOf(target, file);
  try {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file.path, part);
    signal.throwIfAborted();
    await sync(part);
    const difference = differenceOf(file, (await sumFile(part, { signal })).sums());
    if (difference !== null) throw new StorageFault(`it has other bytes than were sent: ${difference}`, true);
    if (isExclusive) await putInFreePlace(part, target);
    else await rename(part, target);
    await sync(dirname(target));
  } catch (error) {
    await unlink(part).catch(() => undefined);
    signal.throwIfAborted();
    if (error instanceof StorageFault) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    const full = ['ENOSPC', 'EDQUOT'].includes(code);
    // Another run with the same bytes may have put them in their place.
    const isPassing = code === 'ENOENT';
    throw new StorageFault(
      full ? 'it is full' : `${target} cannot be written: ${messageOf(error)}`,
      isPassing,
    );
  }
  onProgress(file.bytes);
}
