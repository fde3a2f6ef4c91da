/** A lake whose server has another address now: what is remembered of it goes along, so that it is the same lake. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import { parseObject, toCollectionRow } from '../stac/item.ts';
import { changeCollection } from './change-document.ts';
import { readLakeCollections } from './synced.ts';

/** Tables of what is remembered of a lake, with the columns that name a row beside its host. */
const TABLES = [
  ['ingested_sources', ['collection', 'scope', 'name']],
  ['orders', ['scope', 'name']],
] as const;

/**
 * Where the new address has a row already, that stays. Items are mended by the sync that follows.
 * @returns ids of the Collections that moved
 */
export async function moveLake(db: Db, from: string, to: string): Promise<string[]> {
  const collections = await readLakeCollections(db, from);
  await db.transaction().execute(async (transaction) => {
    for (const [table, keys] of TABLES) {
      const same = sql.join(
        keys.map((key) => sql`${sql.ref(`there.${key}`)} = ${sql.ref(`old.${key}`)}`),
        sql` and `,
      );
      await sql`
        update ${sql.table(table)} as old set host = ${to}
        where old.host = ${from}
          and not exists (select from ${sql.table(table)} as there where there.host = ${to} and ${same})`.execute(
        transaction,
      );
      await sql`delete from ${sql.table(table)} where host = ${from}`.execute(transaction);
    }
  });
  for (const { id } of collections) {
    await changeCollection(db, id, async (content) =>
      toCollectionRow(JSON.stringify({ ...parseObject(content), 'rucio:host': to })),
    );
  }
  return collections.map(({ id }) => id);
}
