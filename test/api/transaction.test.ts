import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memberSpans } from '../../src/stac/json-text.ts';
import { collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

const memberTexts = (text: string) =>
  Object.fromEntries([...memberSpans(text)].map(([key, { start, end }]) => [key, text.slice(start, end)]));

describe('documents come back as they were sent', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c'), collection('d')]);
  });
  after(() => server.close());

  const send = (method: string, path: string, body: string) =>
    server.get(path, { method, body, headers: { 'content-type': 'application/json' } });

  test('numbers, nulls, unknown fields and the order of members keep their text', async () => {
    const text = `{"type":"Feature","stac_version":"1.0.0","unknown:field":{"a":[1.0,1e-7,12345678901234567890,null,true]},
      "id":"exact","collection":"c","geometry":{"type":"Point","coordinates":[10.10,40.00000000000001]},"bbox":[10.10,40.00000000000001,10.10,40.00000000000001],
      "properties":{"datetime":"2024-01-01T00:00:00.123456789Z","big":1e300,"minus":-0.0,"empty":[],"none":null,"a.b":{"c:d":"\\u0000\\ud83d\\ude00é"}},
      "links":[{"rel":"license","href":"https://example.org/l","extra":1.50}],"assets":{"a":{"href":"./relative.tif","x":1.0}},"zzz":"last"}`;
    const created = await send('POST', '/collections/c/items', text);
    assert.equal(created.status, 201, await created.clone().text());
    assert.equal(created.headers.get('location'), `${server.base}/collections/c/items/exact`);
    const sent = memberTexts(text);
    for (const path of ['/collections/c/items/exact', '/search?ids=exact']) {
      let body = await (await server.get(path)).text();
      if (path.startsWith('/search')) body = memberTexts(body).features?.slice(1, -1) as string;
      const { links, ...rest } = memberTexts(body);
      const { links: sentLinks, ...sentRest } = sent;
      assert.deepEqual(rest, sentRest);
      assert.ok(links?.includes('{"rel":"license","href":"https://example.org/l","extra":1.50}'), sentLinks);
    }
  });

  const ids = [
    'a b',
    'a.b..c',
    'a/b/c',
    'ünï-コ-🛰',
    'x?y#z&=%25',
    '"quoted"\\',
    "it's",
    ':',
    '..a',
    'e\u0301',
  ];
  for (const id of ids) {
    test(`an Item with the id ${JSON.stringify(id)} has a life like others`, async () => {
      const path = `/collections/c/items/${encodeURIComponent(id)}`;
      const created = await send('POST', '/collections/c/items', JSON.stringify(item(id)));
      assert.equal(created.status, 201, await created.clone().text());
      const { links, id: found } = await server.json<{ id: string; links: { rel: string; href: string }[] }>(
        path,
      );
      assert.equal(found, id);
      const self = links.find(({ rel }) => rel === 'self')?.href ?? '';
      assert.equal((await server.json<{ id: string }>(self)).id, id);
      const byPost = await server.search({ ids: [id] });
      assert.deepEqual(
        byPost.features.map((each) => each.id),
        [id],
      );
      assert.equal((await send('DELETE', path, '')).status, 204);
      assert.equal((await server.get(path)).status, 404);
    });
  }

  test('Collections may have any id as well', async () => {
    for (const id of ['a/b', 'ünï 🛰', 'x?y#z']) {
      assert.equal((await send('POST', '/collections', JSON.stringify(collection(id)))).status, 201);
      const path = `/collections/${encodeURIComponent(id)}`;
      assert.equal(
        (await send('POST', `${path}/items`, JSON.stringify(item('i', { collection: id })))).status,
        201,
      );
      const page = await server.json<ItemCollection>(`${path}/items`);
      assert.deepEqual(
        page.features.map((each) => [each.collection, each.id]),
        [[id, 'i']],
      );
      assert.equal((await send('DELETE', path, '')).status, 204);
      assert.equal((await server.search({ collections: [id] })).numberMatched, 0);
    }
  });

  test('the same id lives in two Collections', async () => {
    for (const id of ['c', 'd']) {
      const body = JSON.stringify(item('twin', { collection: id }, { of: id }));
      assert.equal((await send('POST', `/collections/${id}/items`, body)).status, 201);
    }
    const { features } = await server.search({ ids: ['twin'] });
    assert.deepEqual(features.map(({ collection: home }) => home).sort(), ['c', 'd']);
    assert.equal((await send('DELETE', '/collections/c/items/twin', '')).status, 204);
    assert.equal((await server.get('/collections/d/items/twin')).status, 200);
  });

  test('an Item without place, and one without an instant, are kept and found', async () => {
    const nowhere = item('nowhere', { geometry: null, bbox: undefined });
    const interval = item(
      'interval',
      {},
      { datetime: null, start_datetime: '2019-01-01T00:00:00Z', end_datetime: '2019-02-01T00:00:00Z' },
    );
    for (const each of [nowhere, interval]) {
      assert.equal((await send('POST', '/collections/c/items', JSON.stringify(each))).status, 201);
    }
    const found = await server.json<{ geometry: null }>('/collections/c/items/nowhere');
    assert.equal(found.geometry, null);
    assert.deepEqual(
      (await server.search({ datetime: '2019-01-15T00:00:00Z' })).features.map(({ id }) => id),
      ['interval'],
    );
  });

  test('what is there is a 409, what is not a 404, what does not fit a 400 that says where', async () => {
    const conflict = await send('POST', '/collections', JSON.stringify(collection('c')));
    assert.equal(conflict.status, 409);
    assert.equal((await send('POST', '/collections/none/items', JSON.stringify(item('i')))).status, 404);
    assert.equal((await send('DELETE', '/collections/none', '')).status, 404);
    const bad: [object, RegExp][] = [
      [item('i', { collection: 'd' }), /collection/],
      [item('', {}), /id is ""; expected a string/],
      [
        item('i', {
          geometry: {
            type: 'Polygon',
            coordinates: [
              [
                [0, 0],
                [1, 1],
                [0, 1],
              ],
            ],
          },
        }),
        /at least 4/,
      ],
      [item('i', {}, { datetime: null }), /start_datetime and end_datetime/],
      [item('i', {}, { datetime: '2024-01-01' }), /RFC 3339/],
      [item('i', { assets: { a: {} } }), /assets.*href/],
      [item('i', { stac_version: '0.9.0' }), /version/i],
      [
        item(
          'i',
          { stac_extensions: ['https://stac-extensions.github.io/eo/v1.1.0/schema.json'] },
          { 'eo:cloud_cover': 'x' },
        ),
        /cloud_cover/,
      ],
    ];
    for (const [body, expected] of bad) {
      const response = await send('POST', '/collections/c/items', JSON.stringify(body));
      assert.equal(response.status, 400, JSON.stringify(body));
      const { description } = (await response.json()) as { description: string };
      assert.match(description, expected);
    }
  });

  test('an ItemCollection is written whole or not at all', async () => {
    const features = [item('m1'), item('m2', {}, { datetime: 'never' })];
    const path = '/collections/c/items';
    assert.equal(
      (await send('POST', path, JSON.stringify({ type: 'FeatureCollection', features }))).status,
      400,
    );
    assert.equal((await server.search({ ids: ['m1'] })).numberMatched, 0);
    const good = { type: 'FeatureCollection', features: [item('m1'), item('m2')] };
    assert.equal((await send('POST', path, JSON.stringify(good))).status, 201);
    assert.equal((await server.search({ ids: ['m1', 'm2'] })).numberMatched, 2);
  });

  test('PUT writes anew, and the place and time that searches see with it', async () => {
    await send('POST', '/collections/c/items', JSON.stringify(item('moved')));
    const there = item(
      'moved',
      { geometry: { type: 'Point', coordinates: [-50, -20] }, bbox: [-50, -20, -50, -20] },
      { datetime: '2011-01-01T00:00:00Z' },
    );
    assert.equal((await send('PUT', '/collections/c/items/moved', JSON.stringify(there))).status, 200);
    const found = await server.search({ bbox: [-51, -21, -49, -19], datetime: '2011-01-01T00:00:00Z' });
    assert.deepEqual(
      found.features.map(({ id }) => id),
      ['moved'],
    );
    assert.equal((await send('PUT', '/collections/c/items/other', JSON.stringify(there))).status, 400);
  });

  test('links of the server itself are replaced, not repeated', async () => {
    const first = await (await server.get('/collections/d/items/twin')).text();
    assert.equal((await send('PUT', '/collections/d/items/twin', first)).status, 200);
    assert.equal(await (await server.get('/collections/d/items/twin')).text(), first);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
