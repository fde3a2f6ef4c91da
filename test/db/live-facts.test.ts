import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { makeLiveFacts } from '../../src/db/live-facts.ts';
import type { Database } from '../../src/db/schema.ts';
import { deleteCollection, deleteItem, upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';

const writeCollection = ({ db }: Database) =>
  upsertCollection(db, toCollectionRow(JSON.stringify(collection('c'))));

const writeItem = ({ db }: Database, id: string, properties: object) =>
  upsertItems(db, [toItemRow(JSON.stringify(item(id, { collection: 'c' }, properties)))]);

async function versionOf({ db }: Database): Promise<bigint> {
  const { rows } = await sql<{
    version: string;
  }>`select version::text as version from collection_facts`.execute(db);
  return BigInt(rows[0]?.version ?? 0);
}

test('who knew a Collection that was deleted reads the new one of its id', async () => {
  const database = await openTestCatalogue();
  try {
    await writeCollection(database);
    await writeItem(database, 'a', { old: 1 });
    const [one, other] = [makeLiveFacts(database), makeLiveFacts(database)];
    await one.read(['c']);
    assert.ok((await one.read(['c'])).get('c')?.properties.old);

    await deleteCollection(database.db, 'c');
    await writeCollection(database);
    await writeItem(database, 'a', { young: 1 });
    await other.read(['c']);

    const { properties } = (await one.read(['c'])).get('c') ?? {};
    assert.deepEqual(Object.keys(properties ?? {}).sort(), ['datetime', 'young']);
  } finally {
    await database.close();
  }
});

test('one reading of all Items settles every change before it, however many', async () => {
  const database = await openTestCatalogue();
  const { db } = database;
  try {
    await writeCollection(database);
    await writeItem(database, 'stays', { n: 1 });
    await writeItem(database, 'goes', { gone: 1 });
    const facts = makeLiveFacts(database);
    await facts.read(['c']);
    const before = await versionOf(database);
    await deleteItem(db, 'c', 'goes');
    await sql`insert into item_changes (collection) select 'c' from generate_series(1, 5000)`.execute(db);
    await writeItem(database, 'late', { late: 1 });

    const { properties } = (await facts.read(['c'])).get('c') ?? {};

    assert.deepEqual(Object.keys(properties ?? {}).sort(), ['datetime', 'late', 'n']);
    const left = await sql<{ n: number }>`select count(*)::int as n from item_changes`.execute(db);
    assert.deepEqual(left.rows, [{ n: 0 }]);
    assert.equal(await versionOf(database), before + 1n);
  } finally {
    await database.close();
  }
});
