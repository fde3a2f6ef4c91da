/** COG on disk -> file in the folder that the server itself gives out: the store of an installation without S3. */
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, open, opendir, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, UserError } from '../errors.ts';
import { readExactly } from '../read-exactly.ts';
import { encodeKey } from './address.ts';
import type { AssetStore, PutObject, StoredObject, StoredRanges } from './types.ts';

/** @param ownPrefix the mark of our own addresses, which ends in a slash; the server puts its public address there */
export function folderStore(folder: string, ownPrefix: string): AssetStore {
  const root = resolve(folder);
  return {
    hrefOf: (key) => `${ownPrefix}assets/${encodeKey(key)}`,
    scheme: () => null,
    async has(key, bytes, sha256) {
      const path = pathOf(root, key);
      const found = await stat(path).catch(() => null);
      if (found?.isFile() !== true || found.size !== bytes) return false;
      return (await sha256Of(path)) === sha256;
    },
    put: (object) => put(root, object),
    list: (prefix, signal) => list(root, prefix, signal),
    async fetch({ key, path }) {
      await copyFile(pathOf(root, key), path, constants.COPYFILE_FICLONE).catch((error: unknown) => {
        throw new UserError(`${key} cannot be read from ${root}: ${messageOf(error)}.`, { cause: error });
      });
    },
    openRanges: (key) => openRanges(pathOf(root, key), key),
    remove: (key) => rm(pathOf(root, key), { force: true }),
    check: () => check(root),
    async close() {},
  };
}

/** @throws UserError when the key would leave the folder */
function pathOf(root: string, key: string): string {
  const path = resolve(join(root, key));
  const below = relative(root, path);
  const inside = below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
  const plain =
    !isAbsolute(key) && key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (inside && plain && !key.includes('\0')) return path;
  throw new UserError(`The key ${JSON.stringify(key)} cannot become a file below ${root}.`);
}

/** Copied beside its place, then renamed: a reader finds the whole file or the one before. */
async function put(root: string, { key, path, bytes, sha256, signal, onProgress }: PutObject): Promise<void> {
  const target = pathOf(root, key);
  const part = `${target}.${randomUUID()}.part`;
  signal?.throwIfAborted();
  try {
    await mkdir(dirname(target), { recursive: true });
    // Costs nothing on file systems that share blocks.
    await copyFile(path, part, constants.COPYFILE_FICLONE);
    const handle = await open(part, 'r+');
    try {
      const { size } = await handle.stat();
      if (size !== bytes)
        throw new UserError(`${path} has ${size} bytes, not ${bytes}: it changed. Run the command again.`);
      if ((await sha256Of(part)) !== sha256)
        throw new UserError(
          `${path} holds other bytes than were written: it changed. Run the command again.`,
        );
      await handle.sync();
    } finally {
      await handle.close();
    }
    signal?.throwIfAborted();
    await rename(part, target);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    if (signal?.aborted || error instanceof UserError) throw error;
    throw new UserError(`${target} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
  onProgress?.(bytes);
}

async function openRanges(path: string, name: string): Promise<StoredRanges> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw new UserError(`${name} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  const { size } = await handle.stat();
  return {
    name,
    size,
    async read(offset, length) {
      const bytes = await readExactly(handle, offset, length);
      if (bytes === null) throw new UserError(`${name} ends before byte ${offset + length}.`);
      return bytes;
    },
    close: () => handle.close(),
  };
}

/** Files that are listed together. */
const PAGE = 1000;

/** Files below the folder of a prefix that ends in a slash; a folder that is not there has none. */
async function* list(root: string, prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject[]> {
  const folder = pathOf(root, prefix.replace(/\/$/, ''));
  let page: StoredObject[] = [];
  try {
    for await (const entry of await opendir(folder, { recursive: true, bufferSize: PAGE })) {
      signal?.throwIfAborted();
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const found = await stat(path).catch(() => null);
      if (found) page.push({ key: relative(root, path).split(sep).join('/'), bytes: found.size });
      if (page.length < PAGE) continue;
      yield page;
      page = [];
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new UserError(`${folder} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  if (page.length > 0) yield page;
}

async function check(root: string): Promise<void> {
  const probe = join(root, `.check-${randomUUID()}.part`);
  try {
    await mkdir(root, { recursive: true });
    await writeFile(probe, '');
    await unlink(probe);
  } catch (error) {
    throw new UserError(
      `The asset folder ${root} cannot be written: ${messageOf(error)}. Correct its rights, or choose another.`,
      {
        cause: error,
      },
    );
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
