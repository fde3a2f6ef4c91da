/** Against the real server of test/servers/rucio, seeded. Run by CI with its environment; fails without it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { closeAll, configLike, connect, folder, type Lake, openLake, required, SCOPE, sums } from './lake.ts';

let lake: Lake;
let rucio: RucioClient;
let plain = '';

before(async () => {
  plain = readFileSync(required('RUCIO_CONFIG'), 'utf8');
  lake = await openLake();
  rucio = connect(required('RUCIO_CONFIG'), { RUCIO_CA_CERT: required('RUCIO_CA_CERT') });
});
after(closeAll);

test('a container: every file below it, with sums, replicas and metadata', async () => {
  const steps = new Set<string>();
  const found = await rucio.resolve(
    { scope: 'intertwin', name: 'flood-demo' },
    { onProgress: ({ step }) => steps.add(step) },
  );
  assert.deepEqual([found.type, found.account, found.open, found.parents], ['CONTAINER', 'root', true, []]);
  assert.equal(found.metadata.license, 'CC-BY-4.0');
  assert.equal(found.files.length, 7);
  assert.deepEqual([...steps].sort(), ['files', 'metadata', 'replicas']);
  for (const file of found.files) {
    assert.match(file.adler32!, /^[0-9a-f]{8}$/);
    assert.match(file.md5!, /^[0-9a-f]{32}$/);
    assert.ok(file.bytes! > 30_000);
    const priorities = file.replicas.map(({ priority }) => priority);
    assert.deepEqual(
      priorities,
      priorities.toSorted((a, b) => a - b),
    );
    assert.ok(Array.isArray(file.metadata.bbox));
    for (const key of ['bytes', 'created_at', 'is_open', 'project']) assert.ok(!(key in file.metadata), key);
  }
  const tile = found.files[1]!;
  assert.equal(tile.name, 's1_sigma0_T32TPS_20240103T054112.tif');
  assert.deepEqual(
    new Set(tile.replicas.map(({ scheme }) => scheme)),
    new Set(['https', 'http', 'file', 'davs']),
  );
  assert.deepEqual(new Set(tile.replicas.map(({ rse }) => rse)), new Set(['DEV-DISK', 'DEV-CACHE']));
});

test('a dataset tells its parents and its fixed metadata, a file is its own only file', async () => {
  const dataset = await rucio.resolve({ scope: 'intertwin', name: 'era5-t2m-cube' });
  assert.deepEqual([dataset.type, dataset.open, dataset.metadata.project], ['DATASET', false, 'intertwin']);
  assert.deepEqual(dataset.parents, [{ scope: 'intertwin', name: 'flood-demo', type: 'CONTAINER' }]);
  const file = await rucio.resolve({ scope: 'intertwin', name: 'legacy/dem_T32TPS.tif' });
  assert.deepEqual([file.type, file.files.length, file.files[0]?.name], ['FILE', 1, 'legacy/dem_T32TPS.tif']);
  assert.deepEqual(file.metadata, file.files[0]?.metadata);
});

test('an unknown DID is an error, although several paths answer 200', async () => {
  const unknown = { scope: 'intertwin', name: 'no/such' };
  await assert.rejects(rucio.resolve(unknown), /'intertwin:no\/such' not found.*scope and name/);
  await assert.rejects(rucio.getDid({ scope: 'none', name: 'x' }), UserError);
  assert.equal((await rucio.listReplicas([unknown])).size, 0);
  assert.equal((await rucio.metadata([unknown])).size, 0);
});

test('a file of two datasets comes once, empty collections are empty, nesting has no limit', async () => {
  const bytes = Buffer.from('shared');
  for (const name of ['shared.tif', 'only-b.tif'])
    await lake.addFile(name, sums(bytes), { 'DEV-DISK': bytes });
  await lake.addCollection('DATASET', 'a', ['shared.tif']);
  await lake.addCollection('DATASET', 'b', ['shared.tif', 'only-b.tif']);
  await lake.addCollection('DATASET', 'empty', []);
  await lake.addCollection('CONTAINER', 'inner', ['a', 'b', 'empty']);
  await lake.addCollection('CONTAINER', 'outer', ['inner']);
  await lake.setMeta('shared.tif', { 'proj:epsg': 32632, nested: { a: [1, null] }, project: 'p' });
  const found = await rucio.resolve({ scope: SCOPE, name: 'outer' });
  assert.deepEqual(
    found.files.map(({ name }) => name),
    ['only-b.tif', 'shared.tif'],
  );
  assert.deepEqual(found.files[1]?.metadata, { 'proj:epsg': 32632, nested: { a: [1, null] }, project: 'p' });
  assert.deepEqual(found.files[0]?.metadata, {});
  assert.deepEqual((await rucio.resolve({ scope: SCOPE, name: 'empty' })).files, []);
});

test('more files than fit one request', async () => {
  const names = Array.from({ length: 1203 }, (_, n) => `many/${String(n).padStart(4, '0')}.tif`);
  const bytes = Buffer.from('x');
  const files = names.map((name) => ({ scope: SCOPE, name, ...sums(bytes) }));
  for (let at = 0; at < files.length; at += 500) {
    await lake.post('/replicas', {
      rse: 'DEV-DISK',
      ignore_availability: true,
      files: files.slice(at, at + 500),
    });
  }
  await lake.addCollection('DATASET', 'many', names);
  const found = await rucio.resolve({ scope: SCOPE, name: 'many' });
  assert.deepEqual(
    found.files.map(({ name }) => name),
    names,
  );
  assert.ok(found.files.every((file) => file.replicas.length === 3 && file.md5 !== null));
});

test('downloads over https, http, davs and from the path are what Rucio says', async () => {
  const found = await rucio.resolve({ scope: 'intertwin', name: 's1_sigma0_T32TPS_20240103T054112.tif' });
  const file = found.files[0]!;
  for (const scheme of ['https', 'http', 'davs', 'file']) {
    const one: RucioFile = {
      ...file,
      replicas: file.replicas.filter((replica) => replica.scheme === scheme),
    };
    const target = join(folder, `${scheme}.tif`);
    const report = await rucio.download(one, target);
    assert.deepEqual([report.replica.scheme, report.bytes, report.md5], [scheme, file.bytes, file.md5]);
    assert.deepEqual(
      { ...sums(readFileSync(target)) },
      { bytes: file.bytes, adler32: file.adler32, md5: file.md5 },
    );
  }
});

test('a replica that rotted on the storage is refused, the other copy taken', async () => {
  const good = Buffer.alloc(200_000, 'good');
  const bad = Buffer.from(good);
  bad[77_777] = 0;
  await lake.addFile('rotten.tif', sums(good), { 'DEV-CACHE': bad, 'DEV-DISK': good });
  const { files } = await rucio.resolve({ scope: SCOPE, name: 'rotten.tif' });
  const cacheFirst = files[0]!.replicas.toSorted(
    (a, b) => Number(b.rse === 'DEV-CACHE') - Number(a.rse === 'DEV-CACHE'),
  );
  const replicas = cacheFirst.map((replica, index) => ({ ...replica, priority: index }));
  const target = join(folder, 'rotten.tif');
  const report = await rucio.download({ ...files[0]!, replicas }, target);
  assert.equal(report.replica.rse, 'DEV-DISK');
  assert.ok(
    report.faults.length > 0 &&
      report.faults.every(({ rse, reason }) => rse === 'DEV-CACHE' && /corrupt/.test(reason)),
  );
  assert.ok(readFileSync(target).equals(good));
});

test('a file registered without a checksum is downloaded, and said to be unverified', async () => {
  const bytes = Buffer.from('who knows');
  await lake.addFile('unsummed.tif', { bytes: bytes.length }, { 'DEV-DISK': bytes });
  const { files } = await rucio.resolve({ scope: SCOPE, name: 'unsummed.tif' });
  assert.deepEqual([files[0]?.adler32, files[0]?.md5], [null, null]);
  assert.equal((await rucio.download(files[0]!, join(folder, 'unsummed.tif'))).unverified, true);
});

test('busy answers and lists cut half-way are asked for again, and told when it does not get better', async () => {
  const upstream = new URL(readRucioConfig({ RUCIO_CONFIG: required('RUCIO_CONFIG') }).host);
  const faults: ('busy' | 'cut')[] = [];
  /** The real server, behind a proxy that fails now and then. */
  const proxy = createServer((incoming, outgoing) => {
    const fault = incoming.url?.endsWith('/files') ? faults.shift() : undefined;
    if (fault === 'busy') return void outgoing.writeHead(503).end('busy');
    const { method, url, headers } = incoming;
    const onward = httpRequest(
      { host: upstream.hostname, port: upstream.port, method, path: url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        if (fault !== 'cut') return void answer.pipe(outgoing);
        answer.once('data', (chunk: Buffer) =>
          outgoing.write(chunk.subarray(0, 50), () => outgoing.destroy()),
        );
      },
    );
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const rucio_host = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const client = connect(configLike(plain, { rucio_host, request_retries: '2' }));
    faults.push('busy', 'cut');
    assert.equal((await client.resolve({ scope: 'intertwin', name: 'flood-demo' })).files.length, 7);
    faults.push('cut', 'cut', 'cut');
    await assert.rejects(
      client.resolve({ scope: 'intertwin', name: 'flood-demo' }),
      /cannot be reached: the connection was cut/,
    );
    faults.push('busy', 'busy', 'busy');
    await assert.rejects(client.resolve({ scope: 'intertwin', name: 'flood-demo' }), /answered 503/);
    assert.equal(faults.length, 0);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test('resolve can be aborted', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(rucio.resolve({ scope: 'intertwin', name: 'flood-demo' }, { signal }), /enough/);
});
