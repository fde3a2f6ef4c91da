/** Collections, items with what searches need beside their text, and the memory of what was ingested. */
import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table collections (
      id text collate "C" primary key,
      content text not null
    )`.execute(db);
  await sql`
    create table items (
      collection text collate "C" not null references collections (id),
      id text collate "C" not null,
      geometry geometry,
      datetime timestamptz not null,
      period tstzrange not null,
      properties jsonb not null,
      content text not null,
      primary key (collection, id)
    )`.execute(db);
  await sql`create index items_newest on items (datetime desc, id desc, collection desc)`.execute(db);
  await sql`create index items_newest_of on items (collection, datetime desc, id desc)`.execute(db);
  await sql`create index items_id on items (id)`.execute(db);
  await sql`create index items_place on items using gist (geometry, period)`.execute(db);
  await sql`
    create table ingested_files (
      collection text collate "C" not null references collections (id) on delete cascade,
      scope text collate "C" not null,
      name text collate "C" not null,
      fingerprint text not null,
      description text not null,
      primary key (collection, scope, name)
    )`.execute(db);
}
