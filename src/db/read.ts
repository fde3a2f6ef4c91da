/** Single documents and lists of Collections, as stored text. */
import { sql } from 'kysely';
import { MOST_PAGE_BYTES } from '../search/select-items.ts';
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

/** Collections by id, those after `after`: at most `limit`, and no more text than a page may have, but one. */
export async function readCollections(
  db: Db,
  limit: number,
  after: string | null,
  mostBytes = MOST_PAGE_BYTES,
): Promise<CollectionsPage> {
  const { rows } = await sql<{ id: string; content: string | null }>`
    select id, case when place = 1 or (size <= ${mostBytes} and place <= ${limit}) then content end as content
    from (
      select id, content, row_number() over before as place, sum(octet_length(content)) over before as size
      from (
        select id, content from collections
        where ${after}::text is null or id > ${after}::text
        order by id
        limit ${limit + 1}
      ) as page
      window before as (order by id rows unbounded preceding)
    ) as measured
    order by id`.execute(db);
  const given = rows.flatMap(({ id, content }) => (content === null ? [] : [{ id, content }]));
  return { rows: given, hasMore: given.length < rows.length };
}

/** How many Collections there are. */
export async function countCollections(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from collections`.execute(db);
  return rows[0]?.n ?? 0;
}
