/** Rows -> the database, a transaction a Collection, and what became of each. */
import { sql } from 'kysely';
import { inTransaction } from '../db/retrying.ts';
import { fromSqlState } from '../db/sqlstate.ts';
import type { OnConflict } from '../db/upsert-items.ts';
import { type Fate, writeMany } from '../db/write-many.ts';
import type { Db } from '../search/tables.ts';
import type { CollectionRow, ItemRow } from '../stac/item.ts';

type Row = ItemRow | CollectionRow;

/** Those of the Collections that are there. */
export async function collectionsThere(db: Db, ids: string[]): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from collections where id = any(${ids}::text[])`.execute(db);
  return rows.map(({ id }) => id);
}

const isOfRows = (error: unknown) => {
  const fault = fromSqlState(error);
  return fault !== null && fault.status < 500;
};

/**
 * Writes rows of one Collection, or Collections; where the database refuses them together, one by one.
 * @param rows no two with one id
 * @returns by id: what became of it, or why it was refused
 */
export async function writeRows(
  db: Db,
  rows: Row[],
  mode: OnConflict,
): Promise<Map<string, Fate | { fault: string }>> {
  try {
    return await inTransaction(db, (transaction) => writeMany(transaction, rows, mode));
  } catch (error) {
    if (!isOfRows(error)) throw error;
    const [only] = rows;
    if (rows.length === 1 && only) return new Map([[only.id, { fault: fromSqlState(error)?.message ?? '' }]]);
  }
  const fates = new Map<string, Fate | { fault: string }>();
  for (const row of rows) for (const [id, fate] of await writeRows(db, [row], mode)) fates.set(id, fate);
  return fates;
}
