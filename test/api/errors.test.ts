import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Problem {
  status: number;
  code: string;
  description: string;
  parameter?: string;
}

describe('errors', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  async function problem(path: string, init?: RequestInit): Promise<Problem> {
    const response = await server.get(path, init);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    const body = (await response.json()) as Problem;
    assert.equal(body.status, response.status);
    return body;
  }

  const badQueries: [string, string][] = [
    ['bbox=1,2,3', 'bbox'],
    ['bbox=a,b,c,d', 'bbox'],
    ['bbox=0,0,0,91', 'bbox'],
    ['bbox=1,1,0,0', 'bbox'],
    ['datetime=yesterday', 'datetime'],
    ['datetime=', 'datetime'],
    ['datetime=../..', 'datetime'],
    ['limit=0', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=1e3', 'limit'],
    ['token=abc', 'token'],
    ['token=W10', 'token'],
    ['intersects={', 'intersects'],
    ['intersects={"type":"Polygon","coordinates":[]}', 'intersects'],
    ['intersects={"type":"Point","coordinates":[0,0]}&bbox=0,0,1,1', 'intersects'],
    ['colections=c', 'colections'],
    ['__proto__=c', '__proto__'],
  ];
  for (const [query, parameter] of badQueries) {
    test(`GET /search?${query} is a 400 that names ${parameter}`, async () => {
      const found = await problem(`/search?${query}`);
      assert.deepEqual([found.status, found.code, found.parameter], [400, 'InvalidParameter', parameter]);
      assert.match(found.description, new RegExp(parameter));
    });
  }

  const badBodies: [string, string | undefined][] = [
    ['{"bbox":[1,2,3]}', 'bbox'],
    ['{"bbox":[1,2,3,"4"]}', 'bbox'],
    ['{"bbox":"1,2,3,4"}', 'bbox'],
    ['{"bbox":[1,2,3,1e999]}', 'bbox'],
    ['{"datetime":20240101}', 'datetime'],
    ['{"limit":"ten"}', 'limit'],
    ['{"limit":0}', 'limit'],
    ['{"ids":"i"}', 'ids'],
    ['{"ids":[1]}', 'ids'],
    ['{"collections":{}}', 'collections'],
    ['{"intersects":null,"bbox":[0,0,0,0,0]}', 'bbox'],
    ['{"intersects":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}}', 'intersects'],
    ['{"filter":{}}', 'filter'],
    ['{"token":5}', 'token'],
    ['[]', undefined],
    ['"x"', undefined],
    ['{', undefined],
    ['null', undefined],
  ];
  for (const [body, parameter] of badBodies) {
    test(`POST /search ${body} is a 400`, async () => {
      const found = await problem('/search', { method: 'POST', body });
      assert.equal(found.status, 400);
      assert.equal(found.parameter, parameter);
    });
  }

  test('ids with a NUL find nothing and break nothing', async () => {
    const found = await server.search({ ids: ['a\0b'], collections: ['\0'] });
    assert.equal(found.numberMatched, 0);
    assert.equal((await server.get('/collections/a%00b')).status, 404);
    assert.equal((await server.get('/collections/c/items/a%00b')).status, 404);
  });

  const missing: [string, string][] = [
    ['/collections/x', 'collectionId'],
    ['/collections/x/items', 'collectionId'],
    ['/collections/x/items/i', 'collectionId'],
    ['/collections/c/items/x', 'itemId'],
    ['/nothing', 'path'],
  ];
  for (const [path, parameter] of missing) {
    test(`${path} is a 404 that names ${parameter}`, async () => {
      const found = await problem(path);
      assert.deepEqual([found.status, found.code, found.parameter], [404, 'NotFound', parameter]);
    });
  }

  test('a percent sign that encodes nothing is a 400', async () => {
    assert.equal((await problem('/collections/%E0%A4%A')).status, 400);
  });

  test('a method that is not there is a 405 with Allow', async () => {
    const response = await server.get('/search', { method: 'PUT', body: '{}' });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'GET, HEAD, OPTIONS, POST');
  });

  test('a fault has no entity tag', async () => {
    for (const path of ['/none', '/collections/none', '/search?limit=x'])
      assert.equal((await server.get(path)).headers.get('etag'), null, path);
  });

  test('writing is off unless it is turned on', async () => {
    for (const path of ['/collections/c', '/collections/c/items/i'])
      for (const method of ['PUT', 'PATCH', 'DELETE'])
        assert.equal((await server.get(path, { method, body: '{}' })).status, 405, `${method} ${path}`);
    assert.equal((await server.get('/collections/c/items', { method: 'POST', body: '{}' })).status, 405);
    const body = JSON.stringify(collection('new'));
    assert.equal((await server.get('/collections', { method: 'POST', body })).status, 405);
    assert.equal((await server.get('/collections/new')).status, 404);
  });

  test('a body that is too large is a 413', async () => {
    const found = await problem('/search', {
      method: 'POST',
      body: `{"ids":["${'x'.repeat(33 * 1024 * 1024)}"]}`,
    });
    assert.equal(found.status, 413);
  });

  test('a geometry of too many positions is a 400', async () => {
    const coordinates = Array.from({ length: 100_001 }, (_, index) => [index / 1000, 0]);
    const found = await problem('/search', {
      method: 'POST',
      body: JSON.stringify({ intersects: { type: 'LineString', coordinates } }),
    });
    assert.deepEqual([found.status, found.parameter], [400, 'intersects']);
  });

  test('a body nested ever so deep is a 400', async () => {
    const depth = 100_000;
    const body = `{"intersects":${'{"type":"GeometryCollection","geometries":['.repeat(depth)}${']}'.repeat(depth)}}`;
    assert.equal((await problem('/search', { method: 'POST', body })).status, 400);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
