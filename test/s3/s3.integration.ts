/** Against the real S3 server of test/servers/s3. Run by CI with its environment; fails without it. */
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, type TestContext, test } from 'node:test';
import { request } from 'undici';
import { UserError } from '../../src/errors.ts';
import { type S3StoreOptions, s3Store } from '../../src/s3/s3-store.ts';
import { readS3Settings } from '../../src/s3/settings.ts';
import type { AssetStore, PutObject, S3Settings } from '../../src/s3/types.ts';

const found = readS3Settings(process.env);
assert.ok(found?.endpoint, 'S3_ENDPOINT and S3_BUCKET are not set: eval "$(test/servers/s3/start)" first');
const settings: S3Settings = { ...found, prefix: `it/${randomUUID()}` };
const folder = mkdtempSync(join(tmpdir(), 's3-it-'));
const stores: AssetStore[] = [];
after(async () => {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

function store(changes: Partial<S3Settings> = {}, options: S3StoreOptions = {}): AssetStore {
  const made = s3Store({ ...settings, ...changes }, options);
  stores.push(made);
  return made;
}

function object(key: string, size: number): PutObject & { content: Buffer } {
  const content = randomBytes(size);
  const path = join(folder, randomUUID());
  writeFileSync(path, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    key,
    path,
    bytes: size,
    sha256,
    contentType: 'image/tiff; application=geotiff; profile=cloud-optimized',
    content,
  };
}

test('the store can be written, and checking leaves nothing behind', async () => {
  await store().check();
  assert.equal(await store().has('.rucio-stac-check', 0, ''), false);
});

test('what was put is there under its public address, for everyone and from any web page', async () => {
  const put = object("a b/scene+(1)'é.tif", 5000);
  const s3 = store();
  assert.equal(await s3.has(put.key, put.bytes, put.sha256), false);
  await s3.put(put);
  assert.equal(await s3.has(put.key, put.bytes, put.sha256), true);
  assert.equal(await s3.has(put.key, put.bytes + 1, put.sha256), false);
  assert.equal(await s3.has(put.key, put.bytes, '0'.repeat(64)), false);
  const { statusCode, headers, body } = await request(s3.hrefOf(put.key), {
    headers: { range: 'bytes=100-199', origin: 'https://browser.example.org' },
  });
  assert.equal(statusCode, 206);
  assert.equal(headers['content-type'], put.contentType);
  assert.equal(headers['cache-control'], 'public, max-age=3600');
  assert.equal(headers['access-control-allow-origin'], '*');
  assert.ok(Buffer.from(await body.arrayBuffer()).equals(put.content.subarray(100, 200)));
});

test('all objects below a folder are listed, however many pages they are', async () => {
  const s3 = store();
  const one = object('', 7);
  const keys = Array.from({ length: 1003 }, (_, n) => `many/${n}/ä b+&.tif`).values();
  const put = async () => {
    for (const key of keys) await s3.put({ ...one, key });
  };
  await Promise.all([s3.put({ ...one, key: 'manyfold/1.tif' }), ...Array.from({ length: 16 }, put)]);
  const found = new Map<string, number>();
  let pages = 0;
  for await (const page of s3.list('many/')) {
    pages++;
    for (const { key, bytes } of page) found.set(key, bytes);
  }
  assert.ok(pages >= 2);
  assert.equal(found.size, 1003);
  assert.equal(found.get('many/1002/ä b+&.tif'), 7);
});

test('a large object goes in parts, arrives whole, and tells how far it is', async () => {
  const put = object('large.tif', 40 * 1024 * 1024 + 12_345);
  const s3 = store();
  const progress: number[] = [];
  await s3.put({ ...put, onProgress: (done) => progress.push(done) });
  assert.equal(progress.at(-1), put.bytes);
  assert.ok(progress.length >= 3);
  assert.equal(await s3.has(put.key, put.bytes, put.sha256), true);
  const { body } = await request(s3.hrefOf(put.key));
  const back = createHash('sha256')
    .update(Buffer.from(await body.arrayBuffer()))
    .digest('hex');
  assert.equal(back, put.sha256);
});

test('putting again replaces; an object of another store without our sum is not taken for ours', async () => {
  const s3 = store();
  const [first, second] = [object('again.tif', 100), object('again.tif', 100)];
  await s3.put(first);
  await s3.put(second);
  assert.equal(await s3.has('again.tif', 100, first.sha256), false);
  assert.equal(await s3.has('again.tif', 100, second.sha256), true);
});

test('a file that is not what its sum says is refused by the server', async () => {
  const put = object('wrong.tif', 100);
  await assert.rejects(store().put({ ...put, sha256: '0'.repeat(64) }), UserError);
  await assert.rejects(store().put({ ...put, bytes: 99 }), /it changed/);
  assert.equal(await store().has(put.key, put.bytes, put.sha256), false);
});

test('abort ends an upload, and nothing appears under the key', async () => {
  const put = object('aborted.tif', 40 * 1024 * 1024);
  const controller = new AbortController();
  const running = store().put({ ...put, signal: controller.signal, onProgress: () => controller.abort() });
  await assert.rejects(running, { name: 'AbortError' });
  assert.equal(await store().has(put.key, put.bytes, put.sha256), false);
  await assert.rejects(store().put({ ...put, signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('each wrong setting is named', async () => {
  const check = (changes: Partial<S3Settings>) => store(changes).check();
  await assert.rejects(check({ bucket: 'no-such-bucket' }), /there is no such bucket.*S3_BUCKET/);
  await assert.rejects(check({ accessKeyId: 'nobody' }), /AWS_ACCESS_KEY_ID/);
  await assert.rejects(check({ secretAccessKey: 'wrong' }), /AWS_SECRET_ACCESS_KEY/);
  await assert.rejects(check({ endpoint: 'http://127.0.0.1:9' }), /refused.*S3_ENDPOINT/);
  await assert.rejects(check({ endpoint: 'http://s3.invalid' }), /host name is not known.*S3_ENDPOINT/);
  await assert.rejects(store({ secretAccessKey: 'wrong' }).has('x', 1, ''), UserError);
  await assert.rejects(store({ bucket: 'no-such-bucket' }).put(object('x', 1)), /there is no such bucket/);
});

/** The server behind a door that can be shut: then all connections break, and new ones are refused. */
async function openDoor(context: TestContext) {
  const { hostname, port } = new URL(settings.endpoint ?? '');
  const open = new Set<Socket>();
  let [received, limit] = [0, Number.POSITIVE_INFINITY];
  const door = createServer((client) => {
    const server = createConnection(Number(port), hostname);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [client, server].map((each) => each.destroy()));
    }
    client.on('data', (chunk) => {
      received += chunk.length;
      if (received > limit) shut();
      else server.write(chunk);
    });
    server.pipe(client);
  });
  const listen = (at: number) => new Promise<void>((done) => door.listen(at, '127.0.0.1', done));
  function shut(): void {
    door.close();
    for (const socket of open) socket.destroy();
    open.clear();
  }
  await listen(0);
  context.after(shut);
  const { port: own } = door.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${own}`,
    /** Shuts once so many bytes more have come in. */
    shutAfter: (bytes: number) => {
      limit = received + bytes;
    },
    reopen: () => {
      limit = Number.POSITIVE_INFINITY;
      return listen(own);
    },
    received: () => received,
    shut,
  };
}

test('a server that dies amid an upload is told in a sentence, and the next run sends only what is missing', async (context) => {
  const put = object('broken-off.tif', 5 * 16 * 1024 * 1024);
  const door = await openDoor(context);
  const { endpoint } = door;
  const stateFolder = join(folder, 'uploads');
  // Four parts go side by side: with more than they hold, one of them has come whole.
  door.shutAfter(70 * 1024 * 1024);
  await assert.rejects(store({ endpoint }, { stateFolder }).put(put), (error: Error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.message,
      /^Cannot store broken-off\.tif at http:.*(the connection broke|was refused).*goes? on/,
    );
    return true;
  });
  await door.reopen();
  const before = door.received();
  assert.equal(await store().has(put.key, put.bytes, put.sha256), false);
  // A process of its own has nothing but what is remembered on disk.
  const again = store({ endpoint }, { stateFolder });
  await again.put(put);
  const sent = door.received() - before;
  assert.ok(sent < put.bytes - 16 * 1024 * 1024, `${sent} bytes were sent again`);
  assert.equal(await again.has(put.key, put.bytes, put.sha256), true);
  assert.deepEqual(readdirSync(stateFolder), []);
  const { body } = await request(again.hrefOf(put.key));
  const back = createHash('sha256').update(Buffer.from(await body.arrayBuffer()));
  assert.equal(back.digest('hex'), put.sha256);
});

test('an upload that was begun with other bytes is not gone on with', async () => {
  const [first, second] = [object('other.tif', 40 * 1024 * 1024), object('other.tif', 40 * 1024 * 1024)];
  const stateFolder = join(folder, 'uploads-of-others');
  const controller = new AbortController();
  const running = store({}, { stateFolder }).put({
    ...first,
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await assert.rejects(running, { name: 'AbortError' });
  assert.equal(readdirSync(stateFolder).length, 1);
  await store({}, { stateFolder }).put(second);
  assert.equal(await store().has('other.tif', second.bytes, second.sha256), true);
  assert.equal(await store().has('other.tif', first.bytes, first.sha256), false);
});

test('what is stored must be readable by everybody, where it is told to be', async (context) => {
  const put = object('readable.tif', 100);
  await store({}, { isPublic: true }).put(put);
  const publicUrl = `${settings.endpoint}/no-such-bucket`;
  await assert.rejects(
    store({ publicUrl }, { isPublic: true }).put(put),
    /readable\.tif is stored, and cannot be read there without keys \(it answers 40[34]\).*S3_PUBLIC_URL/,
  );
  const door = await openDoor(context);
  door.shut();
  await assert.rejects(
    store({ publicUrl: door.endpoint }, { isPublic: true }).put(put),
    /readable\.tif is stored.*ECONNREFUSED.*S3_CHECK_PUBLIC=false/,
  );
});

test('a clock that is an hour off hinders nothing', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  try {
    await store().put(object('late.tif', 100));
  } finally {
    mock.timers.reset();
  }
});

test('ranges of an object are exact, and what is not there is told', async () => {
  const put = object('ranges.tif', 1000);
  await store().put(put);
  const ranges = await store().openRanges(put.key);
  assert.equal(ranges.size, 1000);
  assert.ok((await ranges.read(990, 10)).equals(put.content.subarray(990)));
  await assert.rejects(ranges.read(990, 11), UserError);
  await assert.rejects(store().openRanges('nowhere.tif'), UserError);
  // Written anew meanwhile: half of each would be neither.
  await store().put(object(put.key, 1000));
  await assert.rejects(ranges.read(0, 10), UserError);
});
