/** SearchParams -> one page of Items as an ItemCollection's text, with links to the pages on either side. */
import type { ApiRequest, Context, Reply } from '../http/api.ts';
import { cutDocument, givesLinks } from '../search/fields.ts';
import type { SearchParams } from '../search/params.ts';
import { itemKeys, MOST_PAGE_BYTES, selectCount, selectPage } from '../search/select-items.ts';
import { exactText } from '../stac/exact-json.ts';
import { itemLinks, type Link, rootLink, withBase, withLinks } from '../stac/link.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';
import { mustKnowNames } from './names.ts';
import { readPage } from './read-page.ts';

export interface StoredItem {
  id: string;
  collection: string;
  content: string;
}

/** A stored Item as a search gives it out: with the fields wanted, and links unless they are not. */
export function itemText(
  { id, collection, content }: StoredItem,
  base: string,
  params: SearchParams,
): string {
  const { fields } = params;
  if (!fields) return withLinks(content, base, itemLinks(base, collection, id));
  const cut = cutDocument(content, fields, 'item');
  return givesLinks(cut) ? withLinks(cut, base, itemLinks(base, collection, id)) : withBase(cut, base);
}

/**
 * A page of search results.
 * @param extra links that come first, such as `self` and `collection`
 * @param pageLink the link to another page, from its token
 * @param collection whose Items are listed; null: all are searched
 */
export async function replyWithPage(
  request: ApiRequest,
  context: Context,
  params: SearchParams,
  extra: Link[],
  pageLink: (rel: 'next' | 'prev', token: string) => Link,
  collection: string | null = null,
): Promise<Reply> {
  await mustKnowNames(context, params, collection);
  const { rows, matched, next, prev } = await readPage(request, context, params, {
    keys: itemKeys(params),
    select: async (db) => (await selectPage(db, params, MOST_PAGE_BYTES).execute(db)).rows,
    count: async (db) => Number((await selectCount(db, params).executeTakeFirstOrThrow()).matched),
  });
  const { base } = request;
  const links = [...extra, rootLink(base)];
  if (next) links.push(pageLink('next', next));
  if (prev) links.push(pageLink('prev', prev));
  const features = rows.map((row) => itemText(row, base, params));
  const counts = `"numberMatched":${matched},"numberReturned":${rows.length}`;
  const body = `{"type":"FeatureCollection","features":[${features.join(',')}],"links":${exactText(links)},${counts}}`;
  return { type: GEOJSON_TYPE, body };
}
