/** DIDs -> the Collections that were made of them. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import { type IngestedFile, ingestedKey } from './ingested.ts';

type Did = Pick<IngestedFile, 'scope' | 'name'>;

/** Collections whose home is a DID, by `scope:name`. */
export async function collectionsOfDids(db: Db): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ id: string; did: string }>`
    select id, document ->> 'rucio:did' as did from collections
    where jsonb_typeof(document -> 'rucio:did') = 'string'
    order by id`.execute(db);
  const found = new Map<string, string[]>();
  for (const { id, did } of rows) found.set(did, [...(found.get(did) ?? []), id]);
  return found;
}

/** Of files, by `scope:name`, the Collections that have them. */
export async function collectionsOfFiles(db: Db, files: readonly Did[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  const size = 5000;
  for (let at = 0; at < files.length; at += size) {
    const some = files.slice(at, at + size);
    const { rows } = await sql<{ collection: string; scope: string; name: string }>`
      select collection, scope, name from ingested_files
      join unnest(${some.map((each) => each.scope)}::text[], ${some.map((each) => each.name)}::text[]) as asked (scope, name)
        using (scope, name)
      order by collection`.execute(db);
    for (const { collection, scope, name } of rows) {
      const key = ingestedKey({ scope, name });
      found.set(key, [...(found.get(key) ?? []), collection]);
    }
  }
  return found;
}
