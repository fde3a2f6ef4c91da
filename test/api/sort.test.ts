import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { idsOf, walk } from '../support/pages.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const at = (datetime: string) => ({ datetime });

/** `mixed` has no type that all agree on, `n` is a number nobody registered. */
const items = [
  item(
    'a',
    {},
    {
      ...at('2024-01-03T00:00:00Z'),
      n: 9,
      word: 'b',
      mixed: 'text',
      seen: '2024-01-01T00:00:00Z',
      same: '2024-01-01T01:00:00+01:00',
    },
  ),
  item(
    'b',
    {},
    {
      ...at('2024-01-01T00:00:00Z'),
      n: 10,
      word: 'B',
      mixed: 2,
      seen: '2024-01-01T00:00:00.5Z',
      same: '2024-01-01T00:00:00Z',
    },
  ),
  item(
    'c',
    {},
    { ...at('2024-01-02T00:00:00Z'), n: 9.5, word: 'é', mixed: 10, seen: '2024-01-01T01:00:00+02:00' },
  ),
  item('d', {}, { ...at('2024-01-04T00:00:00Z'), n: null, word: null }),
  item('e', {}, { ...at('2024-01-05T00:00:00Z'), nested: { deep: { n: 1 } }, 'with space': 1 }),
  item(
    'f',
    {},
    { ...at('2024-01-06T00:00:00Z'), n: -1e-7, word: 'a', 'key.with.dots': 3, nested: { deep: { n: 2 } } },
  ),
  item(
    'g',
    {},
    {
      datetime: null,
      start_datetime: '2030-01-01T00:00:00Z',
      end_datetime: '2030-02-01T00:00:00Z',
      n: 12345678901,
    },
  ),
];

describe('Sort', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), ...items]);
  });
  after(() => server.close());

  /** Rows that the sort leaves tied follow by id in its direction. */
  const orders: [string, string][] = [
    ['+id', 'abcdefg'],
    ['-id', 'gfedcba'],
    ['n', 'facbgde'],
    ['-n', 'gbcafed'],
    ['properties.n', 'facbgde'],
    ['+properties.n', 'facbgde'],
    ['datetime', 'bcadefg'],
    ['-datetime', 'fedacbg'],
    ['-properties.datetime', 'fedacbg'],
    ['word', 'bfacdeg'],
    ['mixed', 'bcadefg'],
    ['seen', 'cabdefg'],
    ['-seen', 'bacgfed'],
    ['same', 'abcdefg'],
    ['key.with.dots', 'fabcdeg'],
    ['-nested.deep.n', 'fegdcba'],
    ['with space', 'eabcdfg'],
    ['-start_datetime,-id', 'gfedcba'],
    ['collection,-n', 'gbcafed'],
  ];
  for (const [sortby, ids] of orders) {
    test(`sortby=${sortby} gives ${ids}, in one page and in pages of two, there and back`, async () => {
      const query = new URLSearchParams({ sortby, limit: '100' });
      assert.equal(idsOf([await server.json(`/search?${query}`)]).join(''), ids);
      query.set('limit', '2');
      const pages = await walk(server, `/search?${query}`);
      assert.equal(idsOf(pages).join(''), ids);
      assert.deepEqual(
        pages.map(({ numberMatched }) => numberMatched),
        pages.map(() => items.length),
      );
      const back = pages.at(-1)?.links.find(({ rel }) => rel === 'prev')?.href ?? '';
      assert.deepEqual(idsOf([await server.json(back)]), idsOf([pages.at(-2) as (typeof pages)[0]]));
    });

    test(`the same by POST, on the Collection's Items, and as a body`, async () => {
      const fields = sortby.split(',').map((each) => ({
        field: each.replace(/^[+-]/, ''),
        direction: each.startsWith('-') ? 'desc' : 'asc',
      }));
      assert.equal(idsOf(await walk(server, '/search', { sortby: fields, limit: 3 })).join(''), ids);
      const query = new URLSearchParams({ sortby, limit: '3' });
      assert.equal(idsOf(await walk(server, `/collections/c/items?${query}`)).join(''), ids);
    });
  }

  const wrong: [string, object | string, RegExp][] = [
    ['a property that is not there', 'nothing', /sortby names "nothing", which is no property/],
    ['a geometry', 'geometry', /sortby names "geometry", which has no order/],
    ['no name', '-', /sortby\[0\]/],
    [
      'a direction that is none',
      { sortby: [{ field: 'n', direction: 'up' }] },
      /sortby\[0\]\.direction is "up"/,
    ],
    ['text in a body', { sortby: '-n' }, /sortby is "-n"; accepted is/],
    ['too many fields', { sortby: Array.from({ length: 11 }, () => ({ field: 'n' })) }, /sortby/],
  ];
  for (const [what, given, told] of wrong) {
    test(`${what} is a 400`, async () => {
      const response =
        typeof given === 'string'
          ? await server.get(`/search?sortby=${given}`)
          : await server.get('/search', { method: 'POST', body: JSON.stringify(given) });
      assert.equal(response.status, 400);
      assert.match(((await response.json()) as { description: string }).description, told);
    });
  }

  test('a token of another order is a 400, not a page of it', async () => {
    const first = await server.json<{ links: { rel: string; href: string }[] }>('/search?sortby=n&limit=2');
    const token = new URL(first.links.find(({ rel }) => rel === 'next')?.href ?? '').searchParams.get(
      'token',
    );
    const response = await server.get(`/search?sortby=-n&limit=2&token=${token}`);
    assert.equal(response.status, 400);
    assert.match(((await response.json()) as { description: string }).description, /^token is/);
  });

  test('sortables are what has an order, with a link from the landing page', async () => {
    const { properties } = await server.json<{ properties: Record<string, unknown> }>('/sortables');
    assert.ok('n' in properties && 'word' in properties && 'datetime' in properties && 'id' in properties);
    assert.ok(!('geometry' in properties) && !('nested' in properties) && !('assets' in properties));
    const { links } = await server.json<{ links: { rel: string; href: string }[] }>('/');
    const link = links.find(({ rel }) => rel === 'http://www.opengis.net/def/rel/ogc/1.0/sortables');
    assert.equal(link?.href, `${server.base}/sortables`);
  });
});

describe('Sort by long texts', () => {
  let server: TestServer;
  const long = (end: string) => '\u{1F30D}'.repeat(10_000) + end;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c'),
      item('x', {}, { one: long('b'), two: long('a') }),
      item('y', {}, { one: long('a'), two: long('b') }),
      item('z', {}, { one: 'a', two: long('') }),
    ]);
  });
  after(() => server.close());

  test('pages can be followed by GET, and what the first 500 characters leave equal is in the order of ids', async () => {
    const names = 'one,two';
    assert.deepEqual(idsOf(await walk(server, `/search?limit=1&sortby=${names}`)), ['z', 'x', 'y']);
    assert.deepEqual(idsOf(await walk(server, '/search?limit=1&sortby=-one')), ['y', 'x', 'z']);
  });
});
