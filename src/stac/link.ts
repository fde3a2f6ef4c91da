/** Links of the API's own around stored documents, and the mark for addresses that are ours. STAC API 1.0 core, "Links". */
import { isKey } from './json-text.ts';
import { languagesOf } from './language.ts';
import { GEOJSON_TYPE, JSON_TYPE, SCHEMA_TYPE } from './media-type.ts';
import { scopeOf } from './scope.ts';

/**
 * Stored in place of the server's public address, which is not known at ingest and may change: every string of a
 * document that begins with it is given out with the address of the request.
 */
export const OWN_PREFIX = 'rucio-stac://api/';

/** An asset's permanent address as it is stored. */
export const ownAssetHref = (collection: string, id: string, key: string): string =>
  href.asset(OWN_PREFIX.slice(0, -1), collection, id, key);

/** Whether a stored address leads to where an asset can be read, and is no place itself. */
export const isOwnAssetHref = (address: string): boolean => address.startsWith(`${OWN_PREFIX}collections/`);

export interface Link {
  rel: string;
  href: string;
  type?: string;
  title?: string;
  hreflang?: string;
  method?: 'GET' | 'POST';
  body?: unknown;
  headers?: Record<string, string>;
  merge?: boolean;
}

export const QUERYABLES_REL = 'http://www.opengis.net/def/rel/ogc/1.0/queryables';
export const SORTABLES_REL = 'http://www.opengis.net/def/rel/ogc/1.0/sortables';

/** Relations that the server gives itself; a stored document's own are replaced. */
export const OWN_RELATIONS: ReadonlySet<string> = new Set([
  'self',
  'root',
  'parent',
  'collection',
  'items',
  'item',
  'child',
  'children',
  QUERYABLES_REL,
  SORTABLES_REL,
  'aggregate',
  'aggregations',
]);

const segment = (id: string) => encodeURIComponent(id);

/** `base` has no slash at its end. */
export const href = {
  collection: (base: string, id: string) => `${base}/collections/${segment(id)}`,
  items: (base: string, id: string) => `${base}/collections/${segment(id)}/items`,
  item: (base: string, collection: string, id: string) =>
    `${base}/collections/${segment(collection)}/items/${segment(id)}`,
  /** Where an asset can be read, whatever becomes of the address in its `href`. */
  asset: (base: string, collection: string, id: string, key: string) =>
    `${base}/collections/${segment(collection)}/items/${segment(id)}/assets/${segment(key)}`,
  /** Catalog of a Rucio scope. */
  scope: (base: string, scope: string) => `${base}/catalogs/${segment(scope)}`,
  /** Catalog of a Collection's Items. */
  browse: (base: string, id: string) => `${base}/collections/${segment(id)}/browse`,
};

export function rootLink(base: string): Link {
  return { rel: 'root', type: JSON_TYPE, href: `${base}/` };
}

export function itemLinks(base: string, collection: string, id: string): Link[] {
  const parent = href.collection(base, collection);
  return [
    { rel: 'self', type: GEOJSON_TYPE, href: href.item(base, collection, id) },
    { rel: 'parent', type: JSON_TYPE, href: parent },
    { rel: 'collection', type: JSON_TYPE, href: parent },
    rootLink(base),
  ];
}

/** @param scope of Rucio, when its Catalog shows the Collection */
export function collectionLinks(base: string, id: string, scope: string | null = null): Link[] {
  const self = href.collection(base, id);
  return [
    { rel: 'self', type: JSON_TYPE, href: self },
    { rel: 'parent', type: JSON_TYPE, href: scope === null ? `${base}/` : href.scope(base, scope) },
    { rel: 'items', type: GEOJSON_TYPE, href: href.items(base, id) },
    { rel: 'child', type: JSON_TYPE, href: href.browse(base, id), title: 'All Items' },
    { rel: 'children', type: JSON_TYPE, href: `${self}/children` },
    { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: `${self}/queryables`, title: 'Queryables' },
    { rel: SORTABLES_REL, type: SCHEMA_TYPE, href: `${self}/sortables`, title: 'Sortables' },
    { rel: 'aggregate', type: JSON_TYPE, href: `${self}/aggregate`, title: 'Aggregate' },
    { rel: 'aggregations', type: JSON_TYPE, href: `${self}/aggregations`, title: 'Aggregations' },
    rootLink(base),
  ];
}

/** The same Collection in each language in which it holds its text. */
function alternateLinks(base: string, id: string, codes: string[]): Link[] {
  return codes.map((code) => ({
    rel: 'alternate',
    type: JSON_TYPE,
    href: `${href.collection(base, id)}?language=${code}`,
    hreflang: code,
  }));
}

/** A stored Collection as it is given out. */
export function collectionText(content: string, base: string, id: string): string {
  const links = collectionLinks(base, id, scopeOf(content));
  return withLinks(content, base, [...links, ...alternateLinks(base, id, languagesOf(content))]);
}

/** Replaces the mark of our own addresses in stored text by the public address. */
export function withBase(content: string, base: string): string {
  if (!content.includes(OWN_PREFIX)) return content;
  const own = `${JSON.stringify(base).slice(0, -1)}/`;
  // A function, because "$" has a meaning in replacement text.
  return content.replaceAll(`"${OWN_PREFIX}`, () => own);
}

/**
 * The way back: strings of a document that begin with the public address get the mark, so that what a client read and sends
 * back is stored as it was. Keys keep their text, and so does an address within a string. The text must be JSON.
 */
export function withMark(text: string, base: string): string {
  const address = JSON.stringify(`${base}/`).slice(1, -1);
  const pattern = address.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('/', '\\\\?/');
  const begun = new RegExp(`(?<!\\\\)"${pattern}`, 'g');
  return text.replaceAll(begun, (found, at: number) => (isKey(text, at) ? found : `"${OWN_PREFIX}`));
}

/** Stored text ends with its links array: adds the server's own links there. */
export function withLinks(content: string, base: string, links: Link[]): string {
  const open = withBase(content, base).slice(0, -2);
  const own = JSON.stringify(links).slice(1);
  return `${open}${open.endsWith('[') ? '' : ','}${own}}`;
}
