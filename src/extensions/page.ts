/** SearchParams -> one page of Items as an ItemCollection's text, with links to the pages on either side. */
import { readTogether } from '../db/run.ts';
import type { ApiRequest, Context, Reply } from '../http/api.ts';
import { formatPageToken, type PageToken } from '../search/page-token.ts';
import type { SearchParams } from '../search/params.ts';
import { MOST_PAGE_BYTES, type PageRow, selectCount, selectPage } from '../search/select-items.ts';
import { itemLinks, type Link, rootLink, withLinks } from '../stac/link.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';

type ItemText = PageRow & { content: string };

interface Page {
  rows: ItemText[];
  matched: number;
  next: PageToken | null;
  prev: PageToken | null;
}

async function readPage(request: ApiRequest, context: Context, params: SearchParams): Promise<Page> {
  const { token } = params;
  return readTogether(context.database, context.config.searchTimeLimit, async (db) => {
    // The connection may have been long in coming.
    request.mustBeWanted();
    const found = await selectPage(db, params, MOST_PAGE_BYTES).execute();
    const rows = found.filter((row): row is ItemText => row.content !== null);
    const hasMore = rows.length < found.length;
    const isBackwards = token?.direction === 'prev';
    if (isBackwards) rows.reverse();
    const isWhole = !token && !hasMore;
    request.mustBeWanted();
    const matched = token?.matched ?? (isWhole ? rows.length : await countMatching(db, params));
    const tokenAt = (direction: PageToken['direction'], row: ItemText | undefined): PageToken | null =>
      row ? { direction, datetime: row.at, id: row.id, collection: row.collection, matched } : null;
    return {
      rows,
      matched,
      next: hasMore || isBackwards ? tokenAt('next', rows.at(-1)) : null,
      prev: (isBackwards ? hasMore : token !== undefined) ? tokenAt('prev', rows[0]) : null,
    };
  });
}

async function countMatching(db: Parameters<typeof selectCount>[0], params: SearchParams): Promise<number> {
  const row = await selectCount(db, params).executeTakeFirstOrThrow();
  return Number(row.matched);
}

/**
 * A page of search results.
 * @param extra links that come first, such as `self` and `collection`
 * @param pageLink the link to another page, from its token
 */
export async function replyWithPage(
  request: ApiRequest,
  context: Context,
  params: SearchParams,
  extra: Link[],
  pageLink: (rel: 'next' | 'prev', token: string) => Link,
): Promise<Reply> {
  const { rows, matched, next, prev } = await readPage(request, context, params);
  const { base } = request;
  const links = [...extra, rootLink(base)];
  if (next) links.push(pageLink('next', formatPageToken(next)));
  if (prev) links.push(pageLink('prev', formatPageToken(prev)));
  const features = rows.map((row) => withLinks(row.content, base, itemLinks(base, row.collection, row.id)));
  const counts = `"numberMatched":${matched},"numberReturned":${rows.length}`;
  const body = `{"type":"FeatureCollection","features":[${features.join(',')}],"links":${JSON.stringify(links)},${counts}}`;
  return { type: GEOJSON_TYPE, body };
}
