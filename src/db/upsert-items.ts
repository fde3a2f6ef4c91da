/** Rows -> tables, in bulk: one statement for any number of Items, which touches only those whose text changed. */
import { sql } from 'kysely';
import { type FactsSource, factsOf, noFacts } from '../search/facts.ts';
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
      content = excluded.content,
      mended = excluded.mended,
      words = excluded.words
    where items.content is distinct from excluded.content`,
};

/**
 * Geometry for the index: valid, and within 180 degrees either side. One that crosses the antimeridian, by its bbox or
 * by longitudes beyond 180, is split there (RFC 7946 3.1.9).
 */
const placed = sql`
  case
    when row.geometry is null then null
    when ST_XMax(parsed.shape) > 180 or ST_XMin(parsed.shape) < -180 then cql2_wrapped(ST_MakeValid(parsed.shape))
    when row.crosses::boolean then cql2_wrapped(ST_ShiftLongitude(ST_MakeValid(parsed.shape)))
    when ST_IsValid(parsed.shape) then parsed.shape
    else ST_MakeValid(parsed.shape)
  end`;

const toSource = ({ extent, start, end, properties }: ItemRow): FactsSource => ({
  bbox: extent,
  start,
  end,
  properties: JSON.parse(properties) as Record<string, unknown>,
});

/** Collections of the rows, and beside each what the rows bring to it, as JSON. */
function grown(rows: readonly ItemRow[]): { collections: string[]; facts: string[] } {
  const sources = new Map<string, FactsSource[]>();
  for (const row of rows) {
    const known = sources.get(row.collection);
    if (known) known.push(toSource(row));
    else sources.set(row.collection, [toSource(row)]);
  }
  const facts = Array.from(sources.values(), (each) => JSON.stringify(factsOf(each)));
  return { collections: [...sources.keys()], facts };
}

/** Facts are of all rows; where some were passed over, what is there is to be read again. */
const isPartly = sql`
  (select count(*) from written where written.collection = change.collection)
    < (select count(*) from incoming where incoming.collection = change.collection)`;

/** Writes rows; beside them, in `item_changes`, what they bring and where something that was there may be gone. */
async function writeBatch(db: Db, rows: readonly ItemRow[], onConflict: OnConflict): Promise<string[]> {
  const column = (read: (row: ItemRow) => string | null) => rows.map(read);
  const { collections, facts } = grown(rows);
  const { rows: changed } = await sql<{ id: string }>`
    with incoming as (
      select *
      from unnest(
        ${column((row) => row.collection)}::text[],
        ${column((row) => row.id)}::text[],
        ${column((row) => row.geometry)}::text[],
        ${column((row) => String(row.crossesAntimeridian))}::text[],
        ${column((row) => row.datetime)}::text[],
        ${column((row) => row.start)}::text[],
        ${column((row) => row.end)}::text[],
        ${column((row) => row.properties)}::text[],
        ${column((row) => row.content)}::text[],
        ${column((row) => row.mended)}::text[],
        ${column((row) => row.words)}::text[]
      ) as row (collection, id, geometry, crosses, at, since, until, properties, content, mended, words)
    ),
    before as (
      select items.collection, items.id, items.geometry, items.period, items.properties
      from items join incoming using (collection, id)
    ),
    written as (
      insert into items (collection, id, geometry, datetime, period, properties, content, mended, words)
      select
        row.collection,
        row.id,
        ${placed},
        row.at::timestamptz,
        tstzrange(row.since::timestamptz, row.until::timestamptz, '[]'),
        row.properties::jsonb,
        row.content,
        row.mended,
        row.words::tsvector
      from incoming as row
      cross join lateral (select ST_SetSRID(ST_GeomFromGeoJSON(row.geometry), 4326) as shape) as parsed
      ${conflictClause[onConflict]}
      returning collection, id, geometry, period, properties
    ),
    revived as (
      delete from tombstones using written
      where tombstones.collection = written.collection and tombstones.id = written.id
    ),
    growth as (
      insert into item_changes (collection, grown)
      select change.collection, case when ${onConflict === 'skip' ? isPartly : sql`false`} then null else change.facts end
      from unnest(${collections}::text[], ${facts}::text[]) as change (collection, facts)
      where exists (select from written where written.collection = change.collection)
    ),
    losses as (
      insert into item_changes (collection)
      select distinct collection
      from before join written using (collection, id)
      where (before.period, before.properties) is distinct from (written.period, written.properties)
        or before.geometry is distinct from written.geometry
    )
    select id from written`.execute(db);
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

/** What a Collection's row holds beside its id. Its own extent stands until that of its Items is known. */
const collectionValues = ({ content, document, words, place, start, end }: CollectionRow) => sql`
  ${content}, ${document}::jsonb, ${words}::tsvector,
  ST_SetSRID(ST_GeomFromGeoJSON(${place}), 4326),
  tstzrange(${start}::timestamptz, ${end}::timestamptz, '[]')`;

/** Brings the next reader to set the extent anew. */
async function touchCollection(db: Db, id: string): Promise<void> {
  await sql`delete from tombstones where collection = ${id} and id = ''`.execute(db);
  await sql`insert into item_changes (collection, grown) values (${id}, ${JSON.stringify(noFacts())})`.execute(
    db,
  );
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
    upsert: sql`
      on conflict (id) do update set
        content = excluded.content,
        document = excluded.document,
        words = excluded.words,
        geometry = excluded.geometry,
        period = excluded.period
      where collections.content is distinct from excluded.content`,
  }[onConflict];
  const { rows } = await sql<{ id: string }>`
    insert into collections (id, content, document, words, geometry, period)
    values (${row.id}, ${collectionValues(row)})
    ${conflict}
    returning id`.execute(db);
  if (rows.length > 0) await touchCollection(db, row.id);
  return rows.length > 0;
}

/** Deletes those Items of a Collection that are there; gives their ids. */
export async function deleteItems(db: Db, collection: string, ids: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with gone as (
      delete from items where collection = ${collection} and id = any(${ids}::text[]) returning id
    ),
    losses as (
      insert into item_changes (collection) select ${collection} where exists (select from gone)
    )
    select id from gone`.execute(db);
  return rows.map(({ id }) => id);
}

/** True when the Item was there. */
export async function deleteItem(db: Db, collection: string, id: string): Promise<boolean> {
  return (await deleteItems(db, collection, [id])).length > 0;
}

/** Deletes a Collection with its Items; true when it was there. An Item that arrives meanwhile waits for the row and is refused. */
export async function deleteCollection(db: Db, id: string): Promise<boolean> {
  if (!db.isTransaction) return db.transaction().execute((transaction) => deleteCollection(transaction, id));
  await sql`select id from collections where id = ${id} for update`.execute(db);
  await sql`delete from items where collection = ${id}`.execute(db);
  const { rows } = await sql`delete from collections where id = ${id} returning id`.execute(db);
  return rows.length > 0;
}
