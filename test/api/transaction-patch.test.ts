import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memberTexts } from '../../src/stac/json-text.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Problem {
  code: string;
  description: string;
  parameter?: string;
}

const MERGE = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const ITEM = '/collections/c/items/i';

/** Numbers, keys and nulls that JSON.parse and JSON.stringify would change. */
const PROPERTIES = `{"datetime":"2024-01-01T00:00:00Z","one":1.0,"tiny":1e-7,"big":12345678901234567890,
  "long":123456789012345678901234567890,"none":null,"a.b":{"c:d": [ 1.50 ]},"gsd":10}`;
const TEXT = `{"zzz":"first","type":"Feature","stac_version":"1.1.0","id":"i","collection":"c",
  "geometry":{"type":"Point","coordinates":[10.10,40.00]},"bbox":[10.10,40.00,10.10,40.00],
  "properties":${PROPERTIES},"assets":{"data":{"href":"./a.tif","x":1.0}},
  "links":[{"rel":"license","href":"https://example.org/l","extra":1.50}]}`;

describe('PATCH', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c', { title: 'before' })]);
    assert.equal((await send('POST', '/collections/c/items', TEXT, 'application/json')).status, 201);
  });
  after(() => server.close());

  const send = (method: string, path: string, body: string | object, type = MERGE, headers = {}) =>
    server.get(path, {
      method,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': type, ...headers },
    });
  const properties = (text: string) => memberTexts(memberTexts(text).get('properties') as string);

  async function refused(response: Response, status: number, told: RegExp): Promise<Problem> {
    const text = await response.text();
    assert.equal(response.status, status, text);
    const problem = JSON.parse(text) as Problem;
    assert.match(problem.description, told);
    return problem;
  }

  for (const type of [MERGE, 'application/json', 'application/merge-patch+json; charset=utf-8', JSON_PATCH]) {
    test(`${type} changes what it names and no text beside it`, async () => {
      const before = await (await server.get(ITEM)).text();
      const value = `${type.length}.0`;
      const body =
        type === JSON_PATCH
          ? `[{"op":"replace","path":"/properties/gsd","value":${value}}]`
          : `{"properties":{"gsd":${value}}}`;
      const response = await send('PATCH', ITEM, body, type);
      const after = await response.text();
      assert.equal(response.status, 200, after);
      assert.equal(after, await (await server.get(ITEM)).text(), 'the reply is what GET gives');
      const [was, is] = [memberTexts(before), memberTexts(after)];
      assert.deepEqual([...is.keys()], [...was.keys()], 'order of members');
      for (const [key, text] of was) if (key !== 'properties') assert.equal(is.get(key), text);
      const sent = memberTexts(PROPERTIES);
      sent.set('gsd', value);
      assert.deepEqual([...properties(after)], [...sent]);
    });
  }

  test('null deletes a member, and what searches see follows', async () => {
    const point = { geometry: { type: 'Point', coordinates: [-50, -20] }, bbox: [-50, -20, -50, -20] };
    const body = { ...point, properties: { gsd: null, datetime: '2011-01-01T00:00:00Z' } };
    const response = await send('PATCH', ITEM, body);
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(properties(await response.text()).has('gsd'), false);
    const found = await server.search({ bbox: [-51, -21, -49, -19], datetime: '2011-01-01T00:00:00Z' });
    assert.deepEqual(
      found.features.map(({ id }) => id),
      ['i'],
    );
  });

  test('links: foreign ones stand first, own ones cannot be taken away', async () => {
    const links = async () =>
      (await server.json<{ links: { rel: string }[] }>(ITEM)).links.map(({ rel }) => rel);
    const own = ['self', 'parent', 'collection', 'root'];
    assert.deepEqual(await links(), ['license', ...own]);
    const patch = [
      { op: 'test', path: '/links/0/rel', value: 'license' },
      { op: 'test', path: '/links/1/href', value: `${server.base}${ITEM}` },
      { op: 'remove', path: '/links/1' },
      { op: 'add', path: '/links/-', value: { rel: 'about', href: 'https://example.org/a' } },
    ];
    assert.equal((await send('PATCH', ITEM, patch, JSON_PATCH)).status, 200);
    assert.deepEqual(await links(), ['license', 'about', ...own]);
    assert.equal((await send('PATCH', ITEM, { links: [] })).status, 200);
    assert.deepEqual(await links(), own);
  });

  test('what the address says cannot be changed', async () => {
    await refused(await send('PATCH', ITEM, { id: 'other' }), 400, /"other".*"i"/);
    await refused(await send('PATCH', ITEM, { collection: 'other' }), 400, /"other".*"c"/);
    const move = [{ op: 'replace', path: '/id', value: 'other' }];
    await refused(await send('PATCH', ITEM, move, JSON_PATCH), 400, /"other"/);
    await refused(await send('PATCH', '/collections/c', { id: 'other' }), 400, /"other".*"c"/);
    assert.equal((await send('PATCH', ITEM, { id: null, collection: null })).status, 200);
    const { id, collection: home } = await server.json(ITEM);
    assert.deepEqual([id, home], ['i', 'c']);
  });

  test('the result is checked as a PUT is, and what fails leaves no trace', async () => {
    const before = await (await server.get(ITEM)).text();
    await refused(await send('PATCH', ITEM, { properties: { datetime: 'never' } }), 400, /RFC 3339/);
    await refused(
      await send('PATCH', ITEM, { properties: null }),
      400,
      /properties is (null|missing); expected an object/,
    );
    await refused(await send('PATCH', ITEM, { stac_version: '0.9.0' }), 400, /stac_version/);
    await refused(await send('PATCH', ITEM, { assets: { bad: { title: 'no href' } } }), 400, /href/);
    await refused(await send('PATCH', ITEM, { type: 'Collection' }), 400, /Feature/);
    const half = [
      { op: 'add', path: '/properties/half', value: 1 },
      { op: 'test', path: '/properties/half', value: 2 },
    ];
    const problem = await refused(await send('PATCH', ITEM, half, JSON_PATCH), 409, /^operation 1 \(test/);
    assert.equal(problem.parameter, '[1]');
    assert.equal(await (await server.get(ITEM)).text(), before);
  });

  test('a patch that cannot be read is a 400, one of another type a 415 with Accept-Patch', async () => {
    await refused(await send('PATCH', ITEM, '{"a":'), 400, /not JSON/);
    for (const body of ['null', '5', '"x"', '']) await refused(await send('PATCH', ITEM, body), 400, /JSON/);
    await refused(await send('PATCH', ITEM, '{}', JSON_PATCH), 400, /list of operations/);
    await refused(await send('PATCH', ITEM, '[]'), 415, /json-patch\+json/);
    const response = await send('PATCH', ITEM, '<a/>', 'application/xml');
    assert.equal(
      response.headers.get('accept-patch'),
      'application/merge-patch+json, application/json, application/json-patch+json',
    );
    const { parameter } = await refused(response, 415, /"application\/xml"; accepted are/);
    assert.equal(parameter, 'content-type');
    await refused(await send('PUT', ITEM, TEXT, MERGE), 415, /accepted are application\/json/);
    const deep = `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`;
    await refused(await send('PATCH', ITEM, deep), 400, /deeper/);
    const inner = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`;
    const twice = `[{"op":"add","path":"/properties/x","value":${inner}},{"op":"copy","from":"/properties/x","path":"/properties/x${'/a'.repeat(60)}"}]`;
    await refused(await send('PATCH', ITEM, twice, JSON_PATCH), 400, /deeper/);
  });

  test('a document that would be larger than a body may be is a 413', async () => {
    const patch = [
      { op: 'add', path: '/properties/a', value: 'x'.repeat(9_000_000) },
      ...['b', 'c', 'd'].map((name) => ({ op: 'copy', from: '/properties/a', path: `/properties/${name}` })),
    ];
    await refused(await send('PATCH', ITEM, patch, JSON_PATCH), 413, /more than 33554432 bytes/);
  });

  test('what is not there is a 404', async () => {
    await refused(await send('PATCH', '/collections/c/items/none', {}), 404, /"none"/);
    await refused(await send('PATCH', '/collections/none/items/i', {}), 404, /Collection "none"/);
    await refused(await send('PATCH', '/collections/none', {}), 404, /"none"/);
    await refused(await send('PATCH', '/collections/c/items/%00', {}), 404, /no Item/);
    await refused(await send('DELETE', '/collections/%00', '', JSON_PATCH), 404, /no Collection/);
  });

  test('a Collection is patched as an Item is', async () => {
    const response = await send('PATCH', '/collections/c', '{"title":"after","x:n":1.0}');
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(memberTexts(await response.text()).get('x:n'), '1.0');
    const patch = [
      { op: 'remove', path: '/title' },
      { op: 'add', path: '/keywords', value: ['a'] },
    ];
    assert.equal((await send('PATCH', '/collections/c', patch, JSON_PATCH)).status, 200);
    const { title, keywords } = await server.json('/collections/c');
    assert.deepEqual([title, keywords], [undefined, ['a']]);
    await refused(await send('PATCH', '/collections/c', { extent: null }), 400, /extent/);
  });

  test('24 PATCHes of one Item at once are all kept', async () => {
    const names = Array.from({ length: 24 }, (_, n) => `p${n}`);
    const responses = await Promise.all(
      names.map((name, n) =>
        n % 2 === 0
          ? send('PATCH', ITEM, { properties: { [name]: n } })
          : send('PATCH', ITEM, [{ op: 'add', path: `/properties/${name}`, value: n }], JSON_PATCH),
      ),
    );
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
    const { properties: kept } = await server.json<{ properties: Record<string, unknown> }>(ITEM);
    assert.deepEqual(
      names.map((name) => kept[name]),
      names.map((_, n) => n),
    );
  });

  test('24 PATCHes of one Collection at once are all kept', async () => {
    const names = Array.from({ length: 24 }, (_, n) => `x:p${n}`);
    const responses = await Promise.all(names.map((name) => send('PATCH', '/collections/c', { [name]: 1 })));
    assert.deepEqual(new Set(responses.map(({ status }) => status)), new Set([200]));
    const kept = await server.json('/collections/c');
    assert.ok(names.every((name) => kept[name] === 1));
  });

  test('an address of ours that a client read and sends back follows the public address', async () => {
    const asset = { href: `${server.base}/assets/c/i.tif`, title: `see ${server.base}/assets/c/i.tif` };
    const other = { href: `${server.base.replace('127.0.0.1', 'localhost')}/x.tif` };
    await send('PATCH', ITEM, { assets: { data: asset, other } });
    const read = await (await server.get(ITEM)).text();
    assert.equal((await send('PUT', ITEM, read, 'application/geo+json')).status, 200);
    const { assets } = await server.json<{ assets: Record<string, { href: string; title: string }> }>(
      ITEM.replace('/', `${server.base.replace('127.0.0.1', 'localhost')}/`),
    );
    assert.equal(assets.data?.href, `${server.base.replace('127.0.0.1', 'localhost')}/assets/c/i.tif`);
    assert.equal(assets.data?.title, asset.title);
    assert.equal(await (await server.get(ITEM)).text(), read);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});

test('where writing is off, PATCH is a 405 and no class is declared', async () => {
  const server = await startTestServer();
  try {
    await server.store([collection('c'), item('i')]);
    const response = await server.get(ITEM, {
      method: 'PATCH',
      body: '{}',
      headers: { 'content-type': MERGE },
    });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
    const { conformsTo } = await server.json<{ conformsTo: string[] }>('/conformance');
    assert.ok(!conformsTo.some((uri) => uri.endsWith('/transaction')));
  } finally {
    await server.close();
  }
});
