import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Kysely, Migrator, sql } from 'kysely';
import * as catalogue from '../../migrations/0001-catalogue.ts';
import * as foldedWords from '../../migrations/0005-folded-words.ts';
import { makeLiveFacts } from '../../src/db/live-facts.ts';
import { migrate } from '../../src/db/migrate.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';

test('a catalogue of the first schema is searched by text, extent and any field after the migrations', async () => {
  const database = await openTestCatalogue();
  const { db } = database;
  try {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'spatial_ref_sys'`.execute(
      db,
    );
    for (const { name } of rows) await sql`drop table if exists ${sql.table(name)} cascade`.execute(db);
    const functions = await sql<{ name: string }>`
      select oid::regprocedure::text as name from pg_proc where proname like 'cql2\\_%'`.execute(db);
    for (const { name } of functions.rows) await sql`drop function ${sql.raw(name)}`.execute(db);
    const first = { getMigrations: async () => ({ '0001-catalogue': catalogue }) };
    const { error } = await new Migrator({ db, provider: first }).migrateToLatest();
    assert.equal(error, undefined);
    const extent = {
      spatial: { bbox: [[0, 0, 5, 5]] },
      temporal: { interval: [['2020-01-01T00:00:00Z', null]] },
    };
    const old = JSON.stringify(collection('c', { title: 'Old forest', extent }));
    await sql`insert into collections (id, content) values ('c', ${old}), ('empty', ${old.replace('"c"', '"empty"')})`.execute(
      db,
    );
    const document = JSON.stringify(
      item('a', { note: '\u0000' }, { title: 'River delta', n: 5, street: 'Straße' }),
    );
    await sql`
      insert into items (collection, id, geometry, datetime, period, properties, content)
      values ('c', 'a', ST_SetSRID(ST_MakePoint(30, 40), 4326), '2024-01-01T00:00:00Z',
        '["2024-01-01T00:00:00Z","2024-01-01T00:00:00Z"]', '{"title":"River delta","n":5}', ${document})`.execute(
      db,
    );

    const ran = await migrate(db);

    assert.equal(ran[0], '0002-search');
    const found = await sql<{ id: string; note: string }>`
      select id, coalesce(mended, content)::jsonb ->> 'note' as note
      from items where words @@ '''delta'' & ''strasse'''::tsquery`.execute(db);
    assert.deepEqual(found.rows, [{ id: 'a', note: '\uFFFD' }]);
    const facts = await makeLiveFacts(database).read(['c']);
    assert.deepEqual(facts.get('c')?.bbox, [30, 40, 30, 40]);
    assert.deepEqual(facts.get('c')?.properties.n?.types, ['integer']);
    const places = await sql<{ id: string; west: number; title: string }>`
      select id, ST_XMin(geometry) as west, document ->> 'title' as title from collections
      where words @@ '''forest'''::tsquery order by id`.execute(db);
    assert.deepEqual(places.rows, [
      { id: 'c', west: 30, title: 'Old forest' },
      { id: 'empty', west: 0, title: 'Old forest' },
    ]);
  } finally {
    await database.close();
  }
});

test('words that were kept in another form are made anew where a letter of theirs is, however it is written', async () => {
  const database = await openTestCatalogue();
  const { db } = database;
  try {
    await upsertCollection(db, toCollectionRow(JSON.stringify(collection('c'))));
    const plain = JSON.stringify(item('plain', {}, { title: 'Straße' }));
    const escaped = JSON.stringify(item('escaped', {}, { title: 'Straße' })).replace('ß', '\\u00DF');
    const other = JSON.stringify(item('other', {}, { title: 'Strasse' }));
    await upsertItems(
      db,
      [plain, escaped, other].map((text) => toItemRow(text)),
    );
    await sql`update items set words = '''old'':1'`.execute(db);
    await foldedWords.up(db as Kysely<unknown>);
    const { rows } = await sql<{ id: string }>`
      select id from items where words @@ '''strasse'''::tsquery order by id`.execute(db);
    assert.deepEqual(rows, [{ id: 'escaped' }, { id: 'plain' }]);
  } finally {
    await database.close();
  }
});
