/** Rules and their locks -> order:status (order extension 1.1.0), and into documents of which nothing else changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCollectionOrder, withItemOrder } from '../../src/ingest/order-documents.ts';
import { ordersOfRule, statusOfRule, worstOrder } from '../../src/ingest/orders.ts';
import type { Lock, Rule } from '../../src/rucio/rules.ts';

const rule = (state: string): Rule => ({
  scope: 's',
  name: 'set',
  id: 'abc',
  account: 'root',
  rseExpression: 'A',
  copies: 1,
  state,
  locks: { ok: 0, replicating: 0, stuck: 0 },
  created: '2026-11-23T15:26:54Z',
  expires: null,
  error: null,
});
const lock = (name: string, state: string, rse = 'A'): Lock => ({ scope: 's', name, rse, state });

const states: [string | null, string][] = [
  ['OK', 'succeeded'],
  ['REPLICATING', 'shipping'],
  ['STUCK', 'failed'],
  ['SUSPENDED', 'failed'],
  ['WAITING_APPROVAL', 'pending'],
  ['INJECT', 'ordered'],
  [null, 'canceled'],
];
for (const [state, status] of states) {
  test(`a rule that is ${state ?? 'no more'} is an order that is ${status}`, () => {
    assert.equal(statusOfRule(state === null ? null : rule(state)), status);
  });
}

test('a rule whose locks are all OK is an order that succeeded, though Rucio has not looked at it again', () => {
  assert.equal(statusOfRule({ ...rule('STUCK'), locks: { ok: 3, replicating: 0, stuck: 0 } }), 'succeeded');
  assert.equal(statusOfRule({ ...rule('STUCK'), locks: { ok: 3, replicating: 0, stuck: 1 } }), 'failed');
});

test('a file is as far as all its locks are, an Item as far as its last file', () => {
  const locks = [lock('a', 'OK'), lock('a', 'REPLICATING', 'B'), lock('b', 'OK'), lock('c', 'STUCK')];
  const orders = ordersOfRule({ scope: 's', name: 'set' }, rule('STUCK'), locks);
  assert.deepEqual(
    [...orders].map(([key, { status }]) => [key, status]),
    [
      ['s:a', 'shipping'],
      ['s:b', 'succeeded'],
      ['s:c', 'failed'],
      ['s:set', 'failed'],
    ],
  );
  const of = (...names: string[]) =>
    worstOrder(
      orders,
      names.map((name) => ({ did: { scope: 's', name } })),
    )?.status;
  assert.equal(of('b'), 'succeeded');
  assert.equal(of('b', 'a'), 'shipping');
  assert.equal(of('a', 'c', 'b'), 'failed');
  assert.equal(of('d'), undefined);
});

const order = { status: 'shipping', id: 'abc', date: '2026-11-23T15:26:54Z' } as const;
const FIELDS = '"order:status":"shipping","order:id":"abc","order:date":"2026-11-23T15:26:54Z"';
const URI = '"https://stac-extensions.github.io/order/v1.1.0/schema.json"';

test('nothing else of an Item changes, no digit of a number', () => {
  const item = (more: string, extensions: string) =>
    `{"type":"Feature","stac_extensions":[${extensions}],"properties":{"a":1.0,"b":1e-7,"c":12345678901234567890${more}},"links":[]}`;
  const once = withItemOrder(item('', ''), order);
  assert.equal(once, item(`,${FIELDS}`, URI));
  assert.equal(withItemOrder(once, order), once);
});

test('a Collection has its order beside its other fields', () => {
  const text = '{"type":"Collection","stac_extensions":["x"],"extent":{"n":1.50},"order:status":"ordered"}';
  assert.equal(
    withCollectionOrder(text, order),
    `{"type":"Collection","stac_extensions":["x",${URI}],"extent":{"n":1.50},${FIELDS}}`,
  );
});
