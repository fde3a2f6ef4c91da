/** Downloads from the real storages of a lake through a bad network: what broke off goes on, who is down gives way. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { request } from 'undici';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { makePfnSigner } from '../../src/s3/pfn.ts';
import { s3Store } from '../../src/s3/s3-store.ts';
import { readS3Settings } from '../../src/s3/settings.ts';
import { start, until } from '../support/run.ts';
import { closeAll, connect, folder, type Lake, openLake, required, SCOPE, sums } from './lake.ts';
import { closedPort, type Network, openNetwork } from './network.ts';
import { addRse, type Protocol, pfnOf } from './own-rse.ts';

const SIZE = 6_000_000;
const bytes = randomBytes(SIZE);
const run = randomBytes(4).toString('hex');
/** Bytes of the answer's head and the like. */
const HEAD = 5000;

let lake: Lake;
let rucio: RucioClient;
let network: Network;
let good: Protocol;
let broken: Protocol;
const rses: Record<string, string> = {};

/** Registers a file at RSEs, each with the address it has there. */
async function register(name: string, told: object, places: [string, Protocol, string][]): Promise<void> {
  for (const [rse, protocol, path] of places) {
    const files = [{ scope: SCOPE, name, ...told, pfn: pfnOf(protocol, path) }];
    await lake.post('/replicas', { rse, ignore_availability: true, files });
  }
}

async function fileOf(name: string) {
  const { files } = await rucio.resolve({ scope: SCOPE, name });
  return files[0]!;
}

before(async () => {
  lake = await openLake();
  const signS3 = makePfnSigner(process.env);
  rucio = connect(required('RUCIO_CONFIG'), { RUCIO_CA_CERT: required('RUCIO_CA_CERT') }, { signS3 });
  const { hostname, port } = new URL(required('RUCIO_DAV_URL'));
  network = await openNetwork(hostname, Number(port));
  good = { scheme: 'http', hostname, port: Number(port), prefix: `/it-${run}/` };
  broken = { ...good, port: network.port };
  [rses.good, rses.broken] = await Promise.all([addRse(lake, [good]), addRse(lake, [broken])]);
  const put = await request(`${pfnOf(good, 'big')}`, { method: 'PUT', body: bytes });
  assert.equal(put.statusCode, 201);
  await put.body.dump();
  const corrupt = Buffer.from(bytes);
  corrupt[SIZE - 1]! ^= 1;
  await (await request(pfnOf(good, 'rotten'), { method: 'PUT', body: corrupt })).body.dump();
});
after(async () => {
  network.close();
  await closeAll();
});

test('a connection that breaks off twice: the rest is asked for by range, and no byte twice', async () => {
  await register(`${run}/broken`, sums(bytes), [[rses.broken!, broken, 'big']]);
  network.faults = [
    { kind: 'break', after: 2_000_000 },
    { kind: 'break', after: 2_000_000 },
  ];
  network.passed = 0;
  const target = join(folder, 'broken');
  const report = await rucio.download(await fileOf(`${run}/broken`), target);
  assert.ok(readFileSync(target).equals(bytes));
  assert.equal(report.md5, sums(bytes).md5);
  assert.deepEqual(
    report.faults.map(({ reason }) => reason),
    ['the connection was cut', 'the connection was cut'],
  );
  assert.match(network.asked.at(-1)!, /bytes=(\d{7})-$/);
  // What was in flight when the connection broke may come again.
  assert.ok(network.passed < SIZE + 1_000_000, `${network.passed}`);
});

test('one RSE down, one that breaks off, one that goes on: by priority', async () => {
  const nobody: Protocol = { ...good, port: await closedPort() };
  const down = await addRse(lake, [nobody]);
  await register(`${run}/down`, sums(bytes), [
    [down, nobody, 'big'],
    [rses.broken!, broken, 'big'],
    [rses.good!, good, 'big'],
  ]);
  network.faults = [{ kind: 'break', after: 3_000_000 }];
  const file = await fileOf(`${run}/down`);
  const order = [down, rses.broken!, rses.good!];
  const replicas = file.replicas.map((each) => ({ ...each, priority: order.indexOf(each.rse) + 1 }));
  const report = await rucio.download({ ...file, replicas }, join(folder, 'down'));
  assert.deepEqual(
    report.faults.map(({ rse, reason }) => [rse, reason]),
    [
      [down, 'connection refused'],
      [rses.broken, 'the connection was cut'],
    ],
  );
  assert.equal(report.replica.rse, rses.good);
});

test('a rotten replica first, and broken off: the good one is asked for the whole', async () => {
  await register(`${run}/rotten`, sums(bytes), [
    [rses.broken!, broken, 'rotten'],
    [rses.good!, good, 'big'],
  ]);
  const file = await fileOf(`${run}/rotten`);
  const order = [rses.broken!, rses.good!];
  const replicas = file.replicas.map((each) => ({ ...each, priority: order.indexOf(each.rse) + 1 }));
  const report = await rucio.download({ ...file, replicas }, join(folder, 'rotten'));
  assert.match(report.faults[0]!.reason, /corrupt: its adler32 is/);
  assert.equal(report.replica.rse, rses.good);
  assert.ok(readFileSync(join(folder, 'rotten')).equals(bytes));
});

test('get that was interrupted, then killed, goes on both times', async () => {
  await register(`${run}/killed`, sums(bytes), [[rses.broken!, broken, 'big']]);
  const out = join(folder, 'out');
  const env = {
    RUCIO_CONFIG: required('RUCIO_CONFIG'),
    TMPDIR: folder,
    RUCIO_STAC_DATA: join(folder, 'none'),
  };
  const args = ['get', `${SCOPE}:${run}/killed`, '--out', out];
  network.passed = 0;
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    network.faults = [{ kind: 'hold', after: 2_000_000 }];
    const { child, ended } = start(args, env);
    await until(() => (network.faults.length === 0 ? true : null), 'the connection to be held');
    // What was passed on is on its way to the disk.
    const place = join(out, SCOPE, run);
    await until(() => (partSize(place) > network.passed - 3 * HEAD ? true : null), 'the part to grow');
    child.kill(signal);
    const { code, stderr } = await ended;
    if (signal === 'SIGINT') {
      assert.equal(code, 130, stderr);
      assert.match(stderr, /run the same command again to continue/);
    }
  }
  const { ended } = start(args, env);
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  assert.ok(readFileSync(join(out, SCOPE, run, 'killed')).equals(bytes));
  assert.deepEqual(readdirSync(join(out, SCOPE, run)), ['killed']);
  assert.ok(network.passed < SIZE + 3 * HEAD, `${network.passed}`);
});

test('a hostile name is refused, and the other files of its dataset come; nothing leaves the folder', async () => {
  const names = [`${run}/nice`, `${run}/../../../evil`];
  for (const name of names) await register(name, sums(bytes), [[rses.good!, good, 'big']]);
  await lake.addCollection('DATASET', `${run}-hostile`, names);
  const out = join(folder, 'hostile', 'deep');
  const env = {
    RUCIO_CONFIG: required('RUCIO_CONFIG'),
    TMPDIR: folder,
    RUCIO_STAC_DATA: join(folder, 'none'),
  };
  const { code, stderr } = await start(['get', `${SCOPE}:${run}-hostile`, '--out', out], env).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /rucio-stac: The name ".*\/\.\.\/\.\.\/\.\.\/evil" cannot become a file/);
  assert.match(stderr, /1 of 2 files .* downloaded, 0 were there already, 1 failed/);
  const all = readdirSync(join(folder, 'hostile'), { recursive: true, withFileTypes: true });
  assert.deepEqual(
    all.filter((entry) => entry.isFile()).map(({ name }) => name),
    ['nice'],
  );
});

function partSize(place: string): number {
  try {
    const [part] = readdirSync(place).filter((name) => name.endsWith('.part'));
    return part === undefined ? 0 : readFileSync(join(place, part)).length;
  } catch {
    return 0;
  }
}

test('s3, as Rucio has its addresses: signed with our keys, and resumed', async () => {
  const settings = readS3Settings(process.env)!;
  const { hostname, port } = new URL(settings.endpoint!);
  const name = `${run}/s3`;
  const path = join(folder, 's3-source');
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const store = s3Store({ ...settings, prefix: '' });
  await store.put({ key: name, path, bytes: SIZE, sha256, contentType: 'image/tiff' });
  await store.close();
  const s3Network = await openNetwork(hostname, Number(port));
  try {
    const bucket = settings.bucket;
    const place: Protocol = { scheme: 's3', hostname, port: s3Network.port, prefix: `/${bucket}/` };
    await register(name, sums(bytes), [[await addRse(lake, [place]), place, name]]);
    const env = { ...process.env, S3_ENDPOINT: `http://${hostname}:${s3Network.port}` };
    const config = required('RUCIO_CONFIG');
    const client = connect(config, {}, { signS3: makePfnSigner(env) });
    const file = await fileOf(name);
    assert.equal(file.replicas[0]!.pfn, pfnOf(place, name));
    s3Network.faults = [{ kind: 'break', after: 3_000_000 }];
    const report = await client.download(file, join(folder, 's3'));
    assert.deepEqual([report.replica.scheme, report.md5, report.faults.length], ['s3', sums(bytes).md5, 1]);
    assert.match(s3Network.asked[1]!, /bytes=\d{7}-$/);
    const short = { ...file, replicas: [{ ...file.replicas[0]!, pfn: `s3://${bucket}/${name}` }] };
    assert.equal((await client.download(short, join(folder, 's3-short'))).md5, sums(bytes).md5);
    const wrong = { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' };
    await assert.rejects(
      connect(config, {}, { signS3: makePfnSigner(wrong) }).download(file, join(folder, 's3-wrong')),
      /status 403, the storage does not let us read it/,
    );
    await assert.rejects(
      connect(config).download(file, join(folder, 's3-none')),
      /s3:\/\/ is not opened here/,
    );
  } finally {
    s3Network.close();
  }
});
