/** Documents can be written by others: what of an asset's address is ever read. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Config, parseConfig } from '../../src/config.ts';
import { picturePlace } from '../../src/extensions/tiles/place.ts';
import { openRemote } from '../../src/extensions/tiles/remote-bytes.ts';
import type { Context } from '../../src/http/api.ts';
import { collection, item } from '../support/documents.ts';
import { pixelsOf, storeScene } from '../support/pictures.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** A storage that notes what it is asked, with a COG at paths that end in .tif. */
async function startStorage(cog: () => Buffer) {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path.startsWith('/to/'))
      return void response.writeHead(302, { location: decodeURIComponent(path.slice(4)) }).end();
    if (path.startsWith('/whole')) return void response.end(cog());
    if (path.startsWith('/silent')) return;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    if (!path.endsWith('.tif') || !range) return void response.writeHead(404).end();
    const bytes = path.includes('text')
      ? Buffer.from('no raster '.repeat(9))
      : Buffer.concat([cog(), Buffer.alloc(100_000, 7)]);
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
    const part = path.includes('longer') ? bytes : bytes.subarray(first, last + 1);
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}`, etag: '"1"' });
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address, asked, close };
}

describe('what is read for a picture', () => {
  let server: TestServer;
  let storage: Awaited<ReturnType<typeof startStorage>>;
  let cog: Buffer;
  before(async () => {
    storage = await startStorage(() => cog);
    server = await startTestServer(
      { RUCIO_STAC_TILE_HOSTS: 'good.example' },
      `${storage.address}/bucket/ours/`,
    );
    await storeScene(server.config);
    const folder = join(server.config.dataFolder, 'assets');
    cog = readFileSync(join(folder, 'scene/red.tif'));
    writeFileSync(join(server.config.dataFolder, 'secret.tif'), cog);
    mkdirSync(join(folder, '.hidden'));
    writeFileSync(join(folder, '.hidden/red.tif'), cog);
    symlinkSync(join(server.config.dataFolder, 'secret.tif'), join(folder, 'scene/link.tif'));
    writeFileSync(join(folder, 'scene/text.tif'), 'no raster at all');
    writeFileSync(join(folder, 'scene/cut.tif'), cog.subarray(0, 300));
    const ofBucket = [inBucket, ...broken.map(([, path]) => path)];
    const hrefs = ofBucket.map((path): [string, unknown, object?] => [path, storage.address + path]);
    for (const [title, href, fields] of refused) hrefs.push([title, href(storage.address), fields]);
    const assets = hrefs.map(([key, href, fields]) => [key, { href, type: 'image/tiff', ...fields }]);
    await server.store([collection('c'), item('i', { assets: Object.fromEntries(assets) })]);
  });
  after(async () => {
    await server.close();
    await storage.close();
  });

  const ask = (key: string) =>
    server.get(`/collections/c/items/i/assets/${encodeURIComponent(key)}/preview.png?max_size=32`);

  const refused: [string, (storage: string) => unknown, object?][] = [
    ['another port of this machine', (at) => `${at}/x.tif`],
    ['https to it', (at) => `${at.replace('http:', 'https:')}/x.tif`],
    ['an IPv6 form of it', (at) => `http://[::ffff:127.0.0.1]:${new URL(at).port}/x.tif`],
    ['a number for it', (at) => `http://2130706433:${new URL(at).port}/x.tif`],
    ['localhost', (at) => `https://localhost:${new URL(at).port}/x.tif`],
    ['an allowed host as a user', (at) => `https://good.example@${new URL(at).host}/x.tif`],
    ['an allowed host as user and password', (at) => `https://good.example:443@${new URL(at).host}/x.tif`],
    ['an allowed host with a user', () => 'https://user@good.example/x.tif'],
    ['an allowed host without TLS', () => 'http://good.example/x.tif'],
    ['another port of an allowed host', () => 'https://good.example:22/x.tif'],
    ['a name that ends with an allowed host', () => 'https://evil-good.example/x.tif'],
    ['a name that begins with an allowed host', () => 'https://good.example.evil.example/x.tif'],
    ['a backslash', (at) => `https:\\\\${new URL(at).host}\\@good.example/x.tif`],
    ['another scheme', () => 'ftp://good.example/x.tif'],
    ['a file', () => 'file:///etc/passwd'],
    ['a file of the store', () => `file://${server.config.dataFolder}/assets/scene/red.tif`],
    ['a path', () => '/etc/passwd'],
    ['the way out of the store', () => 'rucio-stac://api/assets/../secret.tif'],
    ['the way out of the store, encoded', () => 'rucio-stac://api/assets/%2e%2e/secret.tif'],
    [
      'the way out of the store, with an encoded slash',
      () => 'rucio-stac://api/assets/scene%2F..%2F..%2Fsecret.tif',
    ],
    ['an absolute path below the store', () => 'rucio-stac://api/assets//etc/passwd'],
    ['a NUL', () => 'rucio-stac://api/assets/scene/red.tif%00.png'],
    ['what is no percent-encoding', () => 'rucio-stac://api/assets/%zz.tif'],
    ['a hidden file', () => 'rucio-stac://api/assets/.hidden/red.tif'],
    ['a link out of the store', () => 'rucio-stac://api/assets/scene/link.tif'],
    ['a folder', () => 'rucio-stac://api/assets/scene'],
    ['what is not there', () => 'rucio-stac://api/assets/scene/none.tif'],
    ['text', () => 'rucio-stac://api/assets/scene/text.tif'],
    ['a COG that is cut short', () => 'rucio-stac://api/assets/scene/cut.tif'],
    ['its own permanent address', () => 'rucio-stac://api/collections/c/items/i/assets/a'],
    [
      'a DID, without Rucio',
      () => 'rucio-stac://api/collections/c/items/i/assets/a',
      { 'rucio:scope': 's', 'rucio:name': 'n' },
    ],
    [
      'an alternate',
      () => 'rucio-stac://api/collections/c/items/i/assets/a',
      { alternate: { x: { href: 'http://127.0.0.1:22/x.tif' } } },
    ],
    ['the bucket, out of our prefix', (at) => `${at}/bucket/x.tif`],
    ['the bucket, by a way out', (at) => `${at}/bucket/ours/../x.tif`],
    ['the bucket, by an encoded way out', (at) => `${at}/bucket/ours/%2e%2e%2fx.tif`],
    ['the bucket, with a query', (at) => `${at}/bucket/ours/x.tif?acl`],
    ['the bucket, with a user', (at) => `${at.replace('://', '://u:p@')}/bucket/ours/x.tif`],
    ['no text', () => ({ $ne: 1 })],
    ['nothing', () => undefined],
  ];
  for (const [title] of refused) {
    test(`${title} is a 404, and nobody is asked`, async () => {
      storage.asked.length = 0;
      const response = await ask(title);
      const problem = (await response.json()) as { parameter: string; description: string };
      assert.equal(response.status, 404, problem.description);
      assert.equal(problem.parameter, 'assetKey');
      assert.ok(!problem.description.includes(server.config.dataFolder) || title === 'a file of the store');
      assert.deepEqual(storage.asked, []);
    });
  }

  const inBucket = '/bucket/ours/c/x.tif';
  test('an object of our bucket is read by ranges', async () => {
    const response = await ask(inBucket);
    assert.equal(response.status, 200);
    const seen = await pixelsOf(new Uint8Array(await response.arrayBuffer()));
    assert.equal(seen.width, 32);
  });

  const broken: [string, string, number][] = [
    ['that is not there', '/bucket/ours/none', 404],
    ['that is text', '/bucket/ours/text.tif', 404],
    ['of which a server gives more than was asked for', '/bucket/ours/longer.tif', 503],
  ];
  for (const [title, path, status] of broken) {
    test(`an object ${title} is a ${status}`, async () => {
      assert.equal((await ask(path)).status, status);
    });
  }

  const mayRead = ({ origin, pathname }: URL) => origin === storage.address && pathname.startsWith('/good');
  const open = (path: string) => openRemote({ address: new URL(path, storage.address), mayRead });
  const to = (path: string) => `/to/${encodeURIComponent(path)}`;

  test('a redirect is followed where it may be read', async () => {
    const bytes = await open(to(`${storage.address}/good.tif`));
    assert.equal(bytes.size, cog.length + 100_000);
    assert.deepEqual(await bytes.read(cog.length - 9, 9), cog.subarray(-9));
    assert.deepEqual(await bytes.read(cog.length + 90_000, 4), Buffer.alloc(4, 7));
  });

  const faults: [string, string, string][] = [
    ['a redirect to elsewhere', to('/evil.tif'), 'NotFound'],
    ['a redirect to another machine', to('http://127.0.0.1:22/good'), 'NotFound'],
    ['a redirect without end', to('/to//to/'), 'NotFound'],
    ['a storage without ranges', '/whole', 'NotFound'],
    ['a port where nobody is', 'http://127.0.0.1:1/x', 'Unavailable'],
  ];
  for (const [title, path, code] of faults) {
    test(`${title} is told as ${code}`, async () => {
      storage.asked.length = 0;
      const isRefused = (error: unknown) => (error as { code?: string }).code === code;
      await assert.rejects(open(path), isRefused);
      assert.ok(storage.asked.length <= 1);
    });
  }

  test('an allowed host is read, and alternates are tried in their order', async () => {
    const context = { config: server.config, lake: null, signer: null, bucket: null } as unknown as Context;
    const asset = {
      href: 'root://good.example//x.tif',
      alternate: { B: { href: 'https://evil.example/x.tif' }, C: { href: 'https://GOOD.example:443/x.tif' } },
    };
    const place = await picturePlace(asset, 'a', context);
    assert.ok(place.kind === 'web');
    assert.equal(place.address.href, 'https://good.example/x.tif');
    assert.ok(place.mayRead(new URL('https://good.example/y')));
    for (const no of ['http://good.example/y', 'https://evil.example/', 'https://u@good.example/'])
      assert.ok(!place.mayRead(new URL(no)));
  });

  test('hosts of the setting are hosts', () => {
    const hosts = (text: string): Config['tileHosts'] =>
      parseConfig({ RUCIO_STAC_TILE_HOSTS: text }).tileHosts;
    assert.deepEqual(hosts('Data.Example.org, a.example:443,b.example:8443'), [
      'data.example.org',
      'a.example',
      'b.example:8443',
    ]);
    for (const wrong of ['https://a.example', 'a.example/x', 'u@a.example', '*.', 'a b', 'a?b'])
      assert.throws(() => hosts(wrong), /RUCIO_STAC_TILE_HOSTS has/);
  });

  test('no fault of the program reached the log', () =>
    assert.deepEqual(
      server.faults.filter(({ error }) => !String(error).includes('ApiError')),
      [],
    ));
});
