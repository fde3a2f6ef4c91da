import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const STRONG = /^"[\x21\x23-\x7e]+"$/;
const ITEM = '/collections/c/items/i';
const COLLECTION = '/collections/c';

describe('entity tags and conditions', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  const write = (method: string, path: string, body: object | null, headers: Record<string, string> = {}) =>
    server.get(path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
  const tagOf = async (path: string) => (await server.get(path)).headers.get('etag') as string;

  for (const path of [ITEM, COLLECTION]) {
    test(`${path} has a strong tag, another for each coding, and any of them is known again`, async () => {
      const tags: string[] = [];
      for (const coding of ['identity', 'gzip', 'br']) {
        const headers = { 'accept-encoding': coding };
        const response = await server.get(path, { headers });
        await response.arrayBuffer();
        const etag = String(response.headers.get('etag'));
        assert.match(etag, STRONG);
        assert.match(response.headers.get('vary') ?? '', /Accept-Encoding/i);
        tags.push(etag);
        const held = await server.get(path, { headers: { ...headers, 'if-none-match': etag } });
        assert.deepEqual([held.status, held.headers.get('etag')], [304, etag]);
        assert.match(held.headers.get('vary') ?? '', /Accept-Encoding/i);
        const matched = await server.get(path, { headers: { ...headers, 'if-match': etag } });
        assert.equal(matched.status, 200);
        await matched.arrayBuffer();
      }
      // Too short to be compressed, or not.
      const length = (await (await server.get(path)).text()).length;
      assert.equal(new Set(tags).size, length < 1024 ? 1 : 3);
      const head = await server.get(path, { method: 'HEAD' });
      assert.equal(head.headers.get('etag'), tags[0]);
    });

    test(`${path}: If-Match of another state is a 412 on GET too`, async () => {
      for (const wanted of ['"other"', `W/${await tagOf(path)}`])
        assert.equal((await server.get(path, { headers: { 'if-match': wanted } })).status, 412);
    });

    test(`${path} is a 304 with its tag for who has it`, async () => {
      const etag = await tagOf(path);
      for (const held of [etag, `W/${etag}`, '*', `"other", ${etag}`, `"a,b",W/${etag} , "c"`]) {
        for (const method of ['GET', 'HEAD']) {
          const response = await server.get(path, { method, headers: { 'if-none-match': held } });
          assert.deepEqual([response.status, await response.text()], [304, ''], held);
          if (held !== '*') assert.equal(response.headers.get('etag'), etag);
        }
      }
      for (const held of ['"other"', 'W/"other"', etag.slice(1, -1), '']) {
        assert.equal((await server.get(path, { headers: { 'if-none-match': held } })).status, 200, held);
      }
    });

    test(`${path}: each write gives the tag that GET gives then, and another than before`, async () => {
      const kept = await server.json(path);
      const seen = [await tagOf(path)];
      const title = path === ITEM ? { properties: { title: 'x' } } : { title: 'x' };
      for (const [method, body] of [
        ['PATCH', title],
        ['PUT', kept],
      ] as const) {
        const response = await write(method, path, body);
        assert.equal(response.status, 200);
        const etag = response.headers.get('etag') as string;
        assert.equal(etag, await tagOf(path));
        assert.notEqual(etag, seen.at(-1));
        seen.push(etag);
      }
      assert.equal(seen[2], seen[0], 'the same document has the same tag');
    });

    test(`${path}: If-Match lets through who knows the document as it is`, async () => {
      const etag = await tagOf(path);
      const before = await (await server.get(path)).text();
      const body = JSON.parse(before) as object;
      for (const [method, document] of [
        ['PUT', body],
        ['PATCH', {}],
        ['DELETE', null],
      ] as const) {
        for (const wanted of ['"other"', `W/${etag}`, '"a", "b"', '""']) {
          const response = await write(method, path, document, { 'if-match': wanted });
          const { code, parameter } = (await response.json()) as { code: string; parameter: string };
          assert.deepEqual(
            [response.status, code, parameter],
            [412, 'PreconditionFailed', 'if-match'],
            wanted,
          );
        }
        for (const wanted of ['other', '"open', '"a" "b"', '*, "a"']) {
          assert.equal((await write(method, path, document, { 'if-match': wanted })).status, 400, wanted);
        }
        for (const unwanted of ['*', etag, `W/${etag}`]) {
          assert.equal((await write(method, path, document, { 'if-none-match': unwanted })).status, 412);
        }
      }
      assert.equal(await (await server.get(path)).text(), before, 'none of them was written');
      for (const wanted of [etag, '*', `"other" , ${etag}`]) {
        assert.equal((await write('PUT', path, body, { 'if-match': wanted })).status, 200, wanted);
        assert.equal((await write('PATCH', path, {}, { 'if-match': wanted })).status, 200, wanted);
      }
      assert.equal((await write('PATCH', path, {}, { 'if-none-match': '"other"' })).status, 200);
    });
  }

  test('what is not there is a 404, whatever the conditions', async () => {
    const conditions: Record<string, string>[] = [
      { 'if-match': '*' },
      { 'if-match': '"a"' },
      { 'if-none-match': '*' },
    ];
    for (const headers of conditions) {
      for (const [method, body] of [
        ['PUT', item('none')],
        ['PATCH', {}],
        ['DELETE', null],
      ] as const) {
        assert.equal((await write(method, '/collections/c/items/none', body, headers)).status, 404);
      }
    }
  });

  test('POST gives the tag and the place of what it made', async () => {
    const response = await write('POST', '/collections/c/items', item('made'));
    const location = response.headers.get('location') as string;
    assert.equal(response.status, 201);
    assert.equal(location, `${server.base}/collections/c/items/made`);
    assert.equal(response.headers.get('etag'), await tagOf(location));
    assert.equal((await write('DELETE', location, null, { 'if-match': await tagOf(location) })).status, 204);
    assert.equal((await server.get(location)).status, 404);
  });

  test('of 12 writes that know one tag, one is done', async () => {
    const etag = await tagOf(ITEM);
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) => write('PATCH', ITEM, { properties: { n } }, { 'if-match': etag })),
    );
    assert.deepEqual(all.map(({ status }) => status).sort(), [200, ...Array(11).fill(412)]);
    const winner = all.find(({ status }) => status === 200) as Response;
    assert.equal(await winner.text(), await (await server.get(ITEM)).text());
  });

  test('a Collection that is read, changed and sent back keeps its own extent for when its Items are gone', async () => {
    await server.store([collection('own'), item('one', { collection: 'own' })]);
    const [path, own] = ['/collections/own', (collection('own') as { extent: object }).extent];
    const read = await server.json<{ extent: { spatial: object } }>(path);
    assert.deepEqual(read.extent.spatial, { bbox: [[10, 40, 11, 41]] });
    const response = await write('PUT', path, { ...read, title: 'new' }, { 'if-match': await tagOf(path) });
    assert.equal(response.status, 200, await response.clone().text());
    assert.deepEqual(((await response.json()) as typeof read).extent, read.extent);
    assert.equal((await write('PATCH', path, { keywords: ['k'] })).status, 200);
    assert.equal((await write('DELETE', `${path}/items/one`, null)).status, 204);
    const { extent, title } = await server.json(path);
    assert.deepEqual([extent, title], [own, 'new']);
  });

  test('who prefers no document gets a 204 with the tag', async () => {
    const { links: _, ...body } = item('i') as { links: unknown };
    for (const [method, document] of [
      ['PUT', body],
      ['PATCH', { properties: { q: 1 } }],
    ] as const) {
      const response = await write(method, ITEM, document, { prefer: 'respond-async, return=minimal' });
      assert.deepEqual([response.status, await response.text()], [204, '']);
      assert.equal(response.headers.get('preference-applied'), 'return=minimal');
      assert.equal(response.headers.get('etag'), await tagOf(ITEM));
    }
  });

  test('who prefers lenient handling is not held to the schemas of extensions, but to the core', async () => {
    const cloudy = {
      stac_extensions: ['https://stac-extensions.github.io/eo/v1.1.0/schema.json'],
      properties: { 'eo:cloud_cover': 'x' },
    };
    assert.equal((await write('PATCH', ITEM, cloudy)).status, 400);
    assert.equal((await write('PATCH', ITEM, cloudy, { prefer: 'handling=lenient' })).status, 200);
    const { stac_extensions } = await server.json(ITEM);
    assert.deepEqual(stac_extensions, cloudy.stac_extensions);
    const core = { assets: { a: {} } };
    assert.equal((await write('PATCH', ITEM, core, { prefer: 'handling=lenient' })).status, 400);
  });

  const WRITING = {
    [ITEM]: 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
    [COLLECTION]: 'DELETE, GET, HEAD, OPTIONS, PATCH, PUT',
  };
  for (const [path, allow] of Object.entries(WRITING)) {
    test(`OPTIONS ${path} tells the methods and the patches`, async () => {
      const { status, headers } = await server.get(path, { method: 'OPTIONS' });
      assert.deepEqual([status, headers.get('allow')], [204, allow]);
      assert.match(headers.get('accept-patch') ?? '', /merge-patch\+json.*json-patch\+json/);
    });
  }

  test('OPTIONS of the lists tells POST, and no patches', async () => {
    for (const path of ['/collections/c/items', '/collections']) {
      const { headers } = await server.get(path, { method: 'OPTIONS' });
      assert.match(headers.get('allow') ?? '', /POST/);
      assert.equal(headers.get('accept-patch'), null);
    }
  });

  test('a browser on another origin may send conditions and read what it needs', async () => {
    const preflight = await server.get(ITEM, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.org',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,if-match,prefer',
      },
    });
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /PATCH/);
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type,if-match,prefer');
    const read = await server.get(ITEM, { headers: { origin: 'https://example.org' } });
    const exposed = (read.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(',');
    for (const name of ['etag', 'location', 'allow', 'accept-patch']) assert.ok(exposed.includes(name), name);
  });

  test('both classes are declared', async () => {
    const { conformsTo } = await server.json<{ conformsTo: string[] }>('/conformance');
    for (const part of ['ogcapi-features', 'collections'])
      assert.ok(conformsTo.includes(`https://api.stacspec.org/v1.0.0/${part}/extensions/transaction`));
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
