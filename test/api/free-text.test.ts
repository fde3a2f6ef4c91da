import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const words = (id: string, title: string, more: object = {}) => item(id, {}, { title, ...more });

const items = [
  words('a', 'Climate model of the north'),
  words('b', 'Model climate', { description: 'A quick brown dog' }),
  words('c', 'Quick brown fox'),
  words('d', 'Été à la PLAGE', { keywords: ['forêt', 'Sentinel-2'] }),
  words('e', 'climate', { description: 'model' }),
  words('f', '日本 地図'),
];

describe('Free text', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c', { title: 'Forest of the north', keywords: ['EO', 'Earth Observation'] }),
      collection('sea', { title: 'Sea ice', description: 'Observation of the earth' }),
      ...items,
    ]);
  });
  after(() => server.close());

  const found: [string, string][] = [
    ['climate', 'abe'],
    ['CLIMATE', 'abe'],
    ['clim', ''],
    ['"climate model"', 'a'],
    ['climate model', 'abe'],
    ['climate OR fox', 'abce'],
    ['climate AND model', 'abe'],
    ['climate AND north', 'a'],
    ['(quick OR north) AND brown', 'bc'],
    ['quick +brown -fox', 'b'],
    ['+climate +model -north', 'be'],
    ['-climate -fox', 'df'],
    ['quick AND -fox', 'b'],
    ['climate model,fox', 'ac'],
    ['fox,north', 'ac'],
    ['"brown fox",plage', 'cd'],
    ['ete', 'd'],
    ['forêt', 'd'],
    ['foret', 'd'],
    ['sentinel-2', 'd'],
    ['Sentinel 2', 'd'],
    ['地図', 'f'],
    ['a AND nothing', ''],
    ['!!!', ''],
    ["it's", ''],
  ];
  for (const [q, ids] of found) {
    test(`q=${q} finds ${ids || 'nothing'}`, async () => {
      for (const path of ['/search', '/collections/c/items']) {
        const page = await server.json<{ features: { id: string }[]; numberMatched: number }>(
          `${path}?${new URLSearchParams({ q })}`,
        );
        const ids_ = page.features.map(({ id }) => id);
        assert.equal(ids_.sort().join(''), ids);
        assert.equal(page.numberMatched, ids.length);
      }
    });
  }

  test('a list in a body is any of its terms, their words side by side', async () => {
    const { features } = await server.search({ q: ['climate model', 'fox'] });
    assert.deepEqual(features.map(({ id }) => id).sort(), ['a', 'c']);
    assert.equal((await server.search({ q: 'climate AND north' })).numberMatched, 1);
  });

  test('letters without a lower case of their own length, and every sigma, are found in any case', async () => {
    await server.store([
      collection('letters'),
      item('street', { collection: 'letters' }, { title: 'Straße' }),
      item('stone', { collection: 'letters' }, { title: 'ΣΊΣΥΦΟΣ' }),
    ]);
    const ids = async (q: string) =>
      (await server.search({ q, collections: ['letters'] })).features.map(({ id }) => id).join();
    for (const q of ['STRASSE', 'strasse', 'straße', 'STRAẞE']) assert.equal(await ids(q), 'street', q);
    for (const q of ['σισυφοσ', 'σίσυφος', 'ΣΙΣΥΦΟΣ']) assert.equal(await ids(q), 'stone', q);
  });

  test('title, description and keywords are found however long the rest is', async () => {
    const words = Array.from({ length: 12_000 }, (_, index) => `w${index}`).join(' ');
    await server.store([
      collection('long'),
      item(
        'long',
        { collection: 'long' },
        { notes: words, title: 'Titular', description: 'Descriptive', keywords: ['keyed'] },
      ),
    ]);
    for (const q of ['titular', 'descriptive', 'keyed', 'w9000'])
      assert.equal((await server.search({ q, collections: ['long'] })).numberMatched, 1, q);
    assert.equal((await server.search({ q: 'w11990' })).numberMatched, 0);
  });

  test('Collections are found by title, description and keywords', async () => {
    const ids = async (q: string) =>
      (
        await server.json<{ collections: { id: string }[] }>(`/collections?${new URLSearchParams({ q })}`)
      ).collections.map(({ id }) => id);
    assert.deepEqual(await ids('earth'), ['c', 'sea']);
    assert.deepEqual(await ids('"earth observation"'), ['c']);
    assert.deepEqual(await ids('EO,ice'), ['c', 'sea']);
    assert.deepEqual(await ids('nothing'), []);
  });

  for (const q of [
    '"open',
    '(a',
    'a)',
    'AND',
    'a AND',
    'a OR',
    '+',
    `${'('.repeat(500)}a`,
    'x'.repeat(3000),
  ]) {
    test(`q=${q.slice(0, 20)} is a 400, or no word`, async () => {
      const response = await server.get(`/search?${new URLSearchParams({ q })}`);
      const told = (await response.json()) as { parameter?: string; numberMatched?: number };
      if (q === '+') assert.equal(told.numberMatched, 0);
      else assert.deepEqual([response.status, told.parameter], [400, 'q']);
    });
  }
});
