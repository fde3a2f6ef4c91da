import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('methods, headers and health', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  const files = ['/assets/c/x.tif', '/schemas/rucio/v1.0.0/schema.json', '/api.html', '/api/page.js'];
  for (const path of files) {
    test(`OPTIONS ${path} names what it takes; all else is a 405`, async () => {
      const options = await server.get(path, { method: 'OPTIONS' });
      assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS']);
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const response = await server.get(path, { method });
        assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
      }
    });
  }

  test('no browser guesses a type', async () => {
    for (const path of ['/', '/search', '/nothing', '/api.html', '/assets/none']) {
      assert.equal((await server.get(path)).headers.get('x-content-type-options'), 'nosniff', path);
    }
  });

  test('no OpenAPI 3.0 is claimed where the description is 3.1', async () => {
    const { conformsTo } = await server.json<{ conformsTo: string[] }>('/conformance');
    assert.ok(!conformsTo.some((uri) => uri.endsWith('/oas30')));
    assert.equal((await server.json<{ openapi: string }>('/api')).openapi, '3.1.0');
  });

  test('a database that does not answer is a 503', async () => {
    const { ping } = server.database;
    server.database.ping = () => Promise.reject(new Error('no answer'));
    assert.equal((await server.get('/readyz')).status, 503);
    server.database.ping = ping;
    assert.equal((await server.get('/readyz')).status, 200);
    server.faults.length = 0;
  });

  test('a search whose client went away while it waited is not run', async () => {
    const { database } = server;
    const { db } = database;
    const ran: string[] = [];
    const seen = db.withPlugin({
      transformQuery: ({ node }) => {
        ran.push(node.kind);
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    let free = () => {};
    const held = Array.from({ length: database.kind === 'postgres' ? 10 : 1 }, () =>
      db.connection().execute(
        () =>
          new Promise<void>((resolve) => {
            const before = free;
            free = () => {
              before();
              resolve();
            };
          }),
      ),
    );
    database.db = seen;
    const controller = new AbortController();
    const gone = server.get('/search', { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 300));
    controller.abort();
    await assert.rejects(gone);
    await new Promise((resolve) => setTimeout(resolve, 100));
    free();
    await Promise.all(held);
    await new Promise((resolve) => setTimeout(resolve, 300));
    database.db = db;
    assert.ok(!ran.includes('SelectQueryNode'), ran.join(' '));
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
