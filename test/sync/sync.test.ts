import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { sql } from 'kysely';
import { takeLease } from '../../src/db/lease.ts';
import { thisProcess } from '../../src/db/lock.ts';
import type { Document } from '../../src/ingest/to-item.ts';
import { compareItems } from '../../src/sync/compare.ts';
import { driftLine } from '../../src/sync/drift.ts';
import { parseEvery } from '../../src/sync/every.ts';
import { makePatience } from '../../src/sync/patience.ts';
import { toldReplicas } from '../../src/sync/told-replicas.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

test('a time between rounds has a unit, and is neither short nor long', () => {
  assert.deepEqual(
    ['10s', '10 m', '2h', '7d', '30'].map((text) => {
      try {
        return parseEvery(text, '--every');
      } catch {
        return null;
      }
    }),
    [10_000, 600_000, 7_200_000, 604_800_000, null],
  );
  for (const text of ['9s', '0m', '8d', '-1m', '1w', '', 'often'])
    assert.throws(() => parseEvery(text, '--every'), /--every is ".*"; give a time from 10s to 7d/);
});

const alternates = (...rses: string[]) => ({
  alternate: Object.fromEntries(
    rses.map((rse) => [rse, { href: `https://${rse.toLowerCase()}/a`, 'alternate:name': rse }]),
  ),
});

const item = (asset: Document, properties: Document = {}): Document => ({
  id: 'a',
  collection: 'c',
  properties: { datetime: '2024-01-01T00:00:00Z', ...properties },
  assets: {
    red: { href: 'x' },
    source: { 'rucio:did': 's:a', 'rucio:state': 'AVAILABLE', 'file:size': 1, ...asset },
  },
});

const kinds = (stored: Document, made: Document) =>
  compareItems(stored, made, 's:a').map(({ kind, detail }) => `${kind} ${detail}`.trim());

test('what differs between an Item as it is and as it would be made is told by its kind', () => {
  const here = item(alternates('A', 'B'));
  assert.deepEqual(kinds(here, here), []);
  assert.deepEqual(kinds(here, item(alternates('A', 'C'))), ['replica-new C', 'replica-gone B']);
  assert.deepEqual(kinds(here, item({})), ['replica-gone A', 'replica-gone B', 'no-replica']);
  const moved = item({ alternate: { ...alternates('A').alternate, B: { href: 'https://other/a' } } });
  assert.deepEqual(kinds(here, moved), ['replica-moved B']);
  assert.deepEqual(kinds(here, item({ ...alternates('A', 'B'), 'file:size': 2 })), [
    'changed 1 - - -> 2 - -',
  ]);
  assert.deepEqual(kinds(here, item({ 'rucio:state': 'DELETED' })), ['gone']);
  assert.deepEqual(kinds(item({ 'rucio:state': 'DELETED' }), item({ 'rucio:state': 'DELETED' })), []);
  const told = item(alternates('A', 'B'), { platform: 'x', 'rucio:rses': ['A'] });
  assert.deepEqual(kinds(here, told), ['metadata platform']);
  const [drift] = compareItems(here, told, 's:a');
  assert.equal(drift && driftLine(drift), 'metadata changed: s:a (platform) -> c/a\n');
});

test('replicas are read from an asset as they were written into it', () => {
  const asset = { href: 'https://b/a', 'rucio:storage': ['DISK', 'TAPE'], ...alternates('A', 'B') };
  assert.deepEqual(
    toldReplicas(asset).map(({ rse, pfn, scheme, state }) => [rse, pfn, scheme, state]),
    [
      ['B', 'https://b/a', 'https', 'AVAILABLE'],
      ['A', 'https://a/a', 'https', 'AVAILABLE'],
    ],
  );
  assert.deepEqual(
    toldReplicas(asset)
      .map(({ type }) => type)
      .sort(),
    ['DISK', 'TAPE'],
  );
  assert.deepEqual(toldReplicas({ href: 'x' }), []);
});

test('what cannot be read is tried later each time, and at once when it is another', () => {
  let now = 0;
  const patience = makePatience(() => now);
  const scene = (bytes: number) => ({
    id: 'a',
    place: 0,
    files: [
      {
        asset: null,
        file: { did: null, name: 'a.tif', bytes, adler32: '00000001', md5: null, version: null },
      },
    ],
  });
  assert.ok(patience.isDue('c', scene(1)));
  patience.failed('c', scene(1));
  assert.ok(!patience.isDue('c', scene(1)) && patience.isDue('c', scene(2)) && patience.isDue('d', scene(1)));
  now = 600_000;
  assert.ok(patience.isDue('c', scene(1)));
  patience.failed('c', scene(1));
  now += 600_000;
  assert.ok(!patience.isDue('c', scene(1)));
  now += 600_000;
  assert.ok(patience.isDue('c', scene(1)));
});

test('a lease has one holder, and that of a process that ended or went silent is free', async () => {
  const database = await openTestCatalogue();
  const { db } = database;
  try {
    const first = await takeLease(db, 'sync', 'sync');
    assert.ok('release' in first);
    const second = await takeLease(db, 'sync', 'sync');
    assert.ok('pid' in second && second.pid === process.pid);
    await first.release();
    const third = await takeLease(db, 'sync', 'sync');
    assert.ok('release' in third);
    // A process of this machine that is there no more.
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const dead = JSON.stringify({ ...thisProcess('sync', false), pid, born: null });
    await sql`update leases set holder = ${dead}`.execute(db);
    const fourth = await takeLease(db, 'sync', 'sync');
    assert.ok('release' in fourth);
    // One of another machine counts until it has been silent for long.
    const other = JSON.stringify({ ...thisProcess('sync', false), host: 'elsewhere', boot: 'another' });
    await sql`update leases set holder = ${other}`.execute(db);
    assert.ok('pid' in (await takeLease(db, 'sync', 'sync')));
    await sql`update leases set until = now() - interval '1 second'`.execute(db);
    const last = await takeLease(db, 'sync', 'sync');
    assert.ok('release' in last);
    await last.release();
  } finally {
    await database.close();
  }
});
