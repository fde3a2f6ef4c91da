/** What filter, sort, free text and collection-search need, and the record of changes by which extents and queryables stay true. */
import { type Kysely, sql } from 'kysely';
import { refreshDocuments } from '../src/db/refresh-documents.ts';
import type { Db } from '../src/search/tables.ts';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table items add column mended text`.execute(db);
  await sql`alter table items add column words tsvector`.execute(db);
  await sql`create index items_words on items using gin (words)`.execute(db);
  await sql`
    create index items_dated on items (
      (case when jsonb_typeof(properties -> 'datetime') = 'string' then datetime end) desc nulls last,
      id desc,
      collection desc
    )`.execute(db);
  await sql`alter table collections add column document jsonb`.execute(db);
  await sql`alter table collections add column geometry geometry`.execute(db);
  await sql`alter table collections add column period tstzrange`.execute(db);
  await sql`alter table collections add column words tsvector`.execute(db);
  await sql`create index collections_words on collections using gin (words)`.execute(db);
  // A row for each write: what it brought (JSON), or null where something may have gone, so that all is read again.
  await sql`
    create table item_changes (
      collection text collate "C" not null references collections (id) on delete cascade,
      id bigint not null generated always as identity,
      grown text,
      primary key (collection, id)
    )`.execute(db);
  await sql`
    create table collection_facts (
      collection text collate "C" primary key references collections (id) on delete cascade,
      version bigint not null,
      facts text not null
    )`.execute(db);
  await sql`insert into item_changes (collection) select id from collections`.execute(db);
  await refreshDocuments(db as Db);
}
