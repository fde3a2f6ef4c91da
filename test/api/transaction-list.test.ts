import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Entry {
  index: number;
  id: string | null;
  status: string;
  code?: string;
  reason?: string;
}

interface Report {
  created: number;
  updated: number;
  unchanged: number;
  skipped: number;
  failed: number;
  results: Entry[];
}

const PATH = '/collections/c/items';

describe('many documents in one POST', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c'), collection('d')]);
  });
  after(() => server.close());

  const send = (method: string, path: string, body?: object) =>
    server.get(path, {
      method,
      ...(body && { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    });
  const post = (features: unknown[], query = '') =>
    send('POST', `${PATH}${query}`, { type: 'FeatureCollection', features });
  async function report(response: Response, status: number): Promise<Report> {
    const text = await response.text();
    assert.equal(response.status, status, text);
    return JSON.parse(text) as Report;
  }
  const counts = ({ results: _, ...rest }: Report) =>
    Object.fromEntries(
      ['created', 'updated', 'unchanged', 'skipped', 'failed'].map((name) => [name, rest[name as 'created']]),
    );
  const none = { created: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0 };
  const ids = async () =>
    (await server.search({ collections: ['c'], limit: 1000 })).features.map(({ id }) => id).sort();
  const clear = async () => {
    for (const id of await ids()) assert.equal((await send('DELETE', `${PATH}/${id}`)).status, 204);
  };

  test('insert: all are created, each Item has the Collection of the path, and there is no Location', async () => {
    await clear();
    const response = await post([item('b', { collection: undefined }), item('a', { links: undefined })]);
    assert.equal(response.headers.get('location'), null);
    const all = await report(response, 201);
    assert.deepEqual(counts(all), { ...none, created: 2 });
    assert.deepEqual(all.results, [
      { index: 0, id: 'b', status: 'created' },
      { index: 1, id: 'a', status: 'created' },
    ]);
    assert.equal((await server.json(`${PATH}/b`)).collection, 'c');
  });

  test('insert: one that is there is a 409 that names it, and nothing is written', async () => {
    await clear();
    await send('POST', PATH, item('there'));
    const before = await (await server.get(`${PATH}/there`)).text();
    const features = [item('new'), item('there', {}, { changed: true }), item('new2')];
    const response = await post(features);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = (await report(response, 409)) as Report & {
      code: string;
      detail: string;
      instance: string;
    };
    assert.deepEqual([problem.code, problem.instance], ['Conflict', PATH]);
    assert.match(problem.detail, /features\[1\] "there".*nothing is written/);
    assert.deepEqual(
      problem.results.map(({ index, id, status, code }) => [index, id, status, code]),
      [[1, 'there', 'failed', 'Conflict']],
    );
    assert.deepEqual(await ids(), ['there']);
    assert.equal(await (await server.get(`${PATH}/there`)).text(), before);
  });

  test('every fault is reported, with index, id and reason', async () => {
    await clear();
    const features = [
      item('fine'),
      item('time', {}, { datetime: 'never' }),
      5,
      item('home', { collection: 'd' }),
      item('href', { assets: { a: {} } }),
      item('fine', {}, { second: true }),
      { ...item('x'), id: undefined },
    ];
    const { results, failed } = await report(await post(features), 400);
    assert.equal(failed, 6);
    const expected: [number, string | null, RegExp][] = [
      [1, 'time', /datetime/],
      [2, null, /not an object/],
      [3, 'home', /collection is "d"/],
      [4, 'href', /assets/],
      [5, 'fine', /two have the id "fine".*0/],
      [6, null, /id is missing; expected a string/],
    ];
    assert.deepEqual(
      results.map(({ index, id }) => [index, id]),
      expected.map(([index, id]) => [index, id]),
    );
    for (const [at, [, , told]] of expected.entries()) assert.match(results[at]?.reason ?? '', told);
    assert.deepEqual(await ids(), []);
  });

  test('partial: those without a fault are written, and the status is that of the fault', async () => {
    await clear();
    await send('POST', PATH, item('there'));
    const conflict = await report(
      await post([item('p1'), item('there', {}, { x: 1 })], '?partial=true'),
      409,
    );
    assert.deepEqual(counts(conflict), { ...none, created: 1, failed: 1 });
    const features = [item('p2'), item('bad', {}, { datetime: 'never' }), item('there')];
    const bad = (await report(await post(features, '?partial=true'), 400)) as Report & { detail: string };
    assert.deepEqual(
      bad.results.map(({ id, status, code }) => [id, status, code]),
      [
        ['p2', 'created', undefined],
        ['bad', 'failed', 'InvalidDocument'],
        ['there', 'failed', 'Conflict'],
      ],
    );
    assert.match(bad.detail, /the others are written/);
    assert.deepEqual(await ids(), ['p1', 'p2', 'there']);
    assert.equal(
      Object.hasOwn((await server.json<{ properties: object }>(`${PATH}/there`)).properties, 'x'),
      false,
    );
  });

  test('upsert: created, updated and unchanged are told apart', async () => {
    await clear();
    await report(await post([item('same'), item('other')]), 201);
    const features = [item('same'), item('other', {}, { title: 'new' }), item('new')];
    const all = await report(await post(features, '?mode=upsert'), 201);
    assert.deepEqual(
      all.results.map(({ id, status }) => [id, status]),
      [
        ['same', 'unchanged'],
        ['other', 'updated'],
        ['new', 'created'],
      ],
    );
    assert.deepEqual(counts(all), { ...none, created: 1, updated: 1, unchanged: 1 });
    const again = await report(await post(features, '?mode=upsert'), 200);
    assert.deepEqual(counts(again), { ...none, unchanged: 3 });
    const { properties } = await server.json<{ properties: { title: string } }>(`${PATH}/other`);
    assert.equal(properties.title, 'new');
  });

  test('skip: what is there stays as it is', async () => {
    await clear();
    await report(await post([item('old')]), 201);
    const features = [item('old', {}, { title: 'new' }), item('new')];
    assert.deepEqual(counts(await report(await post(features, '?mode=skip'), 201)), {
      ...none,
      created: 1,
      skipped: 1,
    });
    assert.deepEqual(counts(await report(await post(features, '?mode=skip'), 200)), { ...none, skipped: 2 });
    assert.equal(
      (await server.json<{ properties: { title?: string } }>(`${PATH}/old`)).properties.title,
      undefined,
    );
  });

  test('more than one statement takes are written whole or not at all', async () => {
    await clear();
    const features = Array.from({ length: 1200 }, (_, n) => item(`n${n}`));
    const { failed } = await report(await post([...features, item('bad', { geometry: undefined })]), 400);
    assert.deepEqual([failed, await ids()], [1, []]);
    assert.equal((await report(await post(features), 201)).created, 1200);
    const mixed = features.map((each, n) => (n % 400 === 0 ? item(`n${n}`, {}, { n }) : each));
    assert.deepEqual(counts(await report(await post(mixed, '?mode=upsert'), 200)), {
      ...none,
      updated: 3,
      unchanged: 1197,
    });
    assert.equal((await report(await post([...features, item('fresh')]), 409)).failed, 1200);
    for (const id of ['c']) assert.equal((await send('DELETE', `/collections/${id}`)).status, 204);
    assert.equal((await send('POST', '/collections', collection('c'))).status, 201);
  });

  test('parameters that are not known are a 400 that names them', async () => {
    const wrong = ['?mode=replace', '?mode=', '?partial=yes', '?method=upsert', '?mode=skip&mode=insert'];
    for (const query of wrong) assert.equal((await post([item('q')], query)).status, 400, query);
    assert.equal((await send('POST', `${PATH}?mode=upsert`, item('q'))).status, 400);
    for (const features of [undefined, null, {}, 'x']) {
      const response = await send('POST', PATH, { type: 'FeatureCollection', features });
      const { parameter } = (await response.json()) as { parameter: string };
      assert.deepEqual([response.status, parameter], [400, 'features']);
    }
    assert.equal((await report(await post([]), 201)).created, 0);
    assert.deepEqual(await ids(), []);
  });

  test('a list of Collections is written as a list of Items is', async () => {
    const all = await report(
      await send('POST', '/collections', { collections: [collection('l1'), collection('l2')] }),
      201,
    );
    assert.deepEqual(
      all.results.map(({ id, status }) => [id, status]),
      [
        ['l1', 'created'],
        ['l2', 'created'],
      ],
    );
    const list = { collections: [collection('l3'), collection('l2', { title: 'new' })] };
    await report(await send('POST', '/collections', list), 409);
    assert.equal((await server.get('/collections/l3')).status, 404);
    const upserted = await report(await send('POST', '/collections?mode=upsert', list), 201);
    assert.deepEqual(counts(upserted), { ...none, created: 1, updated: 1 });
    assert.equal((await server.json('/collections/l2')).title, 'new');
    const skipped = await report(
      await send('POST', '/collections?mode=skip', { collections: [collection('l2')] }),
      200,
    );
    assert.deepEqual(counts(skipped), { ...none, skipped: 1 });
  });

  test('lists that name the same Items in other orders, at once, all end', async () => {
    await clear();
    const names = Array.from({ length: 60 }, (_, n) => `r${n}`);
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, n) => {
        const features = names.map((id) => item(id, {}, { n }));
        return post(n % 2 === 0 ? features : features.reverse(), '?mode=upsert');
      }),
    );
    for (const response of responses) assert.ok(response.ok, await response.clone().text());
    assert.equal((await ids()).length, 60);
  });

  test('of 12 that create one Item at once, one does', async () => {
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) => send('POST', PATH, item('once', {}, { n }))),
    );
    assert.deepEqual(all.map(({ status }) => status).sort(), [201, ...Array(11).fill(409)]);
  });

  test('a Collection that is deleted while Items arrive leaves none behind', async () => {
    for (let round = 0; round < 3; round++) {
      assert.equal((await send('POST', '/collections', collection('going'))).status, 201);
      const insert = (n: number) =>
        send('POST', '/collections/going/items', item(`g${n}`, { collection: 'going' }));
      const early = Array.from({ length: 10 }, (_, n) => insert(n));
      const patched = send('PATCH', '/collections/going/items/g0', { properties: { x: 1 } });
      const deleted = send('DELETE', '/collections/going');
      const late = Array.from({ length: 10 }, (_, n) => insert(10 + n));
      assert.equal((await deleted).status, 204);
      for (const response of await Promise.all([...early, ...late])) {
        assert.ok([201, 404].includes(response.status), await response.clone().text());
      }
      assert.ok([200, 404].includes((await patched).status));
      assert.equal((await server.get('/collections/going')).status, 404);
      assert.equal((await server.search({ collections: ['going'] })).numberMatched, 0);
      const ids = Array.from({ length: 20 }, (_, n) => `g${n}`);
      assert.equal((await server.search({ ids })).numberMatched, 0);
    }
  });

  test('a Collection that is deleted while its Items are written anew is deleted', async () => {
    for (let round = 0; round < 4; round++) {
      const path = '/collections/anew/items?mode=upsert';
      assert.equal((await send('POST', '/collections', collection('anew'))).status, 201);
      const features = (n: number) => ({
        type: 'FeatureCollection',
        features: Array.from({ length: 100 }, (_, at) => item(`a${at}`, { collection: 'anew' }, { n })),
      });
      assert.equal((await send('POST', path, features(0))).status, 201);
      const early = Array.from({ length: 3 }, (_, n) => send('POST', path, features(n + 1)));
      const [deleted, ...written] = await Promise.all([send('DELETE', '/collections/anew'), ...early]);
      assert.equal(deleted.status, 204, await deleted.text());
      for (const response of written) {
        assert.ok([200, 201, 404].includes(response.status), await response.clone().text());
      }
      assert.equal((await server.search({ ids: ['a0', 'a99'] })).numberMatched, 0);
    }
  });

  test('writes of every kind at once, with readers, all end well', async () => {
    const many = (n: number) => ({
      type: 'FeatureCollection',
      features: Array.from({ length: 50 }, (_, at) => item(`a${at}`, { collection: 'busy' }, { n })),
    });
    const path = '/collections/busy';
    const seen = new Set<string>();
    const note = async (name: string, response: Promise<Response>) =>
      void seen.add(`${name} ${(await response).status}`);
    for (let round = 0; round < 6; round++) {
      await send('POST', '/collections', collection('busy'));
      await send('POST', `${path}/items`, many(0));
      const all: Promise<void>[] = [];
      for (let n = 1; n <= 3; n++) {
        all.push(note('upsert', send('POST', `${path}/items?mode=upsert`, many(n))));
        all.push(note('get', server.get(path)));
        all.push(note('list', server.get('/collections')));
        all.push(note('patch', send('PATCH', path, { [`x:${n}`]: 1 })));
        all.push(note('patch', send('PATCH', `${path}/items/a1`, { properties: { n } })));
        all.push(note('delete', send('DELETE', `${path}/items/a${n}`)));
      }
      all.push(note('delete', send('DELETE', path)));
      await Promise.all(all);
    }
    const accepted = [
      'upsert 200',
      'upsert 201',
      'upsert 404',
      'get 200',
      'get 404',
      'list 200',
      'patch 200',
    ];
    const known = new Set([...accepted, 'patch 404', 'delete 204', 'delete 404']);
    assert.deepEqual(
      [...seen].filter((each) => !known.has(each)),
      [],
    );
    await send('DELETE', path);
  });

  test('what may be left out of a document is what the address or the specification says', async () => {
    await clear();
    const {
      id: _,
      links: __,
      assets: ___,
      collection: ____,
      ...rest
    } = item('put') as Record<string, unknown>;
    assert.equal((await send('POST', PATH, rest)).status, 400, 'POST must have an id');
    assert.equal((await send('POST', PATH, { ...rest, id: 'put' })).status, 201);
    assert.equal((await send('PUT', `${PATH}/put`, rest)).status, 200);
    assert.equal((await send('PUT', `${PATH}/put`, { ...rest, id: 'else' })).status, 400);
    const { id, collection: home } = await server.json(`${PATH}/put`);
    assert.deepEqual([id, home], ['put', 'c']);
    const { id: _____, ...untitled } = collection('d') as Record<string, unknown>;
    assert.equal((await send('PUT', '/collections/d', untitled)).status, 200);
    assert.equal((await send('POST', '/collections', untitled)).status, 400);
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
