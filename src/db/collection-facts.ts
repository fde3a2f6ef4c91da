/** What all Items of a Collection are together: extents and summaries, computed by the database. */
import { sql } from 'kysely';
import { listValues, SUMMARIZED, shortInstant as short } from '../search/summaries.ts';
import type { Db } from '../search/tables.ts';

export interface CollectionFacts {
  /** west, south, east, north in degrees; null without a geometry. */
  bbox: [number, number, number, number] | null;
  /** RFC 3339, UTC; null without Items. */
  start: string | null;
  end: string | null;
  summaries: Record<string, unknown>;
}

interface ExtentRow {
  west: number | null;
  south: number | null;
  east: number | null;
  north: number | null;
  since: string | null;
  until: string | null;
}

const utc = (expression: ReturnType<typeof sql>) =>
  sql`to_char(${expression} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Reads every Item of the Collection once. */
export async function collectionFacts(db: Db, collection: string): Promise<CollectionFacts> {
  const extents = await sql<ExtentRow>`
    select
      ST_XMin(box) as west, ST_YMin(box) as south, ST_XMax(box) as east, ST_YMax(box) as north,
      ${utc(sql`since`)} as since, ${utc(sql`until`)} as until
    from (
      select ST_Extent(geometry)::box3d as box, min(lower(period)) as since, max(upper(period)) as until
      from items
      where collection = ${collection}
    ) as together`.execute(db);
  const values = await sql<{ key: string; found: unknown[] }>`
    select key, jsonb_agg(distinct value) as found
    from items cross join lateral jsonb_each(properties)
    where collection = ${collection} and key = any(${SUMMARIZED}::text[]) and value <> 'null'
    group by key
    order by key`.execute(db);
  const { west, south, east, north, since, until } = extents.rows[0] as ExtentRow;
  const bbox = [west, south, east, north];
  return {
    bbox: bbox.every((edge) => edge !== null) ? (bbox as [number, number, number, number]) : null,
    start: short(since),
    end: short(until),
    summaries: Object.fromEntries(values.rows.map(({ key, found }) => [key, listValues(found)])),
  };
}
