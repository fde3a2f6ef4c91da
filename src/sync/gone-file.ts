/** A file that the lake has no more, as its Item still tells it: so that the Item can say so, and lose nothing else. */
import type { ListedFile, SourceFile } from '../ingest/source.ts';
import type { Document } from '../ingest/to-item.ts';
import { assetOfDid } from './compare.ts';

/** Fields that are made anew, not told by metadata. */
const MADE = /^(?:rucio|storage|proj):/;

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);

/** @param deleted RFC 3339, when it was missed, unless the Item tells that already */
export function goneFile(listed: ListedFile, item: Document | null, deleted: string): SourceFile {
  const { scope = '', name = '' } = listed.did ?? {};
  const asset = (item && assetOfDid(item, `${scope}:${name}`)) ?? {};
  const told = Object.entries((item?.properties ?? {}) as Document).filter(([key]) => !MADE.test(key));
  return {
    ...listed,
    bytes: typeof asset['file:size'] === 'number' ? asset['file:size'] : null,
    adler32: textOf(asset['rucio:adler32']),
    md5: /^d50110([0-9a-f]{32})$/.exec(textOf(asset['file:checksum']) ?? '')?.[1] ?? null,
    replicas: [],
    // Where a raster without a reference system is.
    metadata: { ...Object.fromEntries(told), ...(item?.bbox !== undefined && { bbox: item.bbox }) },
    deleted: textOf(asset['rucio:deleted']) ?? deleted,
    fetch: () => Promise.reject(new Error(`${scope}:${name} is not in the lake any more`)),
  };
}
