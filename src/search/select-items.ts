/** SearchParams -> SELECT. Newest first: `datetime`, then id, then Collection, all descending, so that one row comparison pages. */
import { type SelectQueryBuilder, sql } from 'kysely';
import { type Bbox, splitBbox } from '../geo/bbox.ts';
import { boxGeometry } from '../geo/box-geometry.ts';
import { type Geometry, onAntimeridian } from '../geo/geometry.ts';
import type { Interval } from '../stac/datetime.ts';
import type { SearchParams } from './params.ts';
import type { Db, Tables } from './tables.ts';

export type ItemsSelect<Row = object> = SelectQueryBuilder<Tables, 'items', Row>;

/** A row of a page: the sort key as text, and the Item as stored, or null where the page has ended. */
export interface PageRow {
  at: string;
  id: string;
  collection: string;
  content: string | null;
}

/** Bytes of text after which a page ends, before its `limit`; a first Item is given whatever its size. */
export const MOST_PAGE_BYTES = 64 * 1024 * 1024;

const holds = (condition: ReturnType<typeof sql>) => sql<boolean>`${condition}`;

const shape = (geometry: Geometry) =>
  sql`ST_MakeValid(ST_SetSRID(ST_GeomFromGeoJSON(${JSON.stringify(geometry)}), 4326))`;

function meetsBbox(bbox: Bbox) {
  const places = splitBbox(bbox).map((box) => sql`ST_Intersects(geometry, ${shape(boxGeometry(box))})`);
  const place = sql`(${sql.join(places, sql` or `)})`;
  if (bbox.bottom === null || bbox.top === null) return holds(place);
  // An Item without heights is at any height.
  return holds(sql`${place} and (ST_NDims(geometry) < 3
    or (ST_ZMax(geometry) >= ${bbox.bottom} and ST_ZMin(geometry) <= ${bbox.top}))`);
}

/** A query geometry whose longitudes pass 180 is wrapped, as the stored ones are. */
function meetsGeometry(geometry: Geometry) {
  const given = sql`ST_Intersects(geometry, ST_WrapX(ST_WrapX(${shape(geometry)}, 180, -360), -180, 360))`;
  const edge = onAntimeridian(geometry);
  return holds(edge ? sql`(${given} or ST_Intersects(geometry, ${shape(edge)}))` : given);
}

/** No stored id holds a NUL, and no parameter of the database may. */
function isOneOf(column: 'collection' | 'id', values: string[]) {
  const possible = values.filter((value) => !value.includes('\0'));
  return holds(sql`${sql.ref(column)} = any(${possible}::text[])`);
}

const meetsInterval = ({ start, end }: Interval) =>
  holds(sql`period && tstzrange(${start}::timestamptz, ${end}::timestamptz, '[]')`);

/** The conditions of a search, without order and page. */
export function selectMatching(db: Db, params: SearchParams): ItemsSelect {
  const { ids, collections, bbox, intersects, datetime } = params;
  let select: ItemsSelect = db.selectFrom('items');
  if (collections && collections.length > 0) select = select.where(isOneOf('collection', collections));
  if (ids && ids.length > 0) select = select.where(isOneOf('id', ids));
  if (datetime) select = select.where(meetsInterval(datetime));
  if (bbox) select = select.where(meetsBbox(bbox));
  if (intersects) select = select.where(meetsGeometry(intersects));
  return select;
}

/**
 * One row more than the page holds, so that the last page is known. Rows of a `prev` page come in reverse. Sizes are
 * added up only over the rows of the page, so that the database need not sort all that match.
 */
export function selectPage(db: Db, params: SearchParams, mostBytes: number) {
  const { limit, token } = params;
  const isBackwards = token?.direction === 'prev';
  const direction = isBackwards ? 'asc' : 'desc';
  let select = selectMatching(db, params);
  if (token) {
    const row = sql`(datetime, id, collection)`;
    const key = sql`(${token.datetime}::timestamptz, ${token.id}, ${token.collection})`;
    select = select.where(holds(isBackwards ? sql`${row} > ${key}` : sql`${row} < ${key}`));
  }
  const order = sql`datetime ${sql.raw(direction)}, id ${sql.raw(direction)}, collection ${sql.raw(direction)}`;
  const page = select
    .select([sql`datetime`.as('datetime'), 'id', 'collection', 'content'])
    .orderBy(order)
    .limit(limit + 1);
  const upTo = sql`over (order by ${order} rows unbounded preceding)`;
  const isOnPage = sql`row_number() ${upTo} = 1
    or (sum(octet_length(content)) ${upTo} <= ${mostBytes} and row_number() ${upTo} <= ${limit})`;
  return db
    .selectFrom(page.as('page'))
    .select([
      sql<string>`to_char(datetime at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'),
      'id',
      'collection',
      sql<string | null>`case when ${isOnPage} then content end`.as('content'),
    ])
    .orderBy(order);
}

/** How many Items match, exactly. */
export function selectCount(db: Db, params: SearchParams) {
  return selectMatching(db, params).select(sql<string>`count(*)::text`.as('matched'));
}
