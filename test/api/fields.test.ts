import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { upsertItems } from '../../src/db/upsert-items.ts';
import { toItemRow } from '../../src/stac/item.ts';
import { collection } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const TEXT = `{"type":"Feature","stac_version":"1.0.0","stac_extensions":[],"id":"a","collection":"c","geometry":null,
"properties":{"datetime":"2024-01-01T00:00:00Z","big":12345678901234567890123,"small":1.0e-7,"nothing":null,"key.with.dots":{"x":1.50},
"nested":{"deep":{"n":1,"m":2}}},"links":[],"assets":{"B04":{"href":"https://a.example/b.tif","title":"Red"},"B05":{"href":"https://a.example/c.tif"}},"own":{"kept":true},"a b":1}`;

describe('Fields', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c', { title: 'Title', keywords: ['k'] })]);
    await upsertItems(server.database.db, [toItemRow(TEXT)]);
  });
  after(() => server.close());

  const feature = async (path: string) => {
    const text = await (await server.get(path)).text();
    return { text, item: (JSON.parse(text) as { features: Record<string, unknown>[] }).features[0] ?? {} };
  };

  const LEAST = ['assets', 'collection', 'geometry', 'id', 'links', 'properties', 'stac_version', 'type'];
  // Members of the Item and of its properties that the extension's rules ask for; null: it has no properties.
  const cases: [string, string[], string[] | null][] = [
    ['', LEAST, ['datetime']],
    ['properties.big', ['properties'], ['big']],
    ['big', ['properties'], ['big']],
    ['id,+type', ['id', 'type'], null],
    [
      'properties,-properties.big,id',
      ['id', 'properties'],
      ['datetime', 'key.with.dots', 'nested', 'nothing', 'small'],
    ],
    ['-properties,properties.big', ['properties'], ['big']],
    ['geometry,-geometry', ['geometry'], null],
    ['+id,own', ['id', 'own'], null],
    ['a b,id', ['a b', 'id'], null],
    ['-geometry,-links', LEAST.filter((name) => !['geometry', 'links'].includes(name)), ['datetime']],
    ['properties.not_there,id', ['id'], null],
    ['properties.key.with.dots', ['properties'], ['key.with.dots']],
    ['properties.nested.deep,-properties.nested.deep.m', ['properties'], ['nested']],
  ];
  for (const [fields, members, properties] of cases) {
    test(`fields=${fields} gives ${members.join(', ')} with ${properties?.join(', ')}`, async () => {
      for (const path of ['/search', '/collections/c/items']) {
        const { item } = await feature(`${path}?fields=${encodeURIComponent(fields)}`);
        assert.deepEqual(Object.keys(item).sort(), members);
        assert.deepEqual(item.properties ? Object.keys(item.properties).sort() : null, properties);
      }
    });
  }

  test('a body can tell what is missing from what is empty', async () => {
    const ask = async (fields: unknown) => {
      const response = await server.get('/search', { method: 'POST', body: JSON.stringify({ fields }) });
      assert.equal(response.status, 200);
      return ((await response.json()) as { features: Record<string, unknown>[] }).features[0] ?? {};
    };
    const members = async (fields: unknown) => Object.keys(await ask(fields)).sort();
    for (const least of [{}, null, { include: null, exclude: [] }, { include: [] }]) {
      assert.deepEqual(await members(least), LEAST);
    }
    assert.deepEqual(await members({ exclude: ['geometry', 'properties'] }), [
      ...['a b', 'assets', 'collection', 'id', 'links', 'own', 'stac_extensions', 'stac_version', 'type'],
    ]);
    assert.deepEqual(
      await members({ include: [], exclude: ['geometry'] }),
      LEAST.filter((name) => name !== 'geometry'),
    );
    const cut = await ask({
      include: ['properties.nested.deep.n', 'assets'],
      exclude: ['assets.B04.title', 'properties'],
    });
    assert.deepEqual(cut, {
      properties: { nested: { deep: { n: 1 } } },
      assets: { B04: { href: 'https://a.example/b.tif' }, B05: { href: 'https://a.example/c.tif' } },
    });
  });

  test('numbers keep their digits', async () => {
    const { text } = await feature('/search?fields=properties.big,properties.small,properties.key.with.dots');
    for (const part of ['"big":12345678901234567890123', '"small":1.0e-7', '{"x":1.50}']) {
      assert.ok(text.includes(part), part);
    }
  });

  test('links stay the last that is given, with the server’s own', async () => {
    const { item } = await feature('/search?fields=id,links');
    const links = item.links as { rel: string; href: string }[];
    assert.equal(links.find(({ rel }) => rel === 'self')?.href, `${server.base}/collections/c/items/a`);
  });

  test('Collections are cut the same', async () => {
    const { collections } = await server.json<{ collections: Record<string, unknown>[] }>(
      '/collections?fields=title,id',
    );
    assert.deepEqual(Object.keys(collections[0] ?? {}).sort(), ['id', 'title']);
  });

  for (const fields of ['x', 5, ['id'], { include: 'id' }, { other: [] }]) {
    test(`${JSON.stringify(fields)} in a body is a 400`, async () => {
      const response = await server.get('/search', { method: 'POST', body: JSON.stringify({ fields }) });
      assert.equal(response.status, 400);
      assert.equal(((await response.json()) as { parameter: string }).parameter, 'fields');
    });
  }
});
