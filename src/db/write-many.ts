/** Documents -> tables, many at once, and what became of each. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import type { CollectionRow, ItemRow } from '../stac/item.ts';
import { holdCollection } from './change-document.ts';
import { type OnConflict, upsertCollection, upsertItems } from './upsert-items.ts';

/** What became of one document; `there`: nothing, because it must be new and is not. */
export type Fate = 'created' | 'updated' | 'unchanged' | 'skipped' | 'there';

type Row = ItemRow | CollectionRow;

const isItem = (row: Row): row is ItemRow => 'collection' in row;

/**
 * Those ids that are there already, in their order. Of Items, the Collection stays where it is until the transaction ends.
 * @param isLocked whether they stay as they are, too
 */
async function idsThere(db: Db, rows: readonly Row[], isLocked: boolean): Promise<Set<string>> {
  const ids = rows.map(({ id }) => id);
  const [first] = rows;
  if (!first) return new Set();
  if (isItem(first)) await holdCollection(db, first.collection);
  const lock = isLocked ? sql`for no key update` : sql``;
  const found = isItem(first)
    ? await sql<{ id: string }>`
        select id from items where collection = ${first.collection} and id = any(${ids}::text[])
        order by id ${lock}`.execute(db)
    : await sql<{ id: string }>`
        select id from collections where id = any(${ids}::text[]) order by id ${lock}`.execute(db);
  return new Set(found.rows.map(({ id }) => id));
}

/** The ids of those that changed. */
async function write(db: Db, rows: readonly Row[], onConflict: OnConflict): Promise<Set<string>> {
  const changed = new Set(await upsertItems(db, rows.filter(isItem), onConflict));
  for (const row of rows) {
    if (!isItem(row) && (await upsertCollection(db, row, onConflict))) changed.add(row.id);
  }
  return changed;
}

/**
 * Within a transaction. Those that are there are locked first, then others come, each in the order of their ids, so that
 * two that write the same documents do not wait for each other in a ring.
 * @param rows Items of one Collection, or Collections; no two with one id
 * @returns by id
 */
export async function writeMany(
  db: Db,
  rows: readonly Row[],
  onConflict: OnConflict,
): Promise<Map<string, Fate>> {
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const there = await idsThere(db, sorted, onConflict === 'upsert');
  const isNew = ({ id }: Row) => !there.has(id);
  // What somebody else writes just now is not in `there`, and counts as there all the same.
  const created = await write(db, sorted.filter(isNew), 'skip');
  const others = sorted.filter(({ id }) => !created.has(id));
  const updated = onConflict === 'upsert' ? await write(db, others, 'upsert') : new Set<string>();
  const left: Fate = onConflict === 'insert' ? 'there' : onConflict === 'skip' ? 'skipped' : 'unchanged';
  const fate = (id: string): Fate => (created.has(id) ? 'created' : updated.has(id) ? 'updated' : left);
  return new Map(sorted.map(({ id }) => [id, fate(id)]));
}
