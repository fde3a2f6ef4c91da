/**
 * Item -> the text by which the lake keeps it, as a file that stands for itself. Files are never changed in Rucio, so it has
 * what stays: not replicas, whose list is Rucio's to tell, and no orders. Addresses are those of the public server; without
 * one, of replicas. STAC 1.1 Item; pystac opens it.
 */
import { itemLinks, OWN_PREFIX, withBase } from '../stac/link.ts';
import { EXTENSIONS } from './extensions.ts';
import type { Document } from './to-item.ts';

/** What changes while the Item stays the same. */
const MOVING = ['alternate', 'rucio:rses', 'rucio:storage', 'rucio:state', 'rucio:deleted'];
const MOVING_EXTENSIONS = [EXTENSIONS.alternate, EXTENSIONS.order];

const staying = (fields: Document): Document =>
  Object.fromEntries(
    Object.entries(fields).filter(([key]) => !MOVING.includes(key) && !key.startsWith('order:')),
  );

/** Places of storage that are no RSEs. */
function ownSchemes(properties: Document): Document {
  const schemes = Object.entries((properties['storage:schemes'] ?? {}) as Record<string, Document>);
  return Object.fromEntries(schemes.filter(([, { type }]) => type !== 'rucio'));
}

/** Where there is no server that everybody can ask: the replica at the RSE, or else the first, or the DID. */
function placeOf(asset: Document, base: string | null, rse: string): string {
  const href = String(asset.href);
  if (base !== null || !href.startsWith(OWN_PREFIX)) return href;
  const alternates = (asset.alternate ?? {}) as Record<string, { href?: unknown }>;
  const replica = alternates[rse] ?? Object.values(alternates)[0];
  if (replica) return String(replica.href);
  const path = String(asset['rucio:name']).split('/').map(encodeURIComponent).join('/');
  return `rucio://${asset['rucio:scope']}/${path}`;
}

function stayingAsset(asset: Document, schemes: Document, base: string | null, rse: string): Document {
  const { 'storage:refs': refs, ...fields } = staying(asset);
  const own = Array.isArray(refs) ? refs.filter((ref) => Object.hasOwn(schemes, String(ref))) : [];
  return { ...fields, href: placeOf(asset, base, rse), ...(own.length > 0 && { 'storage:refs': own }) };
}

/** A collection is named only with a link to it (Item schema). */
function linksOf(item: Document, base: string | null): Document {
  const foreign = item.links as Document[];
  if (base === null) return { collection: undefined, links: foreign };
  return { links: [...foreign, ...itemLinks(base, String(item.collection), String(item.id))] };
}

/**
 * @param base public address, no slash at the end; null: there is none
 * @param rse that COGs are registered at
 */
export function itemText(item: Document, base: string | null, rse: string): string {
  const { 'storage:schemes': _, ...properties } = staying(item.properties as Document);
  const schemes = ownSchemes(item.properties as Document);
  const assets = Object.entries(item.assets as Record<string, Document>).map(([key, asset]) => [
    key,
    stayingAsset(asset, schemes, base, rse),
  ]);
  const isStored = Object.keys(schemes).length > 0;
  const stac_extensions = (item.stac_extensions as string[]).filter(
    (uri) =>
      !MOVING_EXTENSIONS.includes(uri) &&
      (isStored || uri !== EXTENSIONS.storage) &&
      (base !== null || !uri.startsWith(OWN_PREFIX)),
  );
  const made = {
    ...item,
    stac_extensions,
    properties: { ...properties, ...(isStored && { 'storage:schemes': schemes }) },
    assets: Object.fromEntries(assets),
    ...linksOf(item, base),
  };
  return withBase(`${JSON.stringify(made, null, 2)}\n`, base ?? '');
}
