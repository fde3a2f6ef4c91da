import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Queryables {
  $id: string;
  $schema: string;
  properties: Record<string, Record<string, unknown>>;
  additionalProperties: boolean;
}

const JSON_BODY = (body: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe('Queryables', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([
      collection('c'),
      collection('d', {
        queryables: {
          properties: { 'x:made': { type: 'string', title: 'Made' }, n: { type: 'number', maximum: 9 } },
        },
      }),
      item(
        'a',
        {},
        { n: 1, word: 'x', flag: true, list: ['u', 'v'], mixed: 1, seen: '2024-01-01T00:00:00Z' },
      ),
      item('b', {}, { n: 2.5, word: 'y', list: [], mixed: 'm', none: null, deep: { a: 1 } }),
      item('e', { collection: 'd' }, { n: 4, other: 'z' }),
    ]);
  });
  after(() => server.close());

  const of = (path: string) => server.json<Queryables>(path);

  test('types, ranges and values are those of the stored Items', async () => {
    const { $id, $schema, properties, additionalProperties } = await of('/collections/c/queryables');
    assert.equal($id, `${server.base}/collections/c/queryables`);
    assert.equal($schema, 'https://json-schema.org/draft/2020-12/schema');
    assert.equal(additionalProperties, false);
    assert.deepEqual(properties.n, { type: 'number', minimum: 1, maximum: 2.5 });
    assert.deepEqual(properties.word, { type: 'string', enum: ['x', 'y'] });
    assert.deepEqual(properties.flag, { type: 'boolean' });
    assert.deepEqual(properties.list, { type: 'array', items: { type: 'string', enum: ['u', 'v'] } });
    assert.deepEqual(properties.mixed?.type, ['integer', 'string']);
    assert.deepEqual(properties.seen, { type: 'string', format: 'date-time' });
    assert.deepEqual(properties.deep, { type: 'object' });
    for (const name of ['id', 'collection', 'geometry', 'datetime']) assert.ok(properties[name], name);
    assert.ok(!('other' in properties));
  });

  test('sortables are those that have an order, be it of several types', async () => {
    const { properties } = await of('/collections/c/sortables');
    for (const name of ['n', 'word', 'flag', 'mixed', 'seen', 'id', 'datetime'])
      assert.ok(properties[name], name);
    for (const name of ['list', 'deep', 'none', 'geometry']) assert.ok(!(name in properties), name);
  });

  test('those of all Items are of all Collections, or of those asked for', async () => {
    assert.ok('other' in (await of('/queryables')).properties);
    const { properties } = await of('/queryables?collections=d');
    assert.ok('other' in properties && !('word' in properties));
  });

  test('a Collection says its own instead, and they may be used', async () => {
    const { properties } = await of('/collections/d/queryables');
    assert.deepEqual(properties['x:made'], { type: 'string', title: 'Made' });
    assert.deepEqual(properties.n, { type: 'number', maximum: 9 });
    const page = await server.json<{ numberMatched: number }>(
      '/collections/d/items?filter=x:made%20is%20null',
    );
    assert.equal(page.numberMatched, 1);
    assert.equal((await server.get('/collections/c/items?filter=x:made%20is%20null')).status, 400);
  });

  test('they follow writes, and shrink with them', async () => {
    const path = '/collections/c/items';
    const made = await server.get(path, JSON_BODY(item('new', {}, { fresh: 'f', n: 100 })));
    assert.equal(made.status, 201);
    const grown = (await of('/collections/c/queryables')).properties;
    assert.deepEqual([grown.fresh, grown.n?.maximum], [{ type: 'string', enum: ['f'] }, 100]);
    const changed = await server.get(`${path}/new`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: '{"properties":{"fresh":null,"n":50}}',
    });
    assert.equal(changed.status, 200);
    const less = (await of('/collections/c/queryables')).properties;
    assert.deepEqual([less.fresh, less.n?.maximum], [undefined, 50]);
    assert.equal((await server.get(`${path}/new`, { method: 'DELETE' })).status, 204);
    assert.equal((await of('/collections/c/queryables')).properties.n?.maximum, 2.5);
  });

  test('landing page and Collections link to them', async () => {
    const rel = 'http://www.opengis.net/def/rel/ogc/1.0/queryables';
    for (const path of ['/', '/collections/c']) {
      const { links } = await server.json<{ links: { rel: string; href: string }[] }>(path);
      const link = links.find((each) => each.rel === rel);
      assert.equal((await server.get(link?.href ?? 'none')).status, 200);
    }
  });

  for (const path of ['/queryables?x=1', '/collections/c/sortables?limit=1', '/collection-queryables?q=a']) {
    test(`${path} names a parameter that is none: 400`, async () => {
      assert.equal((await server.get(path)).status, 400);
    });
  }

  test('of a Collection that is not there: 404', async () => {
    assert.equal((await server.get('/collections/none/queryables')).status, 404);
  });
});

describe('Extent and summaries of a Collection', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
  });
  after(() => server.close());

  interface Stored {
    extent: { spatial: { bbox: number[][]; note?: string }; temporal: { interval: (string | null)[][] } };
    summaries?: Record<string, unknown>;
  }

  test('follow writes and shrink on delete; without Items they are as they came', async () => {
    const own = {
      extent: {
        spatial: { bbox: [[0, 0, 1, 1]], note: 'kept' },
        temporal: { interval: [['2020-01-01T00:00:00Z', null]] },
      },
      summaries: {
        'eo:cloud_cover': { minimum: 0, maximum: 100 },
        bands: [{ name: 'B04' }],
        platform: ['none'],
      },
    };
    const get = async (): Promise<Stored> => {
      const { extent, summaries } = await server.json<Stored>('/collections/c');
      return { extent, ...(summaries && { summaries }) };
    };
    assert.equal((await server.get('/collections', JSON_BODY(collection('c', own)))).status, 201);
    assert.deepEqual(await get(), own);
    const write = (id: string, west: number, properties: object) => {
      const bbox = [west, 40, west + 1, 41];
      const geometry = { type: 'Point', coordinates: [west, 40] };
      return server.get('/collections/c/items', JSON_BODY(item(id, { geometry, bbox }, properties)));
    };
    await write('a', 10, { platform: 'p1', 'eo:cloud_cover': 20 });
    await write('b', 30, { platform: 'p2', 'eo:cloud_cover': 40, datetime: '2025-05-05T05:05:05.5Z' });
    assert.deepEqual(await get(), {
      extent: {
        spatial: { bbox: [[10, 40, 30, 40]], note: 'kept' },
        temporal: { interval: [['2024-01-01T00:00:00Z', '2025-05-05T05:05:05.5Z']] },
      },
      summaries: {
        'eo:cloud_cover': { minimum: 20, maximum: 40 },
        bands: [{ name: 'B04' }],
        platform: ['p1', 'p2'],
      },
    });
    await server.get('/collections/c/items/b', { method: 'DELETE' });
    const less = await get();
    assert.deepEqual(less.extent.spatial.bbox, [[10, 40, 10, 40]]);
    assert.deepEqual(less.summaries?.platform, ['p1']);
    await server.get('/collections/c/items/a', { method: 'DELETE' });
    assert.deepEqual(await get(), own);
  });

  test('a list of Collections says the same, and finds by it', async () => {
    await server.store([
      collection('far'),
      item('x', {
        collection: 'far',
        geometry: { type: 'Point', coordinates: [100, 50] },
        bbox: [100, 50, 100, 50],
      }),
    ]);
    const { collections } = await server.json<{ collections: (Stored & { id: string })[] }>(
      '/collections?bbox=99,49,101,51',
    );
    assert.ok(collections.some(({ id }) => id === 'far'));
    const far = collections.find(({ id }) => id === 'far');
    assert.deepEqual(far?.extent.spatial.bbox, [[100, 50, 100, 50]]);
    const none = await server.json<{ collections: { id: string }[] }>('/collections?bbox=-101,-51,-99,-49');
    assert.ok(!none.collections.some(({ id }) => id === 'far'));
  });

  test('20 writers at once leave them true', async () => {
    await server.store([collection('busy')]);
    const write = async (n: number) => {
      const made = await server.get(
        '/collections/busy/items',
        JSON_BODY(item(`i${n}`, { collection: 'busy' }, { n, gsd: 1 + (n % 3) })),
      );
      assert.equal(made.status, 201);
      if (n % 2 === 0)
        assert.equal((await server.get(`/collections/busy/items/i${n}`, { method: 'DELETE' })).status, 204);
      await server.get('/collections/busy');
    };
    await Promise.all(Array.from({ length: 20 }, (_, n) => write(n)));
    const { properties } = await server.json<Queryables>('/collections/busy/queryables');
    assert.deepEqual([properties.n?.minimum, properties.n?.maximum], [1, 19]);
    assert.deepEqual((await server.json<Stored>('/collections/busy')).summaries?.gsd, [1, 2, 3]);
  });
});
