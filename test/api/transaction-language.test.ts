import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const lakes = collection('lakes', {
  stac_extensions: ['https://stac-extensions.github.io/language/v1.0.0/schema.json'],
  title: 'Lakes',
  language: { code: 'en' },
  languages: [{ code: 'de', title: 'Seen', description: 'Alle Seen' }],
});

describe('writing what was read in another language', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([lakes]);
  });
  after(() => server.close());

  const german = { 'accept-language': 'de' };
  const read = async () => {
    const response = await server.get('/collections/lakes', { headers: german });
    const document = (await response.json()) as { title: string };
    assert.equal(document.title, 'Seen');
    return { document, etag: response.headers.get('etag') as string };
  };
  const write = (method: string, etag: string, body?: object) =>
    server.get('/collections/lakes', {
      method,
      headers: { ...german, 'if-match': etag, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  test('a PATCH goes by the tag that it was read with, until somebody else writes', async () => {
    const { etag } = await read();
    const patched = await write('PATCH', etag, { license: 'CC0-1.0' });
    assert.equal(patched.status, 200);
    await patched.arrayBuffer();
    const stored = await server.json<{ title: string; license: string }>('/collections/lakes');
    assert.deepEqual([stored.title, stored.license], ['Lakes', 'CC0-1.0']);
    assert.equal((await write('PATCH', etag, { license: 'other' })).status, 412);
  });

  test('a PUT of the translation is refused: it leaves out the other texts', async () => {
    const { etag, document } = await read();
    assert.equal((await write('PUT', etag, document)).status, 412);
    assert.equal((await server.json<{ title: string }>('/collections/lakes')).title, 'Lakes');
  });

  test('a DELETE goes by it', async () => {
    assert.equal((await write('DELETE', '"other"')).status, 412);
    const { etag } = await read();
    assert.equal((await write('DELETE', etag)).status, 204);
  });
});
