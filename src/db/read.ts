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

export interface CollectionsPage {
  rows: { id: string; content: string }[];
  hasMore: boolean;
}

/** Collections by id, those after `after`. */
export async function readCollections(db: Db, limit: number, after: string | null): Promise<CollectionsPage> {
  let select = db
    .selectFrom('collections')
    .select(['id', 'content'])
    .orderBy('id')
    .limit(limit + 1);
  if (after !== null) select = select.where('id', '>', after);
  const rows = await select.execute();
  return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
}

/** How many Collections there are. */
export async function countCollections(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from collections`.execute(db);
  return rows[0]?.n ?? 0;
}
