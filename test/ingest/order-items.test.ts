/** An order into many Items of the catalogue: a page at once, with how far it is, and gone on with after an end. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readItem } from '../../src/db/read.ts';
import type { Database } from '../../src/db/schema.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { orderItems } from '../../src/ingest/order-documents.ts';
import type { Order } from '../../src/ingest/orders.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';

const COUNT = 1200;
const id = (n: number) => `i${String(n).padStart(4, '0')}`;
const order = (status: Order['status']): Order => ({ status, id: 'rule', date: '2026-11-23T15:26:54Z' });
let database: Database;

before(async () => {
  database = await openTestCatalogue();
  await upsertCollection(database.db, toCollectionRow(JSON.stringify(collection('c'))));
  const items = Array.from({ length: COUNT }, (_, n) => {
    const source = {
      href: 'x',
      roles: ['source'],
      'rucio:scope': 's',
      'rucio:name': `${n}`,
      'rucio:did': `s:${n}`,
    };
    return toItemRow(JSON.stringify(item(id(n), { assets: { source } })));
  });
  await upsertItems(database.db, items);
});
after(() => database.close());

const statusOf = async (n: number) => {
  const { properties } = JSON.parse((await readItem(database.db, 'c', id(n))) ?? '') as {
    properties: Record<string, unknown>;
  };
  return properties['order:status'];
};

/** Of all Items but the last. */
const orders = (status: Order['status']) =>
  new Map(Array.from({ length: COUNT - 1 }, (_, n) => [`s:${n}`, order(status)]));

test('Items are looked at page by page, and those of the order show it', async () => {
  const pages: number[] = [];
  const watch = { signal: new AbortController().signal, onItems: (count: number) => pages.push(count) };
  assert.equal(await orderItems(database.db, 'c', orders('shipping'), watch), COUNT - 1);
  assert.deepEqual(pages, [500, 500, 200]);
  assert.deepEqual(await Promise.all([0, 499, 500, COUNT - 2, COUNT - 1].map(statusOf)), [
    'shipping',
    'shipping',
    'shipping',
    'shipping',
    undefined,
  ]);
});

test('an end that is asked for comes after a page, and the next run does the rest', async () => {
  const abort = new AbortController();
  const ended = { signal: abort.signal, onItems: () => abort.abort() };
  await assert.rejects(orderItems(database.db, 'c', orders('succeeded'), ended), { name: 'AbortError' });
  assert.deepEqual(await Promise.all([0, 499, 500].map(statusOf)), ['succeeded', 'succeeded', 'shipping']);
  const watch = { signal: new AbortController().signal, onItems: () => {} };
  assert.equal(await orderItems(database.db, 'c', orders('succeeded'), watch), COUNT - 1);
  assert.deepEqual(await Promise.all([0, 500, COUNT - 2].map(statusOf)), Array(3).fill('succeeded'));
});
