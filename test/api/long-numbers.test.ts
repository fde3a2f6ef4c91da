import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { upsertItems } from '../../src/db/upsert-items.ts';
import { toItemRow } from '../../src/stac/item.ts';
import { collection, item } from '../support/documents.ts';
import { idsOf, walk } from '../support/pages.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

/** None of them is a double, and of the first two, and of the last two, the nearest double is the same. */
const NUMBERS = [
  '9007199254740992',
  '9007199254740993',
  '123456789012345678901234567890',
  '123456789012345678901234567891',
];

describe('numbers of a search that no double holds', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c')]);
    const texts = NUMBERS.map((number, index) =>
      JSON.stringify(item('abcd'[index] as string, {}, { n: 'here', list: ['here'], far: 1e100 })).replaceAll(
        '"here"',
        number,
      ),
    );
    await upsertItems(
      server.database.db,
      texts.map((text) => toItemRow(text)),
    );
  });
  after(() => server.close());

  const found: [string, string][] = [
    ['"filter":{"op":"=","args":[{"property":"n"},9007199254740993]}', 'b'],
    ['"filter":{"op":"<","args":[{"property":"n"},123456789012345678901234567891]}', 'abc'],
    ['"filter":{"op":"<","args":[{"property":"n"},-123456789012345678901234567891]}', ''],
    [
      '"filter":{"op":"in","args":[{"property":"n"},[9007199254740993,123456789012345678901234567890]]}',
      'bc',
    ],
    ['"filter":{"op":"a_contains","args":[{"property":"list"},[123456789012345678901234567891]]}', 'd'],
    ['"query":{"n":{"eq":9007199254740993}}', 'b'],
    ['"query":{"n":{"eq":"9007199254740993"}}', 'b'],
    ['"query":{"n":{"in":[123456789012345678901234567891]}}', 'd'],
    ['"query":{"list":{"eq":[123456789012345678901234567890]}}', 'c'],
    [
      '"filter":{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[-180,-90,180.0000000000000000,90]}]}',
      'abcd',
    ],
  ];
  for (const [search, ids] of found) {
    test(`${search} finds ${ids || 'nothing'}, by POST and GET`, async () => {
      const post = (body: string) => server.json<ItemCollection>('/search', { method: 'POST', body });
      assert.deepEqual(
        idsOf([await post(`{${search}}`)])
          .sort()
          .join(''),
        ids,
      );
      const name = search.startsWith('"filter"') ? 'filter' : 'query';
      const query = new URLSearchParams({ [name]: search.slice(name.length + 3), limit: '1' });
      if (name === 'filter') query.set('filter-lang', 'cql2-json');
      assert.deepEqual(
        idsOf(await walk(server, `/search?${query}`))
          .sort()
          .join(''),
        ids,
      );
    });
  }

  test('links of a search by POST say them as they came', async () => {
    const body = '{"limit":1,"filter":{"op":"<","args":[{"property":"n"},123456789012345678901234567891]}}';
    for (const path of ['/search', '/aggregate']) {
      const text = await (
        await server.get(path, {
          method: 'POST',
          body: path === '/search' ? body : body.replace('"limit":1,', ''),
        })
      ).text();
      assert.ok(text.includes('[{"property":"n"},123456789012345678901234567891]'), path);
    }
  });

  for (const number of ['1e2000', '1'.repeat(1001), '0123456789012345678901']) {
    test(`${number.slice(0, 30)} is a 400`, async () => {
      const body = `{"filter":{"op":"=","args":[{"property":"n"},${number}]}}`;
      assert.equal((await server.get('/search', { method: 'POST', body })).status, 400);
    });
  }
});
