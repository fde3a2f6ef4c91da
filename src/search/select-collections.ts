/** SearchParams -> SELECT over Collections. STAC API Collection Search v1.0.0-rc.1. */
import { type SelectQueryBuilder, sql } from 'kysely';
import { toSql } from '../cql2/to-sql.ts';
import { beyond, boundedPage, keyColumns, orderByKeys, type SortKey } from './keyset.ts';
import type { SearchParams } from './params.ts';
import { meetsBbox, meetsInterval } from './place.ts';
import { collectionProperty } from './properties.ts';
import type { PageRow } from './select-items.ts';
import { sortKeys } from './sort.ts';
import type { Db, Tables } from './tables.ts';

type CollectionsSelect = SelectQueryBuilder<Tables, 'collections', object>;

const BY_ID: SortKey[] = [
  { name: 'id', sql: sql.ref('collections.id'), type: 'text', direction: 'asc', isNullable: false },
];

/** @throws ApiError InvalidParameter where a field has no order */
export const collectionKeys = ({ sortby }: SearchParams): SortKey[] =>
  sortby && sortby.length > 0
    ? sortKeys(sortby, collectionProperty, [{ name: 'id', sql: sql.ref('collections.id') }])
    : BY_ID;

function selectMatching(db: Db, params: SearchParams): CollectionsSelect {
  const { bbox, datetime, filter, query, q } = params;
  let select: CollectionsSelect = db.selectFrom('collections');
  if (bbox) select = select.where(meetsBbox(sql.ref('collections.geometry'), bbox));
  if (datetime) select = select.where(meetsInterval(sql.ref('collections.period'), datetime));
  if (q !== undefined) {
    select = select.where(
      q === null ? sql<boolean>`false` : sql<boolean>`collections.words @@ ${q}::tsquery`,
    );
  }
  for (const condition of [filter, query]) {
    if (condition !== undefined) select = select.where(toSql(condition, collectionProperty));
  }
  return select;
}

/** As `selectPage` of Items. */
export function selectCollectionsPage(db: Db, params: SearchParams, mostBytes: number) {
  const { limit, token } = params;
  const keys = collectionKeys(params);
  const isBackwards = token?.direction === 'prev';
  let select = selectMatching(db, params);
  if (token) select = select.where(beyond(keys, token));
  const page = select
    .select([...keyColumns(keys), 'id', 'content'])
    .orderBy(orderByKeys(keys, isBackwards))
    .limit(limit + 1);
  return boundedPage<Omit<PageRow, 'collection'>>(page, ['id'], keys, { limit, isBackwards, mostBytes });
}

export function selectCollectionsCount(db: Db, params: SearchParams) {
  return selectMatching(db, params).select(sql<string>`count(*)::text`.as('matched'));
}
