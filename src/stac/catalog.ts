/** Catalogs between the landing page and the Items: one a Rucio scope, and those by which a Collection's Items are reached. STAC 1.1 Catalog. */
import { LANGUAGE_SCHEMA, type Language } from './language.ts';
import { href, type Link, rootLink } from './link.ts';
import { GEOJSON_TYPE, JSON_TYPE } from './media-type.ts';

export interface Catalog {
  type: 'Catalog';
  stac_version: string;
  stac_extensions: string[];
  language: Language;
  id: string;
  title: string;
  description: string;
  links: Link[];
}

function catalog(
  base: string,
  self: string,
  parent: string,
  fields: Pick<Catalog, 'id' | 'title' | 'description' | 'links'>,
): Catalog {
  const links: Link[] = [
    { rel: 'self', type: JSON_TYPE, href: self },
    rootLink(base),
    { rel: 'parent', type: JSON_TYPE, href: parent },
    ...fields.links,
  ];
  return {
    type: 'Catalog',
    stac_version: '1.1.0',
    stac_extensions: [LANGUAGE_SCHEMA],
    ...fields,
    language: { code: 'en', name: 'English' },
    links,
  };
}

const childrenLink = (self: string): Link => ({ rel: 'children', type: JSON_TYPE, href: `${self}/children` });

/** @param children links to its Collections */
export function scopeCatalog(base: string, scope: string, children: Link[]): Catalog {
  const self = href.scope(base, scope);
  return catalog(base, self, `${base}/`, {
    id: scope,
    title: scope,
    description: `Collections of the Rucio scope ${scope}`,
    links: [childrenLink(self), ...children],
  });
}

/** Items of a Collection whose ids come after `after`, up to and with `until`; null: no bound. */
export interface ItemRange {
  after: string | null;
  until: string | null;
}

export function rangeAddress(base: string, collection: string, { after, until }: ItemRange): string {
  const query = new URLSearchParams();
  if (after !== null) query.set('after', after);
  if (until !== null) query.set('until', until);
  const address = href.browse(base, collection);
  return query.size > 0 ? `${address}?${query}` : address;
}

const itemLink = (base: string, collection: string, id: string): Link => ({
  rel: 'item',
  type: GEOJSON_TYPE,
  href: href.item(base, collection, id),
  title: id,
});

/** All Items of a Collection, by links to them, or to Catalogs of their parts. */
export function itemsCatalog(
  base: string,
  collection: string,
  ids: string[],
  parts: ItemRange[] = [],
): Catalog {
  const self = href.browse(base, collection);
  const children = parts.map((part): Link => {
    const { title } = partCatalog(base, collection, part, []);
    return { rel: 'child', type: JSON_TYPE, href: rangeAddress(base, collection, part), title };
  });
  return catalog(base, self, href.collection(base, collection), {
    id: `${collection}-items`,
    title: 'All Items',
    description: `All Items of the Collection ${collection}, by id`,
    links: [
      ...(parts.length > 0 ? [childrenLink(self), ...children] : []),
      ...ids.map((id) => itemLink(base, collection, id)),
    ],
  });
}

/** A part of a Collection's Items. */
export function partCatalog(base: string, collection: string, range: ItemRange, ids: string[]): Catalog {
  const { after, until } = range;
  const bounds = [after !== null && `after ${after}`, until !== null && `up to ${until}`].filter(Boolean);
  const title = `Items ${bounds.join(', ')}`;
  return catalog(base, rangeAddress(base, collection, range), href.browse(base, collection), {
    id: `${collection}-items-${after ?? ''}-${until ?? ''}`,
    title,
    description: `${title}, of the Collection ${collection}`,
    links: ids.map((id) => itemLink(base, collection, id)),
  });
}
