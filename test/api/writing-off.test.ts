import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Problem {
  status: number;
  code: string;
  detail: string;
}

describe('writing that is off', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  async function send(method: string, path: string, body?: unknown) {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await server.get(path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...text,
    });
    return { allow: response.headers.get('allow'), problem: (await response.json()) as Problem };
  }

  const read = 'GET, HEAD, OPTIONS';
  const refused: [string, string, unknown, string][] = [
    ['POST', '/collections', collection('x'), `${read}, POST`],
    ['POST', '/collections', { type: 'Collection' }, `${read}, POST`],
    ['POST', '/collections', { id: 'x', license: 'other' }, `${read}, POST`],
    ['POST', '/collections', { collections: [collection('x')] }, `${read}, POST`],
    ['PUT', '/collections/c', collection('c'), read],
    ['PATCH', '/collections/c', { title: 'C' }, read],
    ['DELETE', '/collections/c', undefined, read],
    ['POST', '/collections/c/items', item('j'), read],
    ['PUT', '/collections/c/items/i', item('i'), read],
    ['PATCH', '/collections/c/items/i', { properties: {} }, read],
    ['DELETE', '/collections/c/items/i', undefined, read],
  ];
  for (const [method, path, body, allow] of refused) {
    test(`${method} ${path} ${JSON.stringify(body)?.slice(0, 40)} is a 405 that says what turns it on`, async () => {
      const answer = await send(method, path, body);
      assert.deepEqual([answer.problem.status, answer.problem.code], [405, 'MethodNotAllowed']);
      assert.equal(answer.allow, allow);
      assert.match(answer.problem.detail, /writing is off; .*RUCIO_STAC_TRANSACTIONS=true/);
    });
  }

  for (const body of [{ id: 'x' }, { collections: ['c'] }, { ids: ['i'] }, { colour: 'red' }]) {
    test(`POST /collections ${JSON.stringify(body)} is a search with a parameter that there is not`, async () => {
      const { problem } = await send('POST', '/collections', body);
      assert.equal(problem.status, 400);
      assert.ok(problem.detail.includes('limit'), problem.detail);
    });
  }

  test('a method that no path has is not said to be off', async () => {
    const { problem } = await send('PUT', '/search', {});
    assert.equal(problem.status, 405);
    assert.ok(!problem.detail.includes('off'));
  });

  test('the description tells the 405', async () => {
    const { paths } = await server.json<{
      paths: Record<string, Record<string, { responses: Record<string, object> }>>;
    }>('/api');
    assert.ok(paths['/collections']?.post?.responses['405']);
  });
});
