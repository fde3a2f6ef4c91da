/** What keeps a catalogue true to its lake: where Collections came from, what has gone, and who is at it. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // DIDs that were ingested into a Collection, each with its settings (JSON).
  await sql`
    create table ingested_sources (
      collection text collate "C" not null references collections (id) on delete cascade,
      host text collate "C" not null,
      scope text collate "C" not null,
      name text collate "C" not null,
      settings text not null,
      ingested_at timestamptz not null default now(),
      primary key (collection, host, scope, name)
    )`.execute(db);
  // Items that were deleted because the lake has their files no more; the empty id is the Collection itself.
  await sql`
    create table tombstones (
      collection text collate "C" not null,
      id text collate "C" not null,
      did text not null,
      reason text not null,
      deleted_at timestamptz not null default now(),
      primary key (collection, id)
    )`.execute(db);
  // COGs in the store that no Item has any more.
  await sql`
    create table left_objects (
      collection text collate "C" not null,
      key text collate "C" not null,
      left_at timestamptz not null default now(),
      primary key (collection, key)
    )`.execute(db);
  // Work that one process at a time does; it is free again when its holder has not said for a while that it goes on.
  await sql`
    create table leases (
      name text collate "C" primary key,
      holder text not null,
      until timestamptz not null
    )`.execute(db);
}
