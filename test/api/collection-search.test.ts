import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Collections {
  collections: { id: string }[];
  links: { rel: string; href: string; method?: string; body?: object }[];
  numberMatched: number;
  numberReturned: number;
}

const extent = (bbox: number[][], interval: (string | null)[]) => ({
  extent: { spatial: { bbox }, temporal: { interval: [interval] } },
});

const documents = [
  collection('alps', {
    ...extent([[5, 44, 16, 48]], ['2015-01-01T00:00:00Z', '2016-01-01T00:00:00Z']),
    title: 'Alpine',
    keywords: ['snow'],
  }),
  collection('fiji', {
    ...extent([[177, -19, -178, -16]], ['2018-01-01T00:00:00Z', null]),
    license: 'CC-BY-4.0',
    n: 5,
  }),
  collection('world', {
    ...extent([[-180, -90, 180, 90]], [null, '2010-01-01T00:00:00Z']),
    title: 'World',
    n: 12,
  }),
  collection('pole', {
    ...extent([[-180, 80, 180, 90]], ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z']),
    'own:x': { y: 1 },
  }),
];

describe('Collection search', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store(documents);
  });
  after(() => server.close());

  const post = (body: object) =>
    server.json<Collections>('/collections', { method: 'POST', body: JSON.stringify(body) });
  const idsOf = ({ collections }: Collections) => collections.map(({ id }) => id);

  const found: [Record<string, string>, object, string[]][] = [
    [{}, {}, ['alps', 'fiji', 'pole', 'world']],
    [{ bbox: '10,45,11,46' }, { bbox: [10, 45, 11, 46] }, ['alps', 'world']],
    [{ bbox: '179,-18,-179,-17' }, { bbox: [179, -18, -179, -17] }, ['fiji', 'world']],
    [{ bbox: '10,85,11,86' }, { bbox: [10, 85, 11, 86] }, ['pole', 'world']],
    [{ datetime: '2015-06-01T00:00:00Z' }, { datetime: '2015-06-01T00:00:00Z' }, ['alps']],
    [{ datetime: '2019-01-01T00:00:00Z/..' }, { datetime: '2019-01-01T00:00:00Z/..' }, ['fiji', 'pole']],
    [{ datetime: '../2005-01-01T00:00:00Z' }, { datetime: '../2005-01-01T00:00:00Z' }, ['world']],
    [{ q: 'snow,World' }, { q: ['snow', 'World'] }, ['alps', 'world']],
    [{ filter: 'n > 6' }, { filter: { op: '>', args: [{ property: 'n' }, 6] } }, ['world']],
    [
      { filter: "license = 'CC-BY-4.0' or own:x.y = 1" },
      { query: { id: { in: ['fiji', 'pole'] } } },
      ['fiji', 'pole'],
    ],
    [
      { filter: 's_intersects(geometry, POINT(10 45))' },
      {
        filter: {
          op: 's_intersects',
          args: [{ property: 'geometry' }, { type: 'Point', coordinates: [10, 45] }],
        },
      },
      ['alps', 'world'],
    ],
    [
      { filter: "t_during(datetime, INTERVAL('2014-01-01','2017-01-01'))" },
      { ids: undefined, query: { title: { eq: 'Alpine' } } },
      ['alps'],
    ],
    [
      { query: '{"n":{"gte":5}}', sortby: '-n' },
      { query: { n: { gte: 5 } }, sortby: [{ field: 'n', direction: 'desc' }] },
      ['world', 'fiji'],
    ],
    [
      { sortby: '-title' },
      { sortby: [{ field: 'title', direction: 'desc' }] },
      ['world', 'alps', 'pole', 'fiji'],
    ],
  ];
  for (const [query, body, ids] of found) {
    test(`${new URLSearchParams(query)} finds ${ids.join(', ')}, by POST and in pages of one, too`, async () => {
      const byGet = await server.json<Collections>(`/collections?${new URLSearchParams(query)}`);
      assert.deepEqual(idsOf(byGet), ids);
      assert.equal(byGet.numberMatched, ids.length);
      assert.equal(byGet.numberReturned, ids.length);
      assert.deepEqual(idsOf(await post(body)), ids);
      let page = await post({ ...body, limit: 1 });
      const walked = idsOf(page);
      for (;;) {
        const next = page.links.find(({ rel }) => rel === 'next');
        if (!next) break;
        assert.equal(next.method, 'POST');
        page = await post(next.body ?? {});
        walked.push(...idsOf(page));
      }
      assert.deepEqual(walked, ids);
      const back = page.links.find(({ rel }) => rel === 'prev');
      if (ids.length > 1) assert.deepEqual(idsOf(await post(back?.body ?? {})), [ids.at(-2)]);
    });
  }

  test('links to its own queryables, which say what Collections have', async () => {
    const { links } = await server.json<Collections>('/collections');
    const rel = 'http://www.opengis.net/def/rel/ogc/1.0/queryables';
    const address = links.find((each) => each.rel === rel)?.href ?? 'none';
    const { properties } = await server.json<{ properties: Record<string, { type: string }> }>(address);
    assert.equal(properties.n?.type, 'integer');
    assert.equal(properties.title?.type, 'string');
  });

  const wrong = [
    'filter=nothing=1',
    'sortby=nothing',
    'bbox=1,2,3',
    'ids=a',
    'collections=alps',
    'limit=0',
    'token=x',
    'datetime=x',
    'q="',
  ];
  for (const query of wrong) {
    test(`?${query} is a 400 that names it`, async () => {
      const response = await server.get(`/collections?${query}`);
      assert.equal(response.status, 400);
      const parameter = query.split('=')[0];
      assert.equal(((await response.json()) as { parameter: string }).parameter, parameter);
    });
  }

  for (const body of ['[]', 'null', '1', '{"limit":0}', '{"nothing":1}', '{']) {
    test(`the body ${body} is a 400`, async () => {
      assert.equal((await server.get('/collections', { method: 'POST', body })).status, 400);
      assert.deepEqual(server.faults, []);
    });
  }
});
