import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { box, collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Bucket {
  key: string;
  frequency: number;
  from?: number;
  to?: number;
}

interface Aggregations {
  type: string;
  aggregations: { name: string; data_type: string; value?: unknown; overflow?: number; buckets?: Bucket[] }[];
}

const point = (lon: number, lat: number) => ({
  geometry: { type: 'Point', coordinates: [lon, lat] },
  bbox: [lon, lat, lon, lat],
});

const items = [
  item('a', point(13.361389, 38.115556), {
    datetime: '2024-01-03T10:30:00Z',
    'eo:cloud_cover': 4.9,
    platform: 'p1',
    'grid:code': 'MGRS-33SVB',
    'view:off_nadir': 4.99,
  }),
  item('b', point(-5.6, 42.6), {
    datetime: '2024-01-31T23:59:59.999Z',
    'eo:cloud_cover': 5,
    platform: 'p1',
    'view:off_nadir': 5,
  }),
  item('c', point(179.99, -16.5), {
    datetime: '2024-02-01T00:00:00Z',
    'eo:cloud_cover': 40,
    platform: 'p2',
    'view:off_nadir': -0.5,
  }),
  item(
    'far',
    { geometry: box(-1, 51, 1, 52), bbox: [-1, 51, 1, 52] },
    { datetime: '2023-12-31T23:59:59Z', 'eo:cloud_cover': '7' },
  ),
  item(
    'span',
    { geometry: null, bbox: undefined },
    { datetime: null, start_datetime: '2020-01-01T00:00:00Z', end_datetime: '2021-01-01T00:00:00Z' },
  ),
  item('d', { collection: 'd', ...point(13.361389, 38.115556) }),
];

describe('Aggregation', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c'),
      collection('d', { aggregations: [{ name: 'total_count', data_type: 'integer' }] }),
      ...items,
    ]);
  });
  after(() => server.close());

  const ask = async (name: string, more: Record<string, string> = {}, path = '/collections/c') => {
    const query = new URLSearchParams({ aggregations: name, ...more });
    const found = await server.json<Aggregations>(`${path}/aggregate?${query}`);
    assert.equal(found.type, 'AggregationCollection');
    assert.deepEqual(
      found.aggregations.map((each) => each.name),
      [name],
    );
    return found.aggregations[0] as Aggregations['aggregations'][0];
  };
  const counts = async (name: string, more: Record<string, string> = {}) => {
    const { buckets = [], overflow } = await ask(name, more, '');
    assert.equal(overflow, 0);
    return Object.fromEntries(buckets.map(({ key, frequency }) => [key, frequency]));
  };

  // PostgreSQL has a connection for each.
  if (!process.env.DATABASE_URL) {
    test('others are answered between the aggregations of one request', async () => {
      const all = await server.json<{ aggregations: { name: string }[] }>('/aggregations');
      const names = all.aggregations.map(({ name }) => name).join(',');
      const order: string[] = [];
      await Promise.all([
        server.json(`/aggregate?aggregations=${names}`).then(() => order.push('aggregate')),
        server.json('/collections/c').then(() => order.push('collection')),
      ]);
      assert.deepEqual(order, ['collection', 'aggregate']);
    });
  }

  test('total_count, datetime_min and datetime_max are single values', async () => {
    assert.equal((await ask('total_count')).value, 5);
    assert.equal((await ask('datetime_min')).value, '2023-12-31T23:59:59Z');
    assert.equal((await ask('datetime_max')).value, '2024-02-01T00:00:00Z');
    assert.equal((await ask('datetime_max', { ids: 'none' })).value, null);
  });

  test('datetime_frequency counts by calendar intervals, in order', async () => {
    const { buckets } = await ask('datetime_frequency');
    assert.deepEqual(
      buckets?.map(({ key, frequency }) => [key, frequency]),
      [
        ['2023-12-01T00:00:00Z', 1],
        ['2024-01-01T00:00:00Z', 2],
        ['2024-02-01T00:00:00Z', 1],
      ],
    );
    const years = await ask('datetime_frequency', { datetime_frequency_interval: 'year' });
    assert.deepEqual(
      years.buckets?.map(({ key }) => key),
      ['2023-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
    );
  });

  test('terms are counted, the most frequent first', async () => {
    assert.deepEqual(await counts('collection_frequency'), { c: 5, d: 1 });
    assert.deepEqual(await counts('platform_frequency'), { p1: 2, p2: 1 });
    assert.deepEqual(await counts('grid_code_frequency'), { none: 5, 'MGRS-33SVB': 1 });
  });

  test('ranges take in their lower end', async () => {
    const { buckets, data_type } = await ask('cloud_cover_frequency');
    assert.equal(data_type, 'frequency_distribution');
    assert.deepEqual(
      buckets?.map(({ key, frequency, from, to }) => [key, frequency, from, to]),
      [
        ['*-5.0', 1, undefined, 5],
        ['5.0-15.0', 1, 5, 15],
        ['15.0-40.0', 0, 15, 40],
        ['40.0-*', 1, 40, undefined],
      ],
    );
    const angles = await ask('off_nadir_frequency');
    assert.deepEqual(
      angles.buckets?.map(({ from, to, frequency }) => [from, to, frequency]),
      [
        [-5, 0, 1],
        [0, 5, 1],
        [5, 10, 1],
      ],
    );
  });

  // Geohashes by pygeohash, tiles by mercantile, hexagons by h3-py.
  test('centroids are counted by geohash, tile and hexagon', async () => {
    assert.deepEqual(
      await counts('centroid_geohash_grid_frequency', { centroid_geohash_grid_frequency_precision: '5' }),
      {
        sqc8b: 2,
        ezs42: 1,
        rvpfp: 1,
        u10hb: 1,
      },
    );
    assert.deepEqual(
      await counts('centroid_geotile_grid_frequency', { centroid_geotile_grid_frequency_precision: '8' }),
      {
        '8/137/98': 2,
        '8/124/94': 1,
        '8/255/139': 1,
        '8/128/85': 1,
      },
    );
    assert.deepEqual(
      await counts('centroid_geohex_grid_frequency', { centroid_geohex_grid_frequency_precision: '0' }),
      {
        '801ffffffffffff': 2,
        '8039fffffffffff': 1,
        '809bfffffffffff': 1,
        '8019fffffffffff': 1,
      },
    );
  });

  test('geometries are counted in every cell that they meet', async () => {
    const tiles = await counts('geometry_geotile_grid_frequency', {
      geometry_geotile_grid_frequency_precision: '8',
      ids: 'far',
    });
    assert.deepEqual(Object.keys(tiles).sort(), ['8/127/84', '8/127/85', '8/128/84', '8/128/85']);
    const hashes = await counts('geometry_geohash_grid_frequency', {
      geometry_geohash_grid_frequency_precision: '2',
      ids: 'far',
    });
    assert.deepEqual(Object.keys(hashes).sort(), ['gc', 'u1']);
  });

  test('the search’s own parameters say which Items are meant, by GET and POST', async () => {
    assert.equal((await ask('total_count', { filter: 'eo:cloud_cover < 10' })).value, 2);
    assert.equal(
      (await ask('total_count', { query: '{"platform":{"eq":"p1"}}', bbox: '0,0,90,90' })).value,
      1,
    );
    for (const path of ['/aggregate', '/collections/c/aggregate']) {
      const body = {
        aggregations: ['total_count'],
        datetime: '2024-01-01T00:00:00Z/..',
        ids: ['a', 'far', 'c'],
      };
      const found = await server.json<Aggregations>(path, { method: 'POST', body: JSON.stringify(body) });
      assert.equal(found.aggregations[0]?.value, 2);
    }
  });

  test('none asked for, none given; /aggregations names them all', async () => {
    assert.deepEqual((await server.json<Aggregations>('/aggregate')).aggregations, []);
    const { aggregations } = await server.json<Aggregations>('/aggregations');
    assert.equal(aggregations.length, 19);
    for (const { name } of aggregations) await ask(name, {}, '');
  });

  test('a Collection offers those it has values for, or those it says', async () => {
    const named = async (path: string) =>
      (await server.json<Aggregations>(path)).aggregations.map(({ name }) => name);
    assert.ok(!(await named('/collections/c/aggregations')).includes('sun_azimuth_frequency'));
    assert.deepEqual(await named('/collections/d/aggregations'), ['total_count']);
    const refused = await server.get('/collections/d/aggregate?aggregations=platform_frequency');
    assert.equal(refused.status, 400);
  });

  const wrong = [
    '/aggregate?aggregations=nothing',
    '/aggregate?aggregations=toString',
    '/aggregate?limit=1',
    '/aggregate?aggregations=total_count&bbox=1',
    '/aggregate?aggregations=grid_geohash_frequency&grid_geohash_frequency_precision=13',
    '/aggregate?aggregations=datetime_frequency&datetime_frequency_interval=century',
    '/aggregate?aggregations=total_count&filter=nothing=1',
    '/collections/c/aggregate?aggregations=total_count&collections=d',
  ];
  for (const path of wrong) {
    test(`${path} is a 400`, async () => {
      assert.equal((await server.get(path)).status, 400);
    });
  }

  test('of a Collection that is not there: 404', async () => {
    assert.equal((await server.get('/collections/none/aggregate')).status, 404);
    assert.equal((await server.get('/collections/none/aggregations')).status, 404);
    assert.deepEqual(server.faults, []);
  });
});
