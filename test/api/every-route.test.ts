import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { storeScene } from '../support/pictures.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, object> };
}
type Paths = Record<string, Record<string, Operation>>;

const IDS: Record<string, string> = {
  collectionId: 'c',
  itemId: 'i',
  assetKey: 'k',
  scope: 'lake',
  z: '0',
  x: '0',
  y: '0',
};
/** An address of the description, with ids of what is there. */
const filled = (path: string, ids = IDS) =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(ids[name] ?? ''));

describe('every route of /api', () => {
  let server: TestServer;
  let paths: [string, Record<string, Operation>][];
  const asked = (path: string, method: string, init: RequestInit = {}) =>
    server.get(path, { ...init, method: method.toUpperCase() });
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await storeScene(server.config);
    // An asset leads to its address, and there are pictures of it.
    const href = 'rucio-stac://api/assets/scene/red.tif';
    const assets = { k: { href, type: 'image/tiff', roles: ['data'] } };
    await server.store([collection('c', { 'rucio:scope': 'lake' }), item('i', { assets }, { level: 5 })]);
    paths = Object.entries((await server.json<{ paths: Paths }>('/api')).paths);
  });
  after(() => server.close());

  /** What went wrong, of everything: no route alone hides the others. */
  async function each(
    run: (path: string, operations: Record<string, Operation>) => Promise<string[]>,
  ): Promise<void> {
    const found: string[] = [];
    for (const [path, operations] of paths) found.push(...(await run(path, operations)));
    assert.deepEqual(found, []);
    assert.deepEqual(server.faults, []);
  }

  test('HEAD is what GET is, without a body', () =>
    each(async (path, operations) => {
      if (!operations.get) return [];
      const [get, head] = [await asked(filled(path), 'get'), await asked(filled(path), 'head')];
      const of = ({ status, headers }: Response) => [
        status,
        headers.get('content-type'),
        // A body that is not sent is not compressed.
        headers.get('etag')?.replace(/-gzip"$/, '"'),
      ];
      await get.arrayBuffer();
      const isSame = JSON.stringify(of(get)) === JSON.stringify(of(head));
      return get.status === 200 && isSame && (await head.text()) === ''
        ? []
        : [`${path}: ${of(get)} and ${of(head)}`];
    }));

  test('OPTIONS names the methods, and each other one is a 405 that names them too', () =>
    each(async (path, operations) => {
      const known = new Set([...Object.keys(operations), 'options'].map((name) => name.toUpperCase()));
      if (known.has('GET')) known.add('HEAD');
      const allow = [...known].sort().join(', ');
      const options = await asked(filled(path), 'options');
      const wrong =
        options.status === 204 && options.headers.get('allow') === allow ? [] : [`OPTIONS ${path}`];
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((name) => !known.has(name))) {
        const response = await asked(filled(path), method);
        await response.text();
        if (response.status !== 405 || response.headers.get('allow') !== allow)
          wrong.push(`${method} ${path}: ${response.status}`);
      }
      return wrong;
    }));

  test('a parameter that no route has is a 400 that names it', () =>
    each(async (path, operations) => {
      const wrong: string[] = [];
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const [type] = Object.keys(requestBody?.content ?? {});
        const init = type ? { body: '{}', headers: { 'content-type': type } } : {};
        const response = await asked(`${filled(path)}?nonesuch=1`, method, init);
        const text = await response.text();
        if (response.status !== 400 || !text.includes('"parameter":"nonesuch"'))
          wrong.push(`${method} ${path}: ${response.status} ${text.slice(0, 200)}`);
      }
      return wrong;
    }));

  const scalars = ['[]', 'null', '0', 'true', '"x"', '-1e999', '[[]]', '[null]', '{', '\u0000', '[{}]'];
  test('a body that is no object is a 400 on POST, PUT and PATCH', () =>
    each(async (path, operations) => {
      const wrong: string[] = [];
      for (const [method, { requestBody }] of Object.entries(operations)) {
        for (const type of Object.keys(requestBody?.content ?? {}))
          for (const body of scalars) {
            const response = await asked(filled(path), method, { body, headers: { 'content-type': type } });
            const text = await response.text();
            const isJsonPatch = type === 'application/json-patch+json';
            const isList = body.startsWith('[');
            // A JSON Patch without operations is one; a list of them is of another media type than a merge.
            const expected = method === 'patch' && isList && !isJsonPatch ? 415 : 400;
            if (response.status !== (isJsonPatch && body === '[]' ? 200 : expected))
              wrong.push(`${method} ${path} ${type} ${body}: ${text}`);
          }
      }
      return wrong;
    }));

  test('a NUL in a path is a 404 or a 400', () =>
    each(async (path, operations) => {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
      const wrong: string[] = [];
      for (const name of names)
        for (const [method, { requestBody }] of Object.entries(operations)) {
          const address = filled(path, { ...IDS, [name]: `${IDS[name]}\0` });
          assert.ok(address.includes('%00'));
          const [type] = Object.keys(requestBody?.content ?? {});
          const init = type ? { body: '{}', headers: { 'content-type': type } } : {};
          const response = await asked(address, method, init);
          await response.text();
          if (![400, 404].includes(response.status)) wrong.push(`${method} ${address}: ${response.status}`);
        }
      return wrong;
    }));

  test('a NUL in a parameter, alone or within, is a 4xx or finds nothing', () =>
    each(async (path, operations) => {
      const wrong: string[] = [];
      for (const [method, { parameters = [] }] of Object.entries(operations))
        for (const { name, in: where } of parameters.filter((one) => one.in !== 'path'))
          for (const value of ['%00', 'a%00b', '%22%00%22', '{"a":{"eq":"%00"}}', "platform='%00'"]) {
            // No client sends a NUL in a header.
            if (where === 'header' || method === 'delete') continue;
            const init =
              method === 'get' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } };
            const response = await asked(`${filled(path)}?${name}=${value}`, method, init);
            await response.text();
            if (response.status >= 500) wrong.push(`${method} ${path} ${name}=${value}: ${response.status}`);
          }
      return wrong;
    }));

  const nul = 'a\0b';
  const members: Record<string, unknown[]> = {
    ids: [[nul]],
    collections: [[nul]],
    datetime: [nul],
    intersects: [
      { type: nul, coordinates: [0, 0] },
      { type: 'Point', coordinates: [0, 0], [nul]: nul },
    ],
    filter: [
      { op: '=', args: [{ property: 'platform' }, nul] },
      { op: '=', args: [{ property: nul }, 1] },
      { op: nul, args: [] },
      { op: 'like', args: [{ property: 'platform' }, nul] },
      `platform = '${nul}'`,
    ],
    query: [{ platform: { eq: nul } }, { [nul]: { eq: 1 } }, { platform: { [nul]: 1 } }],
    sortby: [[{ field: nul }]],
    fields: [{ include: [nul] }, { exclude: [`properties.${nul}`] }],
    q: [nul, [nul], `"${nul}"`],
    token: [nul],
    aggregations: [[nul]],
  };
  test('a NUL in any member of a search is a 4xx or finds nothing', () =>
    each(async (path, operations) => {
      if (!/search|aggregate|collections$/.test(path) || !operations.post) return [];
      const wrong: string[] = [];
      for (const [name, values] of Object.entries(members))
        for (const value of values) {
          const isText = name === 'filter' && typeof value === 'string';
          const body = JSON.stringify({ [name]: value, ...(isText && { 'filter-lang': 'cql2-text' }) });
          assert.ok(body.includes('\\u0000'));
          const response = await asked(filled(path), 'post', {
            body,
            headers: { 'content-type': 'application/json' },
          });
          const text = await response.text();
          if (response.status >= 500) wrong.push(`${path} ${body}: ${text}`);
        }
      return wrong;
    }));

  const forged = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const evil = `'; drop table items; --`;
  test('a token that is cut off, of another search, or forged is a 400 that says so', () =>
    each(async (path, operations) => {
      if (!operations.get?.parameters?.some(({ name }) => name === 'token')) return [];
      const other = path === '/search' ? ['id asc'] : ['datetime desc', 'id desc'];
      const right = forged('next', ['datetime', 'id'], ['2024-01-01T00:00:00.000000Z', 'a'], 1);
      const tokens = [
        right.slice(0, -9),
        right.slice(9),
        `${right}x`,
        forged('next', other, ['a', 'b'], 1),
        forged('next', [evil, evil], [evil, evil], 1),
        forged(evil, [], [], 1),
        forged('next', [], [], 1),
        forged('next', ['__proto__'], [null], 1),
        forged({ length: 4 }),
        evil,
        `${evil}\u0000`,
        '%',
        'W10',
      ];
      const wrong: string[] = [];
      for (const token of tokens) {
        const response = await asked(`${filled(path)}?${new URLSearchParams({ token })}`, 'get');
        const text = await response.text();
        const { parameter } = (response.status === 400 ? JSON.parse(text) : {}) as { parameter?: string };
        if (parameter !== 'token') wrong.push(`${path} ${token}: ${response.status} ${text.slice(0, 200)}`);
      }
      return wrong;
    }));

  test('a forged token of the right order carries text, never SQL', async () => {
    await server.store([item('j'), item('k')]);
    const { links } = await server.json<ItemCollection>('/search?limit=1');
    const next = new URL(links.find(({ rel }) => rel === 'next')?.href ?? '');
    const token = next.searchParams.get('token') ?? '';
    const [, order, values] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [
      string,
      string[],
      string[],
    ];
    assert.equal(order.length, values.length);
    for (const place of values.keys())
      for (const value of [evil, '\0', '9'.repeat(5000), '', 'NaN', 'infinity', '{', null]) {
        const forgedValues = values.map((one, index) => (index === place ? value : one));
        const response = await server.get(`/search?limit=1&token=${forged('next', order, forgedValues, 3)}`);
        const text = await response.text();
        assert.ok([200, 400].includes(response.status), `${place} ${value}: ${text}`);
      }
    assert.equal((await server.search({})).numberMatched, 3);
    assert.deepEqual(server.faults, []);
  });
});
