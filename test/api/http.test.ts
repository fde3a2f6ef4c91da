import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OWN_PREFIX } from '../../src/stac/link.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Linked {
  links: { rel: string; href: string; type?: string }[];
}

/** node:http, because fetch neither sends a Host of its own nor leaves a body compressed. */
function raw(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const hrefs = ({ links }: Linked, rel: string) =>
  links.filter((link) => link.rel === rel).map(({ href }) => href);

const documents = [
  collection('c', {
    assets: { own: { href: `${OWN_PREFIX}assets/c/x.tif` }, other: { href: 'https://example.org/x' } },
  }),
  ...Array.from({ length: 30 }, (_, index) => item(`i${index}`)),
];

describe('HTTP', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store(documents);
    mkdirSync(join(server.config.dataFolder, 'assets', 'c'), { recursive: true });
    writeFileSync(join(server.config.dataFolder, 'assets', 'c', 'x.tif'), Buffer.from('0123456789'));
  });
  after(() => server.close());

  test('the landing page links to everything there is', async () => {
    const landing = await server.json<Linked & { type: string; conformsTo: string[] }>('/');
    assert.equal(landing.type, 'Catalog');
    for (const rel of [
      'self',
      'root',
      'conformance',
      'service-desc',
      'service-doc',
      'data',
      'search',
      'child',
    ]) {
      const [href] = hrefs(landing, rel);
      assert.ok(href, rel);
      assert.equal((await server.get(href)).status, 200, `${rel} ${href}`);
    }
    const { conformsTo } = await server.json<{ conformsTo: string[] }>('/conformance');
    assert.deepEqual(conformsTo, landing.conformsTo);
  });

  test('HEAD is GET without a body', async () => {
    const response = await server.get('/collections', { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
    assert.ok(Number(response.headers.get('content-length')) > 0);
  });

  test('OPTIONS names the methods, and a browser may ask from anywhere', async () => {
    const plain = await server.get('/search', { method: 'OPTIONS' });
    assert.deepEqual([plain.status, plain.headers.get('allow')], [204, 'GET, HEAD, OPTIONS, POST']);
    const preflight = await server.get('/search', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://browser.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*');
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type');
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/);
  });

  test('an answer is compressed for those who take it', async () => {
    const { headers, body } = await raw(`${server.base}/search?limit=30`, { 'accept-encoding': 'gzip' });
    assert.equal(headers['content-encoding'], 'gzip');
    assert.deepEqual([...body.subarray(0, 2)], [0x1f, 0x8b]);
  });

  test('media types are those of the specification', async () => {
    const types = Object.fromEntries(
      await Promise.all(
        [
          '/',
          '/collections',
          '/collections/c',
          '/collections/c/items',
          '/collections/c/items/i1',
          '/search',
          '/api',
        ].map(async (path) => [path, (await server.get(path)).headers.get('content-type')]),
      ),
    );
    assert.deepEqual(types, {
      '/': 'application/json; charset=utf-8',
      '/collections': 'application/json; charset=utf-8',
      '/collections/c': 'application/json; charset=utf-8',
      '/collections/c/items': 'application/geo+json',
      '/collections/c/items/i1': 'application/geo+json',
      '/search': 'application/geo+json',
      '/api': 'application/vnd.oai.openapi+json;version=3.1',
    });
  });

  test('addresses of our own are given out with the address of the request, others as they are', async () => {
    const { assets } = await server.json<{ assets: Record<string, { href: string }> }>('/collections/c');
    assert.equal(assets.own?.href, `${server.base}/assets/c/x.tif`);
    assert.equal(assets.other?.href, 'https://example.org/x');
  });

  test('an asset is given out in ranges, with a type, and not again when it is known', async () => {
    const part = await server.get('/assets/c/x.tif', { headers: { range: 'bytes=2-4' } });
    assert.equal(part.status, 206);
    assert.equal(await part.text(), '234');
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/10');
    assert.equal(
      part.headers.get('content-type'),
      'image/tiff; application=geotiff; profile=cloud-optimized',
    );
    const etag = part.headers.get('etag') ?? '';
    assert.equal((await raw(`${server.base}/assets/c/x.tif`, { 'if-none-match': etag })).status, 304);
    assert.match(String(etag), /^"/);
    const ask = (headers: Record<string, string>) => raw(`${server.base}/assets/c/x.tif`, headers);
    assert.equal((await ask({ 'if-match': '"old"' })).status, 412);
    assert.equal((await ask({ 'if-match': String(etag) })).status, 200);
    assert.equal((await ask({ range: 'bytes=2-4', 'if-range': String(etag) })).status, 206);
    assert.equal((await ask({ range: 'bytes=2-4', 'if-range': '"old"' })).status, 200);
    assert.equal((await server.get('/assets/c/x.tif', { headers: { range: 'bytes=50-' } })).status, 416);
    assert.equal((await server.get('/assets/c/none.tif')).status, 404);
  });

  test('an asset path cannot leave its folder', async () => {
    for (const path of [
      '/assets/..%2f..%2fpackage.json',
      '/assets/%2e%2e/%2e%2e/etc/passwd',
      '/assets/c/..%5c..%5cx',
    ]) {
      const { status } = await raw(`${server.base}${path}`, {});
      assert.ok(status === 404 || status === 403 || status === 400, `${path} ${status}`);
    }
  });

  test('an answer that is known is a 304', async () => {
    const first = await server.get('/collections/c');
    const again = await raw(`${server.base}/collections/c`, {
      'if-none-match': first.headers.get('etag') ?? '',
    });
    assert.equal(again.status, 304);
  });

  test('without trust, what a client forwards is not believed; a Host that is none is not repeated', async () => {
    const { port } = new URL(server.base);
    const forged = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/evil',
    };
    const { body } = await raw(`${server.base}/`, { host: `127.0.0.1:${port}`, ...forged });
    assert.deepEqual(hrefs(JSON.parse(body.toString()) as Linked, 'self'), [`http://127.0.0.1:${port}/`]);
    const odd = await raw(`${server.base}/`, { host: 'x"><script>' });
    assert.ok(!odd.body.toString().includes('<script>'));
  });

  test('the page of the API and its parts are there', async () => {
    for (const path of [
      '/api.html',
      '/api/page.js',
      '/api/ui/swagger-ui-bundle.js',
      '/api/ui/swagger-ui.css',
    ]) {
      assert.equal((await server.get(path)).status, 200, path);
    }
  });

  test('the schema of the rucio extension names itself by where it lies', async () => {
    const path = '/schemas/rucio/v1.0.0/schema.json';
    const schema = await server.json<{ $id: string }>(path);
    assert.equal(schema.$id, `${server.base}${path}`);
  });

  test('Collections come in pages', async () => {
    // By code point.
    const ids = ['c', 'd', 'z/ä', 'é'];
    await server.store(ids.map((id) => collection(id)));
    const found: string[] = [];
    let next: string | undefined = '/collections?limit=1';
    while (next) {
      const page: Linked & { collections: { id: string }[]; numberMatched: number } = await server.json(next);
      assert.equal(page.numberMatched, 4);
      found.push(...page.collections.map(({ id }) => id));
      next = hrefs(page, 'next')[0];
    }
    assert.deepEqual(found, ids);
  });

  test('it is alive and ready', async () => {
    assert.deepEqual(await server.json('/healthz'), { status: 'ok' });
    assert.equal((await server.json<{ status: string }>('/readyz')).status, 'ready');
  });
});

describe('behind a proxy', () => {
  async function links(
    env: Record<string, string>,
    path: string,
    headers: Record<string, string>,
  ): Promise<Linked> {
    const server = await startTestServer(env);
    try {
      await server.store([collection('c'), item('i1'), item('i2')]);
      const { status, body } = await raw(`${server.base}${path}`, headers);
      assert.equal(status, 200, body.toString());
      return JSON.parse(body.toString()) as Linked;
    } finally {
      await server.close();
    }
  }

  test('one setting gives every link its address, whether the proxy passes the prefix on or not', async () => {
    const env = { RUCIO_STAC_PUBLIC_URL: 'https://data.example.org/stac/' };
    for (const path of ['/search?limit=1', '/stac/search?limit=1']) {
      const page = await links(env, path, {});
      assert.deepEqual(hrefs(page, 'root'), ['https://data.example.org/stac/']);
      assert.match(
        hrefs(page, 'next')[0] ?? '',
        /^https:\/\/data\.example\.org\/stac\/search\?limit=1&token=/,
      );
    }
    assert.deepEqual(hrefs(await links(env, '/stac', {}), 'self'), ['https://data.example.org/stac/']);
  });

  test('a trusted proxy is believed', async () => {
    const headers = {
      'x-forwarded-host': 'data.example.org',
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/stac',
      'x-forwarded-port': '8443',
    };
    const page = await links({ RUCIO_STAC_TRUST_PROXY: 'true' }, '/', headers);
    assert.deepEqual(hrefs(page, 'self'), ['https://data.example.org:8443/stac/']);
  });
});
