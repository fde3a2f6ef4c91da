/** What Collections say and show of names that searches may use. */
import { sql } from 'kysely';
import { type Facts, factsOf } from '../search/facts.ts';
import type { QueryablesOverride } from '../search/queryables.ts';
import type { Db } from '../search/tables.ts';

/** The `queryables` members of Collections that have one. @param collection null: of all */
export async function readOverrides(db: Db, collection: string | null): Promise<QueryablesOverride[]> {
  const { rows } = await sql<{ queryables: QueryablesOverride }>`
    select document -> 'queryables' as queryables
    from collections
    where jsonb_typeof(document -> 'queryables') = 'object'
      and (${collection}::text is null or id = ${collection}::text)
    order by id`.execute(db);
  return rows.map(({ queryables }) => queryables);
}

/** Members that any Collection has. */
export async function readCollectionKeys(db: Db): Promise<Set<string>> {
  const { rows } = await sql<{ key: string }>`
    select distinct jsonb_object_keys(document) as key from collections`.execute(db);
  return new Set(rows.map(({ key }) => key));
}

/** What the members of all Collections are together. */
export async function readCollectionFacts(db: Db): Promise<Facts> {
  const { rows } = await sql<{ document: Record<string, unknown> }>`
    select document from collections`.execute(db);
  return factsOf(
    rows.map(({ document }) => ({
      bbox: null,
      start: '0001-01-01T00:00:00Z',
      end: '0001-01-01T00:00:00Z',
      properties: document,
    })),
  );
}

/** Ids of all Collections, at most `most`. */
export async function readCollectionIds(db: Db, most: number): Promise<string[]> {
  const rows = await db.selectFrom('collections').select('id').orderBy('id').limit(most).execute();
  return rows.map(({ id }) => id);
}
