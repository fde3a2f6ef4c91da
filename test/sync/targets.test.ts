import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { findUsed, leaveObjects } from '../../src/db/left-objects.ts';
import type { Database } from '../../src/db/schema.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import {
  DEFAULT_SETTINGS,
  mappingOfSettings,
  parseSettings,
  planSettings,
} from '../../src/ingest/settings.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { findTargets } from '../../src/sync/targets.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';

const HOST = 'https://rucio.example';

describe('what a Collection of the lake comes from', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
  });
  after(() => database.close());

  const store = (id: string, fields: object) =>
    upsertCollection(database.db, toCollectionRow(JSON.stringify({ ...collection(id), ...fields })));
  const remember = (id: string, name: string) =>
    sql`insert into ingested_sources (collection, host, scope, name, settings)
        values (${id}, ${HOST}, 's', ${name}, '{}')`.execute(database.db);
  const sourcesOf = async (id: string) =>
    (await findTargets(database.db, HOST, null))
      .find(({ collection: each }) => each === id)
      ?.sources.map(({ did }) => did.name);
  const home = { 'rucio:host': HOST, 'rucio:scope': 's', 'rucio:name': 'set', 'rucio:did': 's:set' };

  test('one file that was ingested later is not all of a Collection that tells of a whole dataset', async () => {
    await store('whole', { ...home, 'rucio:state': 'AVAILABLE' });
    assert.deepEqual(await sourcesOf('whole'), ['set']);
    await remember('whole', 'one.tif');
    assert.deepEqual(await sourcesOf('whole'), ['one.tif', 'set']);
    await remember('whole', 'set');
    assert.deepEqual((await sourcesOf('whole'))?.sort(), ['one.tif', 'set']);
  });

  test('of a Collection of single files they are all there is', async () => {
    await store('files', home);
    await remember('files', 'one.tif');
    assert.deepEqual(await sourcesOf('files'), ['one.tif']);
  });

  test('a COG is in use where an Item of its scene, or of a time step of it, has its address', async () => {
    await store('c', {});
    const at = (key: string) => ({ key, href: `https://store.example/${key}` });
    const has = (id: string, key: string) =>
      toItemRow(JSON.stringify(item(id, { collection: 'c', assets: { a: { href: at(key).href } } })));
    await upsertItems(database.db, [
      has('x', 'c/x/a.tif'),
      has('cube_20240101T000000Z', 'c/cube/t_0.tif'),
      has('x2', 'c/x2/a.tif'),
    ]);
    const keys = ['c/x/a.tif', 'c/x/b.tif', 'c/cube/t_0.tif', 'c/cube/t_1.tif', 'c/x2/a.tif'];
    await leaveObjects(database.db, 'c', keys);
    assert.deepEqual((await findUsed(database.db, 'c', keys.map(at))).sort(), [
      'c/cube/t_0.tif',
      'c/x/a.tif',
      'c/x2/a.tif',
    ]);
  });
});

test('settings of another release count as they were meant', () => {
  const old = parseSettings('{"scene":null,"multiband":true,"mapping":"/etc/rules.json"}');
  assert.deepEqual(old, {
    ...DEFAULT_SETTINGS,
    multiband: true,
    mapping: { path: '/etc/rules.json', text: null },
  });
  assert.throws(() => mappingOfSettings(old, null), /\/etc\/rules\.json cannot be read/);
  const given = { ...DEFAULT_SETTINGS, mapping: { path: '/etc/rules.json', text: '{"mission":"project"}' } };
  assert.deepEqual(mappingOfSettings(parseSettings(JSON.stringify(given)), null).get('mission')?.from, [
    'project',
  ]);
});

test('what dimensions become is remembered; what is so by default makes no file another', () => {
  assert.equal(planSettings(parseSettings('{"dimensions":"bands"}')).dimensions, 'bands');
  for (const text of ['{}', '{"dimensions":"assets"}'])
    assert.ok(!('dimensions' in planSettings(parseSettings(text))), text);
});
