/** Single documents and lists of Collections, as stored text. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';

/** Text of a Collection, or null. */
export async function readCollection(db: Db, id: string): Promise<string | null> {
  const row = await db.selectFrom('collections').select('content').where('id', '=', id).executeTakeFirst();
  return row?.content ?? null;
}

/** Text of an Item, or null. */
export async function readItem(db: Db, collection: string, id: string): Promise<string | null> {
  const row = await db
    .selectFrom('items')
    .select('content')
    .where('collection', '=', collection)
    .where('id', '=', id)
    .executeTakeFirst();
  return row?.content ?? null;
}

/** Texts of those Items of a Collection that are there, by id. */
export async function readItems(
  db: Db,
  collection: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; content: string }>`
    select id, content from items where collection = ${collection} and id = any(${[...ids]}::text[])`.execute(
    db,
  );
  return new Map(rows.map(({ id, content }) => [id, content]));
}

/** How many Collections there are. */
export async function countCollections(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from collections`.execute(db);
  return rows[0]?.n ?? 0;
}

interface ItemFactsRow {
  id: string;
  west: number | null;
  south: number | null;
  east: number | null;
  north: number | null;
  /** RFC 3339, UTC. */
  since: string;
  until: string;
  /** JSON text. */
  properties: string;
}

const utc = (bound: 'lower' | 'upper') =>
  sql`to_char(${sql.raw(bound)}(period) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** All Items of a Collection, in pages by id: place, time and properties. */
export async function* readItemPages(db: Db, collection: string): AsyncGenerator<ItemFactsRow[]> {
  const size = 2000;
  let after: string | null = null;
  for (;;) {
    const page: { rows: ItemFactsRow[] } = await sql<ItemFactsRow>`
      select
        id,
        ST_XMin(geometry) as west, ST_YMin(geometry) as south, ST_XMax(geometry) as east, ST_YMax(geometry) as north,
        ${utc('lower')} as since, ${utc('upper')} as until,
        properties::text as properties
      from items
      where collection = ${collection} and (${after}::text is null or id > ${after}::text)
      order by id
      limit ${size}`.execute(db);
    if (page.rows.length > 0) yield page.rows;
    if (page.rows.length < size) return;
    after = page.rows.at(-1)?.id ?? null;
  }
}
