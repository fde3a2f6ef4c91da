import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { box, collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

const instant = (datetime: string) => ({ datetime });
const items = [
  item('alps', { geometry: box(10, 46, 11, 47), bbox: [10, 46, 11, 47] }, instant('2024-01-01T00:00:00Z')),
  item('adria', { geometry: box(14, 43, 15, 44), bbox: [14, 43, 15, 44] }, instant('2024-02-01T00:00:00Z')),
  item(
    'fiji',
    {
      geometry: {
        type: 'MultiPolygon',
        coordinates: [
          (box(177, -19, 180, -16) as { coordinates: unknown }).coordinates,
          (box(-180, -19, -178, -16) as { coordinates: unknown }).coordinates,
        ],
      },
      bbox: [177, -19, -178, -16],
    },
    instant('2024-03-01T00:00:00Z'),
  ),
  item(
    'fiji-unsplit',
    { geometry: box(177, -19, 182, -16), bbox: [177, -19, -178, -16] },
    instant('2024-03-02T00:00:00Z'),
  ),
  item(
    'january',
    { geometry: { type: 'Point', coordinates: [12, 42] }, bbox: [12, 42, 12, 42] },
    { datetime: null, start_datetime: '2024-01-01T00:00:00Z', end_datetime: '2024-01-31T23:59:59Z' },
  ),
  item('nowhere', { geometry: null, bbox: undefined }, instant('2023-01-01T00:00:00.123456Z')),
  item(
    'flight',
    {
      geometry: {
        type: 'LineString',
        coordinates: [
          [0, 50, 1000],
          [2, 50, 3000],
        ],
      },
      bbox: [0, 50, 1000, 2, 50, 3000],
    },
    instant('2022-01-01T00:00:00Z'),
  ),
  item(
    'alps',
    { collection: 'd', geometry: box(10, 46, 11, 47), bbox: [10, 46, 11, 47] },
    instant('2024-01-01T00:00:00Z'),
  ),
  item(
    'bowtie',
    {
      geometry: {
        type: 'Polygon',
        coordinates: [
          [
            [20, 0],
            [22, 2],
            [22, 0],
            [20, 2],
            [20, 0],
          ],
        ],
      },
    },
    instant('2021-01-01T00:00:00Z'),
  ),
];

const ids = ({ features }: ItemCollection) => features.map(({ id }) => id).sort();

describe('item search', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), collection('d'), ...items]);
  });
  after(() => server.close());

  /** The same search by GET and by POST. */
  async function both(query: Record<string, unknown>): Promise<string[]> {
    const byPost = ids(await server.search({ limit: 100, ...query }));
    const text = Object.entries(query).map(([key, value]): [string, string] => [
      key,
      Array.isArray(value)
        ? value.join(',')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    ]);
    const byGet = ids(
      await server.json<ItemCollection>(`/search?${new URLSearchParams([['limit', '100'], ...text])}`),
    );
    assert.deepEqual(byGet, byPost);
    return byPost;
  }

  const cases: [string, Record<string, unknown>, string[]][] = [
    ['a bbox finds what it meets', { bbox: [10.5, 46.5, 14.5, 46.6] }, ['alps', 'alps']],
    ['a bbox that only touches an edge meets it', { bbox: [11, 46, 12, 47] }, ['alps', 'alps']],
    [
      'a bbox across the antimeridian finds both forms of crossing',
      { bbox: [179, -18, -179, -17] },
      ['fiji', 'fiji-unsplit'],
    ],
    ['the eastern part alone is found', { bbox: [-179.5, -18, -179, -17] }, ['fiji', 'fiji-unsplit']],
    ['the long way round does not meet Fiji', { bbox: [-177, -18, 176, -17] }, []],
    ['a bbox that is a point meets what holds it', { bbox: [12, 42, 12, 42] }, ['january']],
    ['a bbox that is a line meets what it crosses', { bbox: [9, 46.5, 12, 46.5] }, ['alps', 'alps']],
    ['heights leave out what lies above', { bbox: [0, 49, 0, 3, 51, 500] }, []],
    ['heights take in what lies between', { bbox: [0, 49, 2000, 3, 51, 2500] }, ['flight']],
    ['an Item without heights is at any height', { bbox: [10, 46, 0, 11, 47, 1] }, ['alps', 'alps']],
    [
      'the whole world finds all with a geometry',
      { bbox: [-180, -90, 180, 90] },
      ['adria', 'alps', 'alps', 'bowtie', 'fiji', 'fiji-unsplit', 'flight', 'january'],
    ],
    ['an instant within an interval', { datetime: '2024-01-15T00:00:00Z' }, ['january']],
    ['an instant that is exactly one', { datetime: '2023-01-01T00:00:00.123456Z' }, ['nowhere']],
    ['the same instant in another zone', { datetime: '2024-02-01T02:00:00+02:00' }, ['adria']],
    [
      'a closed interval holds both its ends',
      { datetime: '2024-01-31T23:59:59Z/2024-02-01T00:00:00Z' },
      ['adria', 'january'],
    ],
    ['an interval open to the past', { datetime: '../2022-12-31T00:00:00Z' }, ['bowtie', 'flight']],
    ['an interval open to the future', { datetime: '2024-03-01T00:00:00Z/..' }, ['fiji', 'fiji-unsplit']],
    ['ids', { ids: ['alps', 'adria', 'none'] }, ['adria', 'alps', 'alps']],
    ['collections', { collections: ['d'] }, ['alps']],
    ['ids and collections together', { ids: ['alps'], collections: ['c', 'x'] }, ['alps']],
    ['a Collection that is not there', { collections: ['x'] }, []],
    ['a point', { intersects: { type: 'Point', coordinates: [10.5, 46.5] } }, ['alps', 'alps']],
    [
      'points',
      {
        intersects: {
          type: 'MultiPoint',
          coordinates: [
            [14.5, 43.5],
            [0, 0],
          ],
        },
      },
      ['adria'],
    ],
    [
      'a line',
      {
        intersects: {
          type: 'LineString',
          coordinates: [
            [10.5, 46.5],
            [14.5, 43.5],
          ],
        },
      },
      ['adria', 'alps', 'alps'],
    ],
    [
      'lines',
      {
        intersects: {
          type: 'MultiLineString',
          coordinates: [
            [
              [14, 43],
              [15, 44],
            ],
            [
              [0, 0],
              [1, 1],
            ],
          ],
        },
      },
      ['adria'],
    ],
    ['a polygon', { intersects: box(10.2, 46.2, 10.3, 46.3) }, ['alps', 'alps']],
    [
      'polygons',
      {
        intersects: {
          type: 'MultiPolygon',
          coordinates: [(box(14, 43, 14.1, 43.1) as { coordinates: unknown }).coordinates],
        },
      },
      ['adria'],
    ],
    [
      'a collection of geometries',
      {
        intersects: {
          type: 'GeometryCollection',
          geometries: [{ type: 'Point', coordinates: [14.5, 43.5] }, box(0, 49, 1, 51)],
        },
      },
      ['adria', 'flight'],
    ],
    [
      'a polygon beyond 180 degrees is wrapped',
      { intersects: box(181, -18, 181.5, -17) },
      ['fiji', 'fiji-unsplit'],
    ],
    [
      'a geometry that crosses itself',
      {
        intersects: {
          type: 'Polygon',
          coordinates: [
            [
              [9, 46],
              [12, 47],
              [12, 46],
              [9, 47],
              [9, 46],
            ],
          ],
        },
      },
      ['alps', 'alps'],
    ],
    ['an Item that crosses itself is where its parts are', { bbox: [20.1, 0.9, 20.5, 1.1] }, ['bowtie']],
  ];
  for (const [title, query, expected] of cases) {
    test(title, async () => assert.deepEqual(await both(query), expected));
  }

  test('newest first, then by id, over all pages, forwards and backwards', async () => {
    const order = ['fiji-unsplit', 'fiji', 'adria', 'january', 'alps', 'alps', 'nowhere', 'flight', 'bowtie'];
    for (const method of ['GET', 'POST']) {
      const walk = async (rel: string, page: ItemCollection) => {
        const link = page.links.find((each) => each.rel === rel);
        if (!link) return null;
        assert.equal(link.method, method);
        if (method === 'GET') return server.json<ItemCollection>(link.href);
        return server.json<ItemCollection>(link.href, { method: 'POST', body: JSON.stringify(link.body) });
      };
      const first =
        method === 'GET'
          ? await server.json<ItemCollection>('/search?limit=2')
          : await server.search({ limit: 2 });
      assert.equal(
        first.links.find(({ rel }) => rel === 'prev'),
        undefined,
      );
      const pages = [first];
      for (let page = await walk('next', first); page; page = await walk('next', page)) pages.push(page);
      assert.deepEqual(
        pages.flatMap(({ features }) => features.map(({ id }) => id)),
        order,
      );
      assert.deepEqual(
        pages.map(({ numberMatched }) => numberMatched),
        [9, 9, 9, 9, 9],
      );
      assert.deepEqual(
        pages.map(({ numberReturned }) => numberReturned),
        [2, 2, 2, 2, 1],
      );
      let page = pages.at(-1) as ItemCollection;
      for (const expected of pages.slice(0, -1).reverse()) {
        page = (await walk('prev', page)) as ItemCollection;
        assert.deepEqual(page.features, expected.features);
      }
      assert.equal(await walk('prev', page), null);
    }
  });

  test('the page keeps its search', async () => {
    const query = '/search?limit=1&collections=c&datetime=2024-01-01T00:00:00Z/..';
    const found: string[] = [];
    let next: string | undefined = query;
    while (next) {
      const page: ItemCollection = await server.json<ItemCollection>(next);
      found.push(...ids(page));
      next = page.links.find(({ rel }) => rel === 'next')?.href;
    }
    assert.deepEqual(found, ['fiji-unsplit', 'fiji', 'adria', 'january', 'alps']);
  });

  test('a limit above the most is the most; an empty body is a search for all', async () => {
    const all = await server.search({ limit: 1_000_000 });
    assert.equal(all.numberReturned, 9);
    const huge = await server.get('/search', { method: 'POST', body: '{"limit":1e20}' });
    assert.equal(((await huge.json()) as ItemCollection).numberReturned, 9);
    const digits = await server.json<ItemCollection>(`/search?limit=${'9'.repeat(25)}`);
    assert.equal(digits.numberReturned, 9);
    const response = await server.get('/search', { method: 'POST' });
    assert.equal(((await response.json()) as ItemCollection).numberMatched, 9);
  });

  test('a member that is null counts as not given', async () => {
    assert.equal((await server.search({ bbox: null, ids: null, limit: 1 })).numberMatched, 9);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
