/** Files below one `….zarr` -> one file of a source: the store, whose parts mean nothing alone. */
import { createHash } from 'node:crypto';
import { ROOT_KEYS } from '../raster/zarr-store.ts';
import { didKey } from '../rucio/resolve.ts';
import type { ListedFile } from './source.ts';

/** "a/x.zarr/t2m/0.0" -> the store "a/x.zarr" and the key "t2m/0.0"; null: it is in none. */
export function storeOf(name: string): { store: string; key: string } | null {
  const [, store, key] = /^(.*?[^/]\.zarr)\/(.+)$/i.exec(name) ?? [];
  return store === undefined || key === undefined ? null : { store, key };
}

/**
 * Stores stand where the first of their parts stood. In a lake a store goes by the DID of its root's metadata, has the
 * bytes of all parts together, and is another when one of them is.
 */
export function groupStores(files: readonly ListedFile[]): ListedFile[] {
  const stores = new Map<string, ListedFile[]>();
  const out: (ListedFile | { key: string; name: string })[] = [];
  for (const file of files) {
    const found = storeOf(file.name);
    if (found === null) {
      out.push(file);
      continue;
    }
    const key = `${file.did?.scope ?? ''}:${found.store}`;
    const parts = stores.get(key);
    if (parts) parts.push(file);
    else {
      stores.set(key, [file]);
      out.push({ key, name: found.store });
    }
  }
  return out.map((each) => ('key' in each ? joinParts(each.name, stores.get(each.key)!) : each));
}

function joinParts(name: string, parts: ListedFile[]): ListedFile {
  const keyOf = (part: ListedFile) => part.name.slice(name.length + 1);
  const root =
    ROOT_KEYS.map((key) => parts.find((part) => keyOf(part) === key)).find((part) => part) ?? parts[0]!;
  const told = parts
    .map(({ did, name: part, bytes, adler32, version }) => [
      did ? didKey(did) : part,
      bytes,
      adler32,
      version,
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return {
    did: root.did,
    name,
    bytes: parts.some(({ bytes }) => bytes === null)
      ? null
      : parts.reduce((sum, part) => sum + part.bytes!, 0),
    adler32: null,
    md5: null,
    version: createHash('sha256').update(JSON.stringify(told)).digest('hex'),
    parts,
  };
}
