/** SearchParams -> SELECT. */
import { type SelectQueryBuilder, sql } from 'kysely';
import { toSql } from '../cql2/to-sql.ts';
import { beyond, boundedPage, keyColumns, orderByKeys, type SortKey } from './keyset.ts';
import type { SearchParams } from './params.ts';
import { meetsBbox, meetsGeometry, meetsInterval } from './place.ts';
import { itemProperty } from './properties.ts';
import { sortKeys } from './sort.ts';
import type { Db, Tables } from './tables.ts';

export type ItemsSelect<Row = object> = SelectQueryBuilder<Tables, 'items', Row>;

/** A row of a page: the values of its sort keys as a JSON array of text, and the Item as stored, or null where the page has ended. */
export interface PageRow {
  key: string;
  id: string;
  collection: string;
  content: string | null;
}

/** Bytes of text after which a page ends, before its `limit`; a first Item is given whatever its size. */
export const MOST_PAGE_BYTES = 64 * 1024 * 1024;

const holds = (condition: ReturnType<typeof sql>) => sql<boolean>`${condition}`;

/** No stored id holds a NUL, and no parameter of the database may. */
function isOneOf(column: 'collection' | 'id', values: string[]) {
  const possible = values.filter((value) => !value.includes('\0'));
  return holds(sql`${sql.ref(column)} = any(${possible}::text[])`);
}

/** No row holds a word that is none. */
const meetsWords = (q: string | null) => holds(q === null ? sql`false` : sql`items.words @@ ${q}::tsquery`);

/** The conditions of a search, without order and page. */
export function selectMatching(db: Db, params: SearchParams): ItemsSelect {
  const { ids, collections, bbox, intersects, datetime, filter, query, q } = params;
  let select: ItemsSelect = db.selectFrom('items');
  if (collections && collections.length > 0) select = select.where(isOneOf('collection', collections));
  if (ids && ids.length > 0) select = select.where(isOneOf('id', ids));
  if (datetime) select = select.where(meetsInterval(sql.ref('items.period'), datetime));
  if (bbox) select = select.where(meetsBbox(sql.ref('items.geometry'), bbox));
  if (intersects) select = select.where(meetsGeometry(sql.ref('items.geometry'), intersects));
  if (q !== undefined) select = select.where(meetsWords(q));
  for (const condition of [filter, query]) {
    if (condition !== undefined) select = select.where(toSql(condition, itemProperty));
  }
  return select;
}

const TIES = (['id', 'collection'] as const).map((name) => ({ name, sql: sql.ref(`items.${name}`) }));

/** Newest first, then by id and Collection: all descending, so that one row comparison pages. */
const NEWEST: SortKey[] = [
  { name: '', sql: sql.ref('items.datetime'), type: 'timestamptz', direction: 'desc', isNullable: false },
  ...TIES.map((tie): SortKey => ({ ...tie, type: 'text', direction: 'desc', isNullable: false })),
];

/** @throws ApiError InvalidParameter where a field has no order */
export const itemKeys = ({ sortby }: SearchParams): SortKey[] =>
  sortby && sortby.length > 0 ? sortKeys(sortby, itemProperty, TIES) : NEWEST;

/**
 * One row more than the page holds, so that the last page is known. Rows of a `prev` page come in reverse. Sizes are
 * added up only over the rows of the page, so that the database need not sort all that match.
 */
export function selectPage(db: Db, params: SearchParams, mostBytes: number) {
  const { limit, token } = params;
  const keys = itemKeys(params);
  const isBackwards = token?.direction === 'prev';
  let select = selectMatching(db, params);
  if (token) select = select.where(beyond(keys, token));
  const page = select
    .select([...keyColumns(keys), 'id', 'collection', 'content'])
    .orderBy(orderByKeys(keys, isBackwards))
    .limit(limit + 1);
  return boundedPage<PageRow>(page, ['id', 'collection'], keys, { limit, isBackwards, mostBytes });
}

/** How many Items match, exactly. */
export function selectCount(db: Db, params: SearchParams) {
  return selectMatching(db, params).select(sql<string>`count(*)::text`.as('matched'));
}
