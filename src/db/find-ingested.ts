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

/** Of DIDs of a lake (`scope:name`), the one Item that was made of each; those with several, as cubes have, are left out. */
export async function itemsOfDids(
  db: Db,
  host: string,
  dids: readonly string[],
): Promise<Map<string, { collection: string; id: string }>> {
  const files = dids.map((did) => {
    const at = did.indexOf(':');
    return { scope: did.slice(0, at), name: did.slice(at + 1) };
  });
  const collections = [...new Set([...(await collectionsOfFiles(db, files)).values()].flat())];
  if (collections.length === 0) return new Map();
  const { rows } = await sql<{ did: string; collection: string; id: string }>`
    select properties ->> 'rucio:did' as did, min(collection) as collection, min(id) as id from items
    where collection = any(${collections}::text[])
      and properties ->> 'rucio:did' = any(${[...dids]}::text[]) and properties ->> 'rucio:host' = ${host}
    group by 1 having count(*) = 1`.execute(db);
  return new Map(rows.map(({ did, collection, id }) => [did, { collection, id }]));
}
