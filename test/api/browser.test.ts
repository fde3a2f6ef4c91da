/** /browser: the page's settings, its addresses, and what stands there until it is built. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { isBuilt, pageFolder } from '../../src/browser/page-folder.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Settings {
  catalogUrl: string;
  catalogTitle: string;
  pathPrefix: string;
  allowExternalAccess: boolean;
  preprocessSTAC(stac: object): object;
}

async function settings(server: TestServer, path = '/browser/config.js'): Promise<Settings> {
  const response = await server.get(path);
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  const window: { STAC_BROWSER_CONFIG?: Settings } = {};
  runInNewContext(await response.text(), { window });
  return window.STAC_BROWSER_CONFIG as Settings;
}

describe('browser', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TITLE: 'Lakes "and" </script> seas' });
  });
  after(() => server.close());

  test("the page's catalogue is what the landing page's self link says, to the letter", async () => {
    const { catalogUrl, catalogTitle, allowExternalAccess } = await settings(server);
    const { links } = await server.json<{ links: { rel: string; href: string }[] }>('/');
    assert.equal(catalogUrl, links.find(({ rel }) => rel === 'self')?.href);
    assert.equal(catalogTitle, 'Lakes "and" </script> seas');
    assert.equal(allowExternalAccess, false);
    assert.equal((await settings(server)).pathPrefix, '/browser/');
  });

  test('the page leaves out links to what it shows itself', async () => {
    const { preprocessSTAC } = await settings(server);
    const links = [
      { rel: 'child', href: 'http://x/collections/c/browse' },
      { rel: 'child', href: 'http://x/collections/d' },
      { rel: 'children', href: 'http://x/children' },
      { rel: 'license', href: 'http://x/l' },
    ];
    const seen = preprocessSTAC({ type: 'Collection', links }) as { links: { href: string }[] };
    assert.deepEqual(
      Array.from(seen.links, ({ href }) => href),
      ['http://x/collections/d', 'http://x/l'],
    );
  });

  test('without the slash it leads to the folder, because the addresses on the page are relative', async () => {
    const response = await server.get('/browser', { redirect: 'manual' });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get('location'), `${server.base}/browser/`);
  });

  test('it is the page, or one that says when to ask again', async () => {
    const response = await server.get('/browser/');
    const text = await response.text();
    assert.match(response.headers.get('content-type') ?? '', /text\/html/);
    if (isBuilt(pageFolder())) {
      assert.equal(response.status, 200);
      assert.match(text, /<script defer="defer" src="\.\/config\.js">/);
    } else {
      assert.equal(response.status, 503);
      assert.equal(Number(response.headers.get('retry-after')) > 0, true);
    }
    assert.equal((await server.get('/browser/', { method: 'HEAD' })).status, response.status);
  });

  test('the map has the definition of a CRS from here', async () => {
    assert.match(await (await server.get('/browser/crs/3035')).text(), /^\+proj=laea .*\+lat_0=52/);
    for (const code of ['0', '999999', 'x', '..%2f3035', '3035.json'])
      assert.equal((await server.get(`/browser/crs/${code}`)).status, 404, code);
  });

  test('it is read only, and nothing outside its folder is given out', async () => {
    assert.equal((await server.get('/browser/', { method: 'POST' })).status, 405);
    for (const path of [
      '/browser/none.js',
      '/browser/..%2flock',
      '/browser/%2e%2e/lock',
      '/browser/build.ts',
    ])
      assert.equal((await server.get(path)).status, 404, path);
  });
});

describe('browser, left out', () => {
  test('there is no page and no link to one', async () => {
    const server = await startTestServer({ RUCIO_STAC_BROWSER: 'false' });
    try {
      for (const path of ['/browser', '/browser/', '/browser/config.js', '/browser/crs/3035'])
        assert.equal((await server.get(path)).status, 404, path);
      const { links } = await server.json<{ links: { rel: string }[] }>('/');
      assert.deepEqual(
        links.filter(({ rel }) => rel === 'alternate'),
        [],
      );
    } finally {
      await server.close();
    }
  });
});

describe('browser below a public address', () => {
  test('the page and its catalogue follow it, whether a proxy strips the path or not', async () => {
    const base = 'https://data.example.org/a/stac';
    const server = await startTestServer({ RUCIO_STAC_PUBLIC_URL: base });
    try {
      for (const prefix of ['', '/a/stac']) {
        const { catalogUrl, pathPrefix } = await settings(server, `${prefix}/browser/config.js`);
        assert.deepEqual([catalogUrl, pathPrefix], [`${base}/`, '/a/stac/browser/']);
        const response = await server.get(`${prefix}/browser`, { redirect: 'manual' });
        assert.equal(response.headers.get('location'), `${base}/browser/`);
      }
    } finally {
      await server.close();
    }
  });
});
