import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { box, collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const token = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
const long = 'x'.repeat(3_000_000);

describe('requests that nobody means well', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), item(' x'), item('a b')]);
  });
  after(() => server.close());

  async function refused(response: Response, told: RegExp): Promise<void> {
    const { description } = (await response.json()) as { description: string };
    assert.equal(response.status, 400, description);
    assert.match(description, told);
    assert.ok(description.length < 500, `${description.length} characters`);
  }

  const bodies: [string, string, RegExp][] = [
    ['limit, nested deep', `{"limit":${nested(100_000)}}`, /100 levels/],
    ['bbox, nested deep', `{"bbox":[${nested(100_000)},1,2,3]}`, /100 levels/],
    ['a position, nested deep', `{"intersects":{"type":"Point","coordinates":[${nested(99)},1]}}`, /100/],
    [
      'a type, nested',
      `{"intersects":{"type":${nested(90)},"coordinates":[1,2]}}`,
      /^intersects.type is \[\[/,
    ],
    ['an unknown member, nested deep', `{"a":${nested(1_000_000)}}`, /100 levels/],
    ['a long datetime', `{"datetime":"${long}"}`, /^datetime is "x+/],
    ['a long bbox', `{"bbox":[${'1,'.repeat(100_000)}1]}`, /^bbox is \[1,1/],
    ['a long bbox of text', `{"bbox":"${long}"}`, /^bbox is "x+/],
    ['a long token', `{"token":"${long}"}`, /^token is "x+/],
    ['a long name', `{"${long}":1}`, /^there is no parameter "x+/],
    ['a limit below one', '{"limit":0}', /^limit is 0; accepted is a whole number from 1/],
    ['ids that are text', '{"ids":"i"}', /^ids is "i"; accepted is a list/],
    ['an id that is a number', '{"ids":["a",7]}', /^ids\[1\] is 7; accepted is a list/],
    ['a geometry without a type', '{"intersects":{}}', /^intersects.type is missing; accepted is a GeoJSON/],
    ['years beyond 9999', '{"datetime":"9999-12-31T00:00:00Z/9999-12-31T23:59:59-23:59"}', /0001 to 9999/],
    ['the year 0', '{"datetime":"0001-01-01T00:00:00+01:00/.."}', /0001 to 9999/],
    [
      'a token of another zone',
      `{"token":"${token('next', '2024-01-01T00:00:00+20:00', 'a', 'b', 1)}"}`,
      /^token/,
    ],
    [
      'a token without a fraction',
      `{"token":"${token('next', '2024-01-01T00:00:00Z', 'a', 'b', 1)}"}`,
      /^token/,
    ],
    [
      'a token of fewer than none',
      `{"token":"${token('next', '2024-01-01T00:00:00.000000Z', 'a', 'b', -5)}"}`,
      /^token/,
    ],
  ];
  for (const [title, body, told] of bodies) {
    test(`POST with ${title} is a short 400`, async () =>
      refused(await server.get('/search', { method: 'POST', body }), told));
  }

  const queries: [string, RegExp][] = [
    [`intersects=${nested(3000)}`, /100 levels/],
    [`intersects=${'x'.repeat(9000)}`, /^intersects is "x+/],
    [`datetime=${'x'.repeat(9000)}`, /^datetime is "x+/],
    [`bbox=${'x'.repeat(9000)}`, /^bbox is "x+/],
    ['limit=1.5', /^limit is "1.5"; accepted is a whole number from 1/],
  ];
  for (const [query, told] of queries) {
    test(`GET with ${query.slice(0, 20)}... is a short 400`, async () =>
      refused(await server.get(`/search?${query}`), told));
  }

  test('an address as long as is accepted can be asked, one that is longer is a 414 that says so', async () => {
    const path = '/search?ids=';
    assert.equal((await server.get(path + 'x'.repeat(32 * 1024 - path.length))).status, 200);
    const response = await server.get(path + 'x'.repeat(32 * 1024 - path.length + 1));
    assert.equal(response.status, 414);
    const { description } = (await response.json()) as { description: string };
    assert.match(description, /32769 bytes; accepted are 32768/);
  });

  test('a 404 does not repeat a long path', async () => {
    for (const path of ['/', '/collections/', '/collections/c/items/']) {
      const response = await server.get(path + 'y'.repeat(9000));
      assert.equal(response.status, 404);
      const { description } = (await response.json()) as { description: string };
      assert.ok(description.length < 300, description);
    }
  });

  test('members of a geometry that only PostGIS would read count for nothing', async () => {
    for (const foreign of [
      { COORDINATES: null },
      { Type: 'Polygon' },
      { crs: { type: 'name', properties: { name: 'EPSG:abc' } } },
      { x: '\0' },
    ]) {
      const intersects = { ...foreign, ...box(9, 39, 12, 42) };
      assert.equal((await server.search({ intersects })).numberMatched, 2, JSON.stringify(foreign));
    }
  });

  test('a number that only the database refuses is a 400', async () => {
    const response = await server.get('/search', {
      method: 'POST',
      body: '{"bbox":[0,0,-1e308,1,1,1e308]}',
    });
    assert.ok(response.status < 500, String(response.status));
  });

  test('spaces belong to an id', async () => {
    assert.equal((await server.json<ItemCollection>('/search?ids=%20x')).numberMatched, 1);
    assert.equal((await server.json<ItemCollection>('/search?ids=x')).numberMatched, 0);
    assert.equal((await server.json<ItemCollection>('/search?ids=a%20b,%20x')).numberMatched, 2);
    assert.equal((await server.json<ItemCollection>('/search?bbox=9,%2039,%2012,%2042')).numberMatched, 2);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});

describe('a page ends at 64 MiB of text', () => {
  let server: TestServer;
  const ids = ['e', 'd', 'c', 'b', 'a'];
  before(async () => {
    server = await startTestServer();
    await server.store([
      ...ids.map((id) => collection(id, { pad: 'PAD' })),
      ...ids.map((id) => item(id, { pad: 'PAD' })),
    ]);
    for (const table of ['items', 'collections']) {
      await sql`update ${sql.table(table)} set content = replace(content, '"PAD"', '"' || repeat('x', 30000000) || '"')`.execute(
        server.database.db,
      );
    }
  });
  after(() => server.close());

  const link = (page: Pick<ItemCollection, 'links'>, rel: string) =>
    page.links.find((each) => each.rel === rel)?.href;

  test('and the next one goes on, forwards and backwards', async () => {
    const pages: string[][] = [];
    let last = '';
    for (let next: string | undefined = '/search?limit=100'; next; ) {
      const page: ItemCollection = await server.json(next);
      assert.deepEqual([page.numberMatched, page.numberReturned], [5, page.features.length]);
      pages.push(page.features.map(({ id }) => id));
      last = next;
      next = link(page, 'next');
    }
    assert.deepEqual(pages, [['e', 'd'], ['c', 'b'], ['a']]);
    const before = link(await server.json<ItemCollection>(last), 'prev') ?? '';
    const page = await server.json<ItemCollection>(before);
    assert.deepEqual(
      page.features.map(({ id }) => id),
      ['c', 'b'],
    );
    const first = await server.json<ItemCollection>(link(page, 'prev') ?? '');
    assert.deepEqual(
      first.features.map(({ id }) => id),
      ['e', 'd'],
    );
  });

  test('that of Collections too', async () => {
    const found: string[][] = [];
    for (let next: string | undefined = '/collections'; next; ) {
      const page: Pick<ItemCollection, 'links'> & { collections: { id: string }[] } = await server.json(next);
      found.push(page.collections.map(({ id }) => id));
      next = link(page, 'next');
    }
    assert.deepEqual(found, [['a', 'b'], ['c', 'd'], ['e']]);
    assert.equal((await server.get('/')).status, 200);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
