/** Folder with a Zarr store -> its bytes by key, and which arrays are in it. Zarr v2 and v3 specifications. */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { readExactly } from '../read-exactly.ts';

export interface ZarrNode {
  /** "/" for the root, "/group/name" below. */
  path: string;
  kind: 'array' | 'group';
}

export interface ZarrStore {
  /** For messages. */
  name: string;
  version: 2 | 3;
  /** All arrays and groups. */
  nodes: ZarrNode[];
  /** undefined: there is no such key. @throws UserError */
  get(key: string): Promise<Uint8Array | undefined>;
  getRange(
    key: string,
    range: { offset: number; length: number } | { suffixLength: number },
  ): Promise<Uint8Array | undefined>;
}

/** What stands at the root of a store, by version. */
export const ROOT_KEYS = ['zarr.json', '.zmetadata', '.zgroup', '.zarray'];

/** Of one metadata document, of one chunk, and nodes of a store. */
const LONGEST_METADATA = 64 * 1024 * 1024;
const LONGEST_VALUE = 2 ** 30;
const MOST_NODES = 10_000;
const MAX_DEPTH = 16;

const isAbsent = (error: unknown) =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Is there a Zarr store in this folder? */
export async function isZarrStore(folder: string): Promise<boolean> {
  const names: string[] = await readdir(folder).catch(() => []);
  return ROOT_KEYS.some((key) => names.includes(key));
}

/** @throws UserError when the folder holds no store, or one that is broken */
export async function openFolderStore(folder: string, name: string): Promise<ZarrStore> {
  const names = await readdir(folder);
  const version = names.includes('zarr.json') ? 3 : 2;
  if (version === 2 && !ROOT_KEYS.some((key) => names.includes(key))) {
    throw new UserError(`${name} holds no Zarr metadata (zarr.json, .zgroup)`);
  }
  const place = (key: string) => join(folder, ...key.split('/').filter((part) => part !== ''));
  const orAbsent = async <T>(key: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      if (isAbsent(error)) return undefined;
      if (error instanceof UserError) throw error;
      throw new UserError(`${name} cannot be read at ${key}: ${messageOf(error)}`, { cause: error });
    }
  };
  const store: ZarrStore = {
    name,
    version,
    nodes: [],
    get: (key) =>
      orAbsent(key, async () => {
        const { size } = await stat(place(key));
        if (size > LONGEST_VALUE)
          throw new UserError(`${name} has ${size} bytes at ${key}, more than is read at a time`);
        return readFile(place(key));
      }),
    getRange: (key, range) => orAbsent(key, () => readPart(name, key, place(key), range)),
  };
  await walk(folder, '/', store, 0);
  return store;
}

async function readPart(
  name: string,
  key: string,
  path: string,
  range: { offset: number; length: number } | { suffixLength: number },
): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const length = 'suffixLength' in range ? range.suffixLength : range.length;
    const offset = 'suffixLength' in range ? size - length : range.offset;
    if (!(offset >= 0 && length >= 0 && offset + length <= size))
      throw new UserError(
        `${name} is cut short or corrupt: ${key} has no bytes ${offset} to ${offset + length}`,
      );
    const buffer = await readExactly(handle, offset, length);
    if (buffer === null) throw new UserError(`${name} became shorter while it was read`);
    return buffer;
  } finally {
    await handle.close();
  }
}

/** Folders of arrays are not gone into: they may hold millions of chunks. */
async function walk(folder: string, path: string, store: ZarrStore, depth: number): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = new Set(entries.map((entry) => entry.name));
  const kind = await kindOf(folder, names, store);
  if (kind !== null) store.nodes.push({ path, kind });
  if (store.nodes.length > MOST_NODES)
    throw new UserError(`${store.name} has more than ${MOST_NODES} arrays, which is more than is read`);
  if (kind === 'array' || depth >= MAX_DEPTH) return;
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const name of below.sort()) {
    await walk(join(folder, name), `${path === '/' ? '' : path}/${name}`, store, depth + 1);
  }
}

async function kindOf(
  folder: string,
  names: Set<string>,
  { name, version }: ZarrStore,
): Promise<ZarrNode['kind'] | null> {
  if (version === 2) return names.has('.zarray') ? 'array' : names.has('.zgroup') ? 'group' : null;
  if (!names.has('zarr.json')) return null;
  const path = join(folder, 'zarr.json');
  if ((await stat(path)).size > LONGEST_METADATA)
    throw new UserError(`${name} is corrupt: its metadata has no end`);
  try {
    const node = JSON.parse(await readFile(path, 'utf8')) as { node_type?: unknown } | null;
    if (node?.node_type === 'array' || node?.node_type === 'group') return node.node_type;
  } catch (error) {
    throw new UserError(`${name} is corrupt: its metadata is no JSON (${messageOf(error)})`, {
      cause: error,
    });
  }
  throw new UserError(`${name} is corrupt: its metadata names neither an array nor a group`);
}
