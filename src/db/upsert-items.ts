/** Rows -> tables, in bulk: one statement for any number of Items, which touches only those whose text changed. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import type { CollectionRow, ItemRow } from '../stac/item.ts';

/** What happens to an Item that is there already. */
export type OnConflict = 'upsert' | 'insert' | 'skip';

/** Rows that one statement takes; bounds its size in memory. */
const BATCH = 500;

const conflictClause = {
  insert: sql``,
  skip: sql`on conflict do nothing`,
  upsert: sql`
    on conflict (collection, id) do update set
      geometry = excluded.geometry,
      datetime = excluded.datetime,
      period = excluded.period,
      properties = excluded.properties,
      content = excluded.content
    where items.content is distinct from excluded.content`,
};

/**
 * Geometry for the index: valid, and within 180 degrees either side. One that crosses the antimeridian, by its bbox or
 * by longitudes beyond 180, is split there (RFC 7946 3.1.9).
 */
const placed = sql`
  case
    when row.geometry is null then null
    when ST_XMax(parsed.shape) > 180 then ST_WrapX(ST_MakeValid(parsed.shape), 180, -360)
    when ST_XMin(parsed.shape) < -180 then ST_WrapX(ST_MakeValid(parsed.shape), -180, 360)
    when row.crosses::boolean then ST_WrapX(ST_ShiftLongitude(ST_MakeValid(parsed.shape)), 180, -360)
    when ST_IsValid(parsed.shape) then parsed.shape
    else ST_MakeValid(parsed.shape)
  end`;

async function writeBatch(db: Db, rows: readonly ItemRow[], onConflict: OnConflict): Promise<string[]> {
  const column = (read: (row: ItemRow) => string | null) => rows.map(read);
  const { rows: changed } = await sql<{ id: string }>`
    insert into items (collection, id, geometry, datetime, period, properties, content)
    select
      row.collection,
      row.id,
      ${placed},
      row.at::timestamptz,
      tstzrange(row.since::timestamptz, row.until::timestamptz, '[]'),
      row.properties::jsonb,
      row.content
    from unnest(
      ${column((row) => row.collection)}::text[],
      ${column((row) => row.id)}::text[],
      ${column((row) => row.geometry)}::text[],
      ${column((row) => String(row.crossesAntimeridian))}::text[],
      ${column((row) => row.datetime)}::text[],
      ${column((row) => row.start)}::text[],
      ${column((row) => row.end)}::text[],
      ${column((row) => row.properties)}::text[],
      ${column((row) => row.content)}::text[]
    ) as row (collection, id, geometry, crosses, at, since, until, properties, content)
    cross join lateral (select ST_SetSRID(ST_GeomFromGeoJSON(row.geometry), 4326) as shape) as parsed
    ${conflictClause[onConflict]}
    returning id`.execute(db);
  return changed.map((row) => row.id);
}

/**
 * Writes Items, all or none; of two with one id the later counts. Gives the ids that changed.
 * @throws an error with SQLSTATE 23503 when a Collection is missing, 23505 with `insert` when an Item is there
 */
export async function upsertItems(
  db: Db,
  rows: readonly ItemRow[],
  onConflict: OnConflict = 'upsert',
): Promise<string[]> {
  const unique = new Map(rows.map((row) => [JSON.stringify([row.collection, row.id]), row]));
  const all = [...unique.values()];
  if (all.length <= BATCH) return all.length > 0 ? writeBatch(db, all, onConflict) : [];
  if (!db.isTransaction) {
    return db.transaction().execute((transaction) => upsertItems(transaction, all, onConflict));
  }
  const changed: string[] = [];
  for (let at = 0; at < all.length; at += BATCH) {
    changed.push(...(await writeBatch(db, all.slice(at, at + BATCH), onConflict)));
  }
  return changed;
}

/** Writes an Item anew; false when it is not there. Whoever deletes it meanwhile waits. */
export async function replaceItem(db: Db, row: ItemRow): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql`
      select id from items where collection = ${row.collection} and id = ${row.id} for update`.execute(
      transaction,
    );
    if (rows.length > 0) await upsertItems(transaction, [row]);
    return rows.length > 0;
  });
}

/** Writes a Collection anew; false when it is not there. */
export async function replaceCollection(db: Db, { id, content }: CollectionRow): Promise<boolean> {
  const { rows } = await sql`
    update collections set content = ${content} where id = ${id} returning id`.execute(db);
  return rows.length > 0;
}

/** Writes a Collection; true when its text changed. */
export async function upsertCollection(
  db: Db,
  row: CollectionRow,
  onConflict: OnConflict = 'upsert',
): Promise<boolean> {
  const conflict = {
    insert: sql``,
    skip: sql`on conflict do nothing`,
    upsert: sql`on conflict (id) do update set content = excluded.content where collections.content is distinct from excluded.content`,
  }[onConflict];
  const { rows } = await sql<{ id: string }>`
    insert into collections (id, content) values (${row.id}, ${row.content}) ${conflict} returning id`.execute(
    db,
  );
  return rows.length > 0;
}

/** True when the Item was there. */
export async function deleteItem(db: Db, collection: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    delete from items where collection = ${collection} and id = ${id} returning id`.execute(db);
  return rows.length > 0;
}

/** Deletes a Collection with its Items; true when it was there. An Item that arrives meanwhile waits for the row and is refused. */
export async function deleteCollection(db: Db, id: string): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`select id from collections where id = ${id} for update`.execute(transaction);
    await sql`delete from items where collection = ${id}`.execute(transaction);
    const { rows } = await sql`delete from collections where id = ${id} returning id`.execute(transaction);
    return rows.length > 0;
  });
}
