/** What was ordered: the rule asked for last, of each DID that is catalogued; and the Items made of files. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';

interface Did {
  scope: string;
  name: string;
}

export interface OrderRow extends Did {
  host: string;
  rule_id: string;
  /** RFC 3339, UTC. */
  ordered_at: string;
  /** By us; Rucio keeps a rule for an hour after its end was asked for. */
  is_canceled: boolean;
}

const BATCH = 2000;

export async function rememberOrders(db: Db, rows: readonly OrderRow[]): Promise<void> {
  for (let at = 0; at < rows.length; at += BATCH) {
    await db
      .insertInto('orders')
      .values(rows.slice(at, at + BATCH))
      .onConflict((conflict) =>
        conflict.columns(['host', 'scope', 'name']).doUpdateSet((each) => ({
          rule_id: each.ref('excluded.rule_id'),
          ordered_at: each.ref('excluded.ordered_at'),
          is_canceled: each.ref('excluded.is_canceled'),
        })),
      )
      .execute();
  }
}

/** Orders of some DIDs. */
export async function readOrders(db: Db, host: string, dids: readonly Did[]): Promise<OrderRow[]> {
  const { rows } = await sql<OrderRow>`
    select host, scope, name, rule_id, ordered_at, is_canceled
    from orders
    join unnest(${dids.map(({ scope }) => scope)}::text[], ${dids.map(({ name }) => name)}::text[]) as asked (scope, name)
      using (scope, name)
    where host = ${host}`.execute(db);
  return rows;
}

export async function countItems(db: Db, collections: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int4 as count from items where collection = any(${[...collections]}::text[])`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

const PAGE = 500;
/** With so few words a text is looked through by the database. */
const FEW = 20;

/** Ids and texts of a Collection's Items, in pages; of those alone that hold one of `words`, where these are few. */
export async function* itemTexts(
  db: Db,
  collection: string,
  words: readonly string[],
): AsyncGenerator<{ id: string; content: string }[]> {
  const isFew = words.length <= FEW;
  let after = '';
  for (;;) {
    const page: { rows: { id: string; content: string }[] } = await sql<{ id: string; content: string }>`
      select id, content
      from items
      where collection = ${collection} and id > ${after}
        and (not ${isFew}::boolean or exists (
          select from unnest(${isFew ? words : []}::text[]) as word where strpos(content, word) > 0
        ))
      order by id
      limit ${PAGE}`.execute(db);
    if (page.rows.length > 0) yield page.rows;
    const last = page.rows.at(-1);
    if (!last || page.rows.length < PAGE) return;
    after = last.id;
  }
}
