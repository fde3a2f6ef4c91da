import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const assets = {
  cog: { href: 'rucio-stac://api/assets/c/i/cog.tif', type: 'image/tiff' },
  'two words/ü': { href: 'https://a.example/straße.tif' },
  source: {
    href: 'davs://b.example/x.tif',
    'rucio:scope': 's',
    'rucio:name': 'x.tif',
    alternate: {
      A: { href: 'https://a.example/x.tif', 'alternate:name': 'A' },
      B: { href: 'davs://b.example/x.tif', 'alternate:name': 'B' },
      C: { href: 'root://c.example//x.tif', 'alternate:name': 'C' },
      odd: null,
    },
  },
  tape: { href: 'root://c.example//y.tif' },
  relative: { href: './z.tif' },
};

interface Listed {
  replicas: { href: string; rse: string | null; scheme: string }[];
}

describe('permanent addresses of assets, without Rucio', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([collection('c'), item('i', { assets })]);
  });
  after(() => server.close());

  const at = (key: string, query = '') => `/collections/c/items/i/assets/${encodeURIComponent(key)}${query}`;
  const ask = (path: string, accept = '*/*', method = 'GET') =>
    server.get(path, { method, redirect: 'manual', headers: { accept } });

  const led: [string, string, string][] = [
    ['a COG of our own store', at('cog'), '/assets/c/i/cog.tif'],
    ['a key and an address that are not ASCII', at('two words/ü'), 'https://a.example/stra%C3%9Fe.tif'],
    ['the address that the document names first, davs as https', at('source'), 'https://b.example/x.tif'],
    ['the replica at an RSE', at('source', '?rse=A'), 'https://a.example/x.tif'],
    ['a scheme', at('source', '?scheme=root'), 'root://c.example//x.tif'],
    ['an RSE that has one scheme', at('source', '?rse=C&scheme=ROOT'), 'root://c.example//x.tif'],
  ];
  for (const [title, path, location] of led) {
    test(`302 to ${title}`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const response = await ask(path, '*/*', method);
        assert.equal(response.status, 302);
        const expected = location.startsWith('/') ? `${server.base}${location}` : location;
        assert.equal(response.headers.get('location'), expected);
        assert.equal(await response.text(), '');
      }
    });
  }

  test('JSON by name lists every replica; who takes anything else is led to the bytes', async () => {
    for (const [path, accept] of [
      [at('source'), 'application/json'],
      [at('source', '?f=json'), 'image/tiff'],
    ] as const) {
      const response = await ask(path, accept);
      assert.equal(response.status, 200);
      const { replicas } = (await response.json()) as Listed;
      assert.deepEqual(
        replicas.map(({ rse, scheme, href }) => [rse, scheme, href]),
        [
          ['B', 'https', 'https://b.example/x.tif'],
          ['A', 'https', 'https://a.example/x.tif'],
          ['C', 'root', 'root://c.example//x.tif'],
        ],
      );
    }
    assert.equal((await ask(at('source'), 'application/json, text/plain, */*')).status, 302);
  });

  const refused: [string, number, string | undefined, RegExp][] = [
    [at('none'), 404, 'assetKey', /has no asset "none"; it has "cog"/],
    [at('__proto__'), 404, 'assetKey', /no asset/],
    ['/collections/c/items/none/assets/cog', 404, 'itemId', /no Item/],
    ['/collections/none/items/i/assets/cog', 404, 'collectionId', /no Collection/],
    [at('source', '?rse=Z'), 404, 'rse', /"Z".*"A"/],
    [at('source', '?scheme=gsiftp'), 404, 'scheme', /"gsiftp"; there are "https", "root"/],
    [at('tape'), 406, 'scheme', /only be read by "root"/],
    [at('source', '?nope=1'), 400, 'nope', /accepted are rse, scheme, f/],
    [at('source', '?f=xml'), 400, 'f', /accepted is json/],
    [at('relative'), 404, 'assetKey', /"\.\/z\.tif", which is no absolute address/],
  ];
  for (const [path, status, parameter, told] of refused) {
    test(`${path} is a ${status}`, async () => {
      const response = await ask(path);
      assert.equal(response.status, status);
      const problem = (await response.json()) as { parameter?: string; description: string };
      assert.equal(problem.parameter, parameter);
      assert.match(problem.description, told);
    });
  }

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
