/**
 * One document that is there -> its next state: read, decided upon and written under one lock, so that of writes that
 * come together each sees the one before. A Collection is locked before its Items, everywhere, so that none waits in a ring.
 */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import type { CollectionRow, ItemRow } from '../stac/item.ts';
import { inTransaction } from './retrying.ts';
import { deleteCollection, deleteItem, upsertCollection, upsertItems } from './upsert-items.ts';

/** Stored text -> the row that is written in its place; what it throws ends the whole without a trace. */
export type Change<Row> = (content: string) => Promise<Row>;

/** Stored text, looked at before it goes; what it throws keeps it. */
export type Look = (content: string) => void;

async function lockCollection(db: Db, id: string, isLeaving: boolean): Promise<string | undefined> {
  const strength = isLeaving ? sql`for update` : sql`for no key update`;
  const { rows } = await sql<{ content: string }>`
    select content from collections where id = ${id} ${strength}`.execute(db);
  return rows[0]?.content;
}

/** Whoever deletes the Collection waits until the transaction ends. Before any of its Items is locked. */
export async function holdCollection(db: Db, id: string): Promise<void> {
  await sql`select id from collections where id = ${id} for key share`.execute(db);
}

async function lockItem(db: Db, collection: string, id: string): Promise<string | undefined> {
  await holdCollection(db, collection);
  const { rows } = await sql<{ content: string }>`
    select content from items where collection = ${collection} and id = ${id} for update`.execute(db);
  return rows[0]?.content;
}

/** The row written, or null when the Item is not there. */
export async function changeItem(
  db: Db,
  collection: string,
  id: string,
  change: Change<ItemRow>,
): Promise<ItemRow | null> {
  return inTransaction(db, async (transaction) => {
    const content = await lockItem(transaction, collection, id);
    if (content === undefined) return null;
    const row = await change(content);
    await upsertItems(transaction, [row]);
    return row;
  });
}

/**
 * Many Items of a Collection in one transaction; those are written whose text changes. Ids that are not there are passed over.
 * @returns how many were written
 */
export async function changeItems(
  db: Db,
  collection: string,
  ids: readonly string[],
  change: (content: string) => ItemRow,
): Promise<number> {
  return inTransaction(db, async (transaction) => {
    await holdCollection(transaction, collection);
    // In the order of their ids, so that none waits in a ring for who changes several as well.
    const { rows } = await sql<{ content: string }>`
      select content from items
      where collection = ${collection} and id = any(${[...ids]}::text[])
      order by id
      for update`.execute(transaction);
    const changed = rows.flatMap(({ content }) => {
      const row = change(content);
      return row.content === content ? [] : [row];
    });
    await upsertItems(transaction, changed);
    return changed.length;
  });
}

/** The row written, or null when the Collection is not there. */
export async function changeCollection(
  db: Db,
  id: string,
  change: Change<CollectionRow>,
): Promise<CollectionRow | null> {
  return inTransaction(db, async (transaction) => {
    const content = await lockCollection(transaction, id, false);
    if (content === undefined) return null;
    const row = await change(content);
    await upsertCollection(transaction, row);
    return row;
  });
}

/** False when the Item is not there. */
export async function dropItem(db: Db, collection: string, id: string, look: Look): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    const content = await lockItem(transaction, collection, id);
    if (content === undefined) return false;
    look(content);
    return deleteItem(transaction, collection, id);
  });
}

/** Drops a Collection with its Items; false when it is not there. */
export async function dropCollection(db: Db, id: string, look: Look): Promise<boolean> {
  return inTransaction(db, async (transaction) => {
    const content = await lockCollection(transaction, id, true);
    if (content === undefined) return false;
    look(content);
    return deleteCollection(transaction, id);
  });
}
