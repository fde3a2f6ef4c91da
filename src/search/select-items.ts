/** SearchParams -> SELECT. Newest first: `datetime`, then id, then Collection, all descending, so that one row comparison pages. */
import { type SelectQueryBuilder, sql } from 'kysely';
import { type Bbox, splitBbox } from '../geo/bbox.ts';
import type { Geometry } from '../geo/geometry.ts';
import type { Interval } from '../stac/datetime.ts';
import type { SearchParams } from './params.ts';
import type { Db, Tables } from './tables.ts';

export type ItemsSelect<Row = object> = SelectQueryBuilder<Tables, 'items', Row>;

/** A row of a page: the sort key as text, and the Item as stored. */
export interface PageRow {
  at: string;
  id: string;
  collection: string;
  content: string;
}

const holds = (condition: ReturnType<typeof sql>) => sql<boolean>`${condition}`;

/** GeoJSON of a box that does not cross the antimeridian; a box without width or height is a line or a point. */
function boxGeometry([west, south, east, north]: [number, number, number, number]): Geometry {
  if (west === east && south === north) return { type: 'Point', coordinates: [west, south] };
  if (west === east || south === north) {
    return {
      type: 'LineString',
      coordinates: [
        [west, south],
        [east, north],
      ],
    };
  }
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}

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
  const given = shape(geometry);
  return holds(sql`ST_Intersects(geometry, ST_WrapX(ST_WrapX(${given}, 180, -360), -180, 360))`);
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

/** One row more than the page holds, so that the last page is known. Rows of a `prev` page come in reverse. */
export function selectPage(db: Db, params: SearchParams): ItemsSelect<PageRow> {
  const { limit, token } = params;
  const isBackwards = token?.direction === 'prev';
  const direction = isBackwards ? 'asc' : 'desc';
  let select = selectMatching(db, params);
  if (token) {
    const row = sql`(datetime, id, collection)`;
    const key = sql`(${token.datetime}::timestamptz, ${token.id}, ${token.collection})`;
    select = select.where(holds(isBackwards ? sql`${row} > ${key}` : sql`${row} < ${key}`));
  }
  return select
    .select([
      sql<string>`to_char(datetime at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`.as('at'),
      'id',
      'collection',
      'content',
    ])
    .orderBy('datetime', direction)
    .orderBy('id', direction)
    .orderBy('collection', direction)
    .limit(limit + 1);
}

/** How many Items match, exactly. */
export function selectCount(db: Db, params: SearchParams) {
  return selectMatching(db, params).select(sql<string>`count(*)::text`.as('matched'));
}
