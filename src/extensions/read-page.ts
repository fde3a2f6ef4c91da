/** One page of a search, and the tokens of the pages on either side. */
import { readTogether } from '../db/run.ts';
import type { ApiRequest, Context } from '../http/api.ts';
import { mustFit, type SortKey, signatureOf } from '../search/keyset.ts';
import { formatPageToken, type PageToken } from '../search/page-token.ts';
import type { SearchParams } from '../search/params.ts';
import type { Db } from '../search/tables.ts';

interface Row {
  /** Values of the sort keys, a JSON array of text. */
  key: string;
  /** Null where the page has ended. */
  content: string | null;
}

export interface Page<Found> {
  rows: Found[];
  matched: number;
  next: string | null;
  prev: string | null;
}

/** What a search reads: rows of a page, one more than it holds, and how many match in all. */
export interface PageSource<Found extends Row> {
  keys: SortKey[];
  select(db: Db): Promise<Found[]>;
  count(db: Db): Promise<number>;
}

/** @throws ApiError InvalidParameter when the token is of another order */
export async function readPage<Found extends Row>(
  request: ApiRequest,
  context: Context,
  { token }: SearchParams,
  source: PageSource<Found>,
): Promise<Page<Found & { content: string }>> {
  const { keys } = source;
  if (token) mustFit(keys, token, formatPageToken(token));
  return readTogether(context.database, context.config.searchTimeLimit, async (db) => {
    // The connection may have been long in coming.
    request.mustBeWanted();
    const found = await source.select(db);
    const rows = found.filter((row): row is Found & { content: string } => row.content !== null);
    const hasMore = rows.length < found.length;
    const isBackwards = token?.direction === 'prev';
    if (isBackwards) rows.reverse();
    const isWhole = !token && !hasMore;
    request.mustBeWanted();
    const matched = token?.matched ?? (isWhole ? rows.length : await source.count(db));
    const tokenAt = (direction: PageToken['direction'], row: Found | undefined): string | null => {
      if (!row) return null;
      const values = JSON.parse(row.key) as (string | null)[];
      return formatPageToken({ direction, order: signatureOf(keys), values, matched });
    };
    return {
      rows,
      matched,
      next: hasMore || isBackwards ? tokenAt('next', rows.at(-1)) : null,
      prev: (isBackwards ? hasMore : token !== undefined) ? tokenAt('prev', rows[0]) : null,
    };
  });
}
