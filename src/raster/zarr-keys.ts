/** Zarr store that gives bytes by key alone -> which arrays are in it: by its consolidated metadata, or by the list of its keys. */
import { messageOf, UserError } from '../errors.ts';
import type { ZarrNode, ZarrStore } from './zarr-store.ts';

export interface KeyedStore {
  name: string;
  /** Keys have no slash at the beginning. null: there is no such key. */
  get(key: string): Promise<Uint8Array | null>;
  /** null: they cannot be listed. */
  keys: readonly string[] | null;
}

export type OpenedStore = ZarrStore & { isConsolidated: boolean };

type Json = Record<string, unknown>;

/** @throws UserError when there is no store, or what is in it cannot be told */
export async function openKeyedStore({ name, get, keys }: KeyedStore): Promise<OpenedStore> {
  const json = async (key: string): Promise<Json | null> => {
    const bytes = await get(key);
    if (bytes === null) return null;
    try {
      const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (typeof value === 'object' && value !== null) return value as Json;
    } catch (error) {
      throw new UserError(`${name} is corrupt: ${key} is no JSON (${messageOf(error)})`, { cause: error });
    }
    throw new UserError(`${name} is corrupt: ${key} is no object`);
  };
  const root = await json('zarr.json');
  const version = root ? 3 : 2;
  const consolidated = root ? metadataOf(root.consolidated_metadata) : metadataOf(await json('.zmetadata'));
  let nodes: ZarrNode[];
  if (consolidated) nodes = version === 3 ? nodesOf3(consolidated) : nodesOf2(Object.keys(consolidated));
  else if (keys === null) {
    const what =
      root || (await get('.zgroup'))
        ? 'has no consolidated metadata, by which what is in it could be listed'
        : 'holds no Zarr metadata (zarr.json, .zmetadata)';
    throw new UserError(`${name} ${what}`);
  } else if (version === 2) nodes = nodesOf2(keys);
  else {
    const documents: Json = {};
    for (const key of keys)
      if (key.endsWith('/zarr.json')) documents[key.slice(0, -'/zarr.json'.length)] = await json(key);
    nodes = nodesOf3(documents);
  }
  const plain = (key: string) => get(key.replace(/^\/+/, '')).then((bytes) => bytes ?? undefined);
  return {
    name,
    version,
    nodes: [{ path: '/', kind: 'group' }, ...nodes.filter(({ path }) => path !== '/')],
    isConsolidated: consolidated !== null,
    get: plain,
    async getRange(key, range) {
      const bytes = await plain(key);
      if (bytes === undefined) return undefined;
      if ('suffixLength' in range) return bytes.subarray(Math.max(0, bytes.length - range.suffixLength));
      return bytes.subarray(range.offset, range.offset + range.length);
    },
  };
}

function metadataOf(document: unknown): Json | null {
  const metadata = (document as { metadata?: unknown } | null | undefined)?.metadata;
  return typeof metadata === 'object' && metadata !== null ? (metadata as Json) : null;
}

const nodesOf3 = (documents: Json): ZarrNode[] =>
  Object.entries(documents).flatMap(([path, node]) => {
    const kind = (node as { node_type?: unknown } | null)?.node_type;
    return kind === 'array' || kind === 'group' ? [{ path: `/${path}`, kind }] : [];
  });

const nodesOf2 = (keys: readonly string[]): ZarrNode[] =>
  keys.flatMap((key): ZarrNode[] => {
    const [, path = '', kind] = /^(.*?)\/?\.z(array|group)$/.exec(key) ?? [];
    return kind === 'array' || kind === 'group' ? [{ path: `/${path}`, kind }] : [];
  });
