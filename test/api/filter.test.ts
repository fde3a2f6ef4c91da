import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { box, collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const items = [
  item(
    'a',
    { assets: { B04: { href: 'https://a.example/b.tif', gsd: 10 } }, 'own:field': 1 },
    { 'eo:cloud_cover': 5, 'a.b': 1, nested: { x: { y: 2 } }, 'proj:code': 'EPSG:32632', id: 'inner' },
  ),
  item(
    'b',
    { geometry: box(20, 40, 21, 41), bbox: [20, 40, 21, 41], stac_version: '1.0.0' },
    { 'eo:cloud_cover': 50, datetime: '2024-06-01T00:00:00Z', 'dark-features': 3, title: 'Été' },
  ),
  item('ü n/i', {}, { 'eo:cloud_cover': '5', datetime: '2023-01-01T00:00:00Z' }),
  item(
    'span',
    { geometry: null, bbox: undefined },
    { datetime: null, start_datetime: '2022-01-01T00:00:00Z', end_datetime: '2022-12-31T00:00:00Z' },
  ),
];

describe('Filter', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), ...items]);
  });
  after(() => server.close());

  const found: [string, string[]][] = [
    ['eo:cloud_cover < 10', ['a']],
    ['properties.eo:cloud_cover < 10', ['a']],
    ['"eo:cloud_cover" = \'5\'', ['ü n/i']],
    ['a.b = 1', ['a']],
    ['"a.b" = 1', ['a']],
    ['nested.x.y = 2', ['a']],
    ["properties.id = 'inner'", ['a']],
    ["id = 'ü n/i'", ['ü n/i']],
    ["collection = 'c' and not id like '%n%'", ['a', 'b']],
    ['assets.B04.gsd = 10', ['a']],
    ['bbox.xmin > 15', ['b']],
    ['bbox.xmin > 15 or bbox.ymax is null', ['b', 'span']],
    ["stac_version = '1.0.0'", ['b']],
    ['dark-features - 1 = 2', ['b']],
    ["casei(title) = casei('ÉTÉ')", ['b']],
    ["accenti(title) = accenti('Ete')", ['b']],
    ["datetime >= TIMESTAMP('2024-03-01T00:00:00Z')", ['b']],
    ["datetime >= '2024-03-01T00:00:00Z'", ['b']],
    ['datetime is null', ['span']],
    ["t_intersects(INTERVAL(start_datetime, end_datetime), INTERVAL('2022-06-01','2022-07-01'))", ['span']],
    ["t_before(datetime, DATE('2023-06-01'))", ['ü n/i']],
    ['s_intersects(geometry, BBOX(19, 39, 22, 42))', ['b']],
    ['s_within(geometry, POLYGON((9 39,12 39,12 42,9 42,9 39)))', ['a', 'ü n/i']],
    ['month(datetime) = 6', ['b']],
    ['year(start_datetime) = 2022 and doy(end_datetime) = 365', ['span']],
    ['round(eo:cloud_cover / 4) = 1', ['a']],
    ['abs(0 - eo:cloud_cover) > floor(49.9) and length(title) = 3', ['b']],
    ['eo:cloud_cover between 1 and 10 or eo:cloud_cover in (50, 60)', ['a', 'b']],
  ];
  for (const [filter, ids] of found) {
    test(`${filter} finds ${ids.join(', ')}`, async () => {
      const query = new URLSearchParams({ filter });
      for (const path of ['/search', '/collections/c/items']) {
        const page = await server.json<{ features: { id: string }[]; numberMatched: number }>(
          `${path}?${query}`,
        );
        assert.deepEqual(page.features.map(({ id }) => id).sort(), ids.toSorted());
        assert.equal(page.numberMatched, ids.length);
      }
      const posted = await server.search({ filter, 'filter-lang': 'cql2-text' });
      assert.equal(posted.numberMatched, ids.length);
    });
  }

  test('JSON is taken in a body, and in a query string that says so', async () => {
    const filter = { op: '<', args: [{ property: 'eo:cloud_cover' }, 10] };
    const query = new URLSearchParams({ filter: JSON.stringify(filter), 'filter-lang': 'cql2-json' });
    assert.equal((await server.search({ filter })).numberMatched, 1);
    assert.equal((await server.json<{ numberMatched: number }>(`/search?${query}`)).numberMatched, 1);
  });

  test('coordinates are in CRS84, and no other system is accepted', async () => {
    const crs = 'http://www.opengis.net/def/crs/OGC/1.3/CRS84';
    const ask = (given: string) =>
      server.get(`/search?${new URLSearchParams({ filter: 'a.b = 1', 'filter-crs': given })}`);
    assert.equal((await ask(crs)).status, 200);
    const refused = await ask('http://www.opengis.net/def/crs/EPSG/0/3857');
    assert.equal(refused.status, 400);
    assert.equal(((await refused.json()) as { parameter: string }).parameter, 'filter-crs');
  });

  const wrong: [string, Record<string, string>, RegExp][] = [
    [
      'a property that is not there',
      { filter: 'eo:clod = 1' },
      /filter names "eo:clod", which is no property/,
    ],
    ['a filter cut short', { filter: 'eo:cloud_cover <' }, /filter/],
    ['what follows a filter', { filter: 'a.b = 1 a.b' }, /filter/],
    ['a language that is none', { filter: 'a.b = 1', 'filter-lang': 'sql' }, /filter-lang is "sql"/],
    ['JSON that is none', { filter: '{', 'filter-lang': 'cql2-json' }, /filter/],
    ['a function that is none', { filter: 'sqrt(a.b) = 1' }, /function "sqrt".*accepted are casei/],
    ['a function’s second argument', { filter: 'abs(a.b, 1) = 1' }, /abs takes 1 argument, not 2/],
    ['a NUL', { filter: "id = 'a\u0000'" }, /filter/],
  ];
  for (const [what, query, told] of wrong) {
    test(`${what} is a 400`, async () => {
      const response = await server.get(`/search?${new URLSearchParams(query)}`);
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { description: string }).description, told);
    });
  }

  test('48 levels of AND and OR are answered, 1,000 NOTs in time', async () => {
    let filter = 'a.b = 1';
    for (let level = 0; level < 48; level++)
      filter = `(${filter}) ${level % 2 ? 'and' : 'or'} eo:cloud_cover < 10`;
    assert.equal(
      (await server.json<{ numberMatched: number }>(`/search?${new URLSearchParams({ filter })}`))
        .numberMatched,
      1,
    );
    const began = performance.now();
    const nots = await server.get('/search', {
      method: 'POST',
      body: JSON.stringify({ filter: `${'not '.repeat(1000)}a.b = 1`, 'filter-lang': 'cql2-text' }),
    });
    assert.ok([200, 400].includes(nots.status));
    assert.ok(performance.now() - began < 5000);
    assert.deepEqual(server.faults, []);
  });

  test('additionalProperties lets any name pass; what is not there is null', async () => {
    const open = await startTestServer({ RUCIO_STAC_ADDITIONAL_PROPERTIES: 'true' });
    try {
      await open.store([collection('c'), ...items]);
      const page = await open.json<{ numberMatched: number }>(
        '/search?filter=nothing%20is%20null&sortby=nothing',
      );
      assert.equal(page.numberMatched, items.length);
      const { additionalProperties } = await open.json<{ additionalProperties: boolean }>('/queryables');
      assert.equal(additionalProperties, true);
    } finally {
      await open.close();
    }
  });
});
