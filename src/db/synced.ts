/** What `sync` asks and writes beside Items: sources of Collections, files remembered, and tombstones. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import type { IngestedFile, IngestedSource } from './ingested.ts';
import { leaveObjects } from './left-objects.ts';
import { deleteCollection, deleteItems } from './upsert-items.ts';

export interface SourceRow extends IngestedSource {
  collection: string;
}

/** What was ingested from a lake, by Collection, what was ingested last first. */
export async function readSources(db: Db, host: string): Promise<SourceRow[]> {
  const { rows } = await sql<SourceRow>`
    select collection, host, scope, name, settings
    from ingested_sources
    where host = ${host}
    order by collection, ingested_at desc, scope, name`.execute(db);
  return rows;
}

/** Texts of Collections that say they are of this lake. */
export async function readLakeCollections(db: Db, host: string): Promise<{ id: string; content: string }[]> {
  const { rows } = await sql<{ id: string; content: string }>`
    select id, content from collections where document ->> 'rucio:host' = ${host} order by id`.execute(db);
  return rows;
}

type Key = Pick<IngestedFile, 'scope' | 'name'>;

/** Files of the lake that a Collection remembers, in pages by name. */
export async function* readIngestedKeys(db: Db, collection: string): AsyncGenerator<Key[]> {
  const size = 5000;
  let after: Key = { scope: '', name: '' };
  for (;;) {
    const { rows }: { rows: Key[] } = await sql<Key>`
      select scope, name from ingested_files
      where collection = ${collection} and scope <> '' and (scope, name) > (${after.scope}, ${after.name})
      order by scope, name
      limit ${size}`.execute(db);
    if (rows.length > 0) yield rows;
    if (rows.length < size) return;
    after = rows.at(-1) as Key;
  }
}

export interface Gone {
  collection: string;
  /** Items to delete. */
  ids: string[];
  /** Files to forget. */
  files: Key[];
  /** COGs in the store that nobody has then. */
  keys: string[];
  did: string;
  reason: string;
}

async function leaveTombstones(db: Db, { collection, ids, did, reason }: Gone): Promise<void> {
  await sql`
    insert into tombstones (collection, id, did, reason)
    select ${collection}, id, ${did}, ${reason} from unnest(${ids}::text[]) as gone (id)
    on conflict (collection, id) do update set
      did = excluded.did, reason = excluded.reason, deleted_at = excluded.deleted_at`.execute(db);
}

/** Deletes Items that the lake has no more, with what is remembered of their files: all or nothing. */
export async function pruneItems(db: Db, gone: Gone): Promise<string[]> {
  const { collection, files, keys } = gone;
  return db.transaction().execute(async (transaction) => {
    await sql`select id from collections where id = ${collection} for no key update`.execute(transaction);
    const ids = await deleteItems(transaction, collection, gone.ids);
    await leaveTombstones(transaction, { ...gone, ids });
    await sql`
      delete from ingested_files
      using unnest(${files.map(({ scope }) => scope)}::text[], ${files.map(({ name }) => name)}::text[])
        as gone (scope, name)
      where collection = ${collection} and ingested_files.scope = gone.scope and ingested_files.name = gone.name`.execute(
      transaction,
    );
    await leaveObjects(transaction, collection, keys);
    return ids;
  });
}

/** Deletes a Collection that the lake has no more; false where it has Items yet. */
export async function pruneCollection(
  db: Db,
  collection: string,
  did: string,
  reason: string,
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    await sql`select id from collections where id = ${collection} for update`.execute(transaction);
    const { rows } = await sql`select 1 from items where collection = ${collection} limit 1`.execute(
      transaction,
    );
    if (rows.length > 0) return false;
    await leaveTombstones(transaction, { collection, ids: [''], files: [], keys: [], did, reason });
    return deleteCollection(transaction, collection);
  });
}

export interface Tombstone {
  did: string;
  reason: string;
  /** RFC 3339, UTC. */
  at: string;
}

/** What was there and was pruned; null: nothing. @param id of an Item; empty: the Collection itself */
export async function readTombstone(db: Db, collection: string, id: string): Promise<Tombstone | null> {
  const { rows } = await sql<Tombstone>`
    select did, reason, to_char(deleted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at
    from tombstones where collection = ${collection} and id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** What was said of all replicas of a Collection together when each was compared; null: nothing is kept. */
export async function readReplicaMark(db: Db, collection: string): Promise<string | null> {
  const { rows } = await sql<{ mark: string }>`
    select mark from replica_marks where collection = ${collection}`.execute(db);
  return rows[0]?.mark ?? null;
}

export async function keepReplicaMark(db: Db, collection: string, mark: string): Promise<void> {
  await sql`
    insert into replica_marks (collection, mark)
    select id, ${mark} from collections where id = ${collection}
    on conflict (collection) do update set mark = excluded.mark
      where replica_marks.mark is distinct from excluded.mark`.execute(db);
}
