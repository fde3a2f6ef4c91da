import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const items = [
  item('a', {}, { n: 1, word: 'alpha%', flag: true, tags: ['x', 'y'], seen: '2024-01-01T00:00:00Z' }),
  item('b', {}, { n: 2.5, word: 'Alpha_beta', flag: false, tags: [], seen: '2024-06-01T00:00:00Z' }),
  item('c', {}, { n: '2.5', word: 'beta', tags: ['xy'] }),
  item('d', {}, { n: null, word: 5 }),
];

describe('Query', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), ...items]);
  });
  after(() => server.close());

  const found: [object, string][] = [
    [{ n: { eq: 2.5 } }, 'b'],
    // Text that is a number means the number, too: pystac-client's `query=["n=2.5"]`.
    [{ n: { eq: '2.5' } }, 'bc'],
    [{ n: { eq: '1' } }, 'a'],
    [{ n: { eq: '1e0' } }, 'a'],
    [{ n: { eq: '01' } }, ''],
    [{ n: { neq: '1' } }, 'bc'],
    [{ n: { neq: '2.5' } }, 'a'],
    [{ n: { lt: '2' } }, 'a'],
    [{ n: { gte: '-1' } }, 'abc'],
    [{ n: { in: ['1', 'x'] } }, 'a'],
    [{ word: { eq: '5' } }, 'd'],
    [{ 'properties.n': { eq: 1 } }, 'a'],
    [{ n: { eq: null } }, 'd'],
    [{ n: { neq: null } }, 'abc'],
    [{ n: { gt: 1 } }, 'b'],
    [{ n: { gte: 1 } }, 'ab'],
    [{ n: { lt: 2.5 } }, 'a'],
    [{ n: { lte: 2.5, gt: 0 } }, 'ab'],
    [{ n: { in: [1, '2.5'] } }, 'abc'],
    [{ flag: { eq: false } }, 'b'],
    [{ word: { startsWith: 'alpha' } }, 'a'],
    [{ word: { startsWith: '%' } }, ''],
    [{ word: { endsWith: '%' } }, 'a'],
    [{ word: { contains: '_' } }, 'b'],
    [{ word: { contains: 'eta' } }, 'bc'],
    [{ tags: { contains: 'x' } }, 'a'],
    [{ tags: { eq: ['y', 'x'] } }, 'a'],
    [{ seen: { gt: '2024-03-01T00:00:00Z' } }, 'b'],
    [{ datetime: { lte: '2024-01-01T00:00:00Z' } }, 'abcd'],
    [{ id: { in: ['a', 'd'] }, collection: { eq: 'c' } }, 'ad'],
    [{}, 'abcd'],
  ];
  for (const [query, ids] of found) {
    test(`${JSON.stringify(query)} finds ${ids || 'nothing'}`, async () => {
      const { features } = await server.search({ query });
      assert.equal(
        features
          .map(({ id }) => id)
          .sort()
          .join(''),
        ids,
      );
      const text = new URLSearchParams({ query: JSON.stringify(query) });
      const page = await server.json<{ features: { id: string }[] }>(`/collections/c/items?${text}`);
      assert.equal(
        page.features
          .map(({ id }) => id)
          .sort()
          .join(''),
        ids,
      );
    });
  }

  const wrong: [unknown, RegExp][] = [
    [{ n: { near: 1 } }, /query\."n" has "near"; accepted are eq, neq/],
    [{ n: 5 }, /query\.n is 5/],
    [{ n: { startsWith: 5 } }, /accepted is a string/],
    [{ n: { in: 5 } }, /accepted is a list/],
    [{ n: { in: [] } }, /accepted is a list/],
    [{ n: { gt: { a: 1 } } }, /accepted is a string, a number or a boolean/],
    [{ n: { gt: null } }, /accepted is a string, a number or a boolean/],
    [{ nothing: { eq: 1 } }, /query names "nothing", which is no property/],
    [{ n: { eq: 'a\u0000' } }, /without NUL/],
    [[], /query/],
    ['n=1', /query/],
  ];
  for (const [query, told] of wrong) {
    test(`${JSON.stringify(query)} is a 400`, async () => {
      const response = await server.get('/search', { method: 'POST', body: JSON.stringify({ query }) });
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { description: string }).description, told);
    });
  }

  test('query and filter must both hold', async () => {
    const filter = { op: '=', args: [{ property: 'flag' }, true] };
    assert.equal((await server.search({ query: { n: { gte: 1 } }, filter })).numberMatched, 1);
  });
});
