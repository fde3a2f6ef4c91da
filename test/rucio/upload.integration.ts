/** What upload and ingest --register refuse, on the real server of test/servers/rucio: one sentence each, and nothing is left that is said to be there. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ingest } from '../../src/commands/ingest.ts';
import { upload } from '../../src/commands/upload.ts';
import { UserError } from '../../src/errors.ts';
import { describeLocal, listLocal } from '../../src/ingest/register-local.ts';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { openTarget, prepareDataset, type UploadFile, uploadFile } from '../../src/rucio/upload.ts';
import { writePfn } from '../../src/rucio/upload-rse.ts';
import { makePfnSigner } from '../../src/s3/pfn.ts';
import { fixture } from '../raster/support.ts';
import { closeAll, connect, folder, type Lake, openLake, required, SCOPE, sums } from './lake.ts';

/** Storages that cannot be written to, each for a reason of its own. */
const DOWN = 'IT-UPLOAD-DOWN';
const GRID = 'IT-UPLOAD-GRID';
const CLOSED = 'IT-UPLOAD-CLOSED';

let lake: Lake;
let rucio: RucioClient;
const local = join(folder, 'local');

async function addRse(rse: string, scheme: string, port = 9): Promise<void> {
  await lake.post(`/rses/${rse}`, { deterministic: true });
  const rank = { read: 1, write: 1, delete: 1 };
  await lake.post(`/rses/${rse}/protocols/${scheme}`, {
    hostname: '127.0.0.1',
    port,
    prefix: '/x/',
    impl: 'rucio.rse.protocols.gfal.Default',
    domains: { lan: rank, wan: rank },
  });
  await lake.post(`/accountlimits/local/root/${rse}`, { bytes: 1_000_000_000 });
}

const setRse = (rse: string, settings: object) =>
  rucio.api.send(`/rses/${rse}`, { method: 'PUT', body: settings });

before(async () => {
  lake = await openLake();
  rucio = connect(required('RUCIO_CONFIG'));
  mkdirSync(local);
  copyFileSync(fixture('laea-europe.tif'), join(local, 'a_20240101.tif'));
  await addRse(DOWN, 'https');
  await addRse(GRID, 'gsiftp');
  await addRse(CLOSED, 'https');
  await setRse(CLOSED, { availability_write: false });
  await setRse(DOWN, { availability_write: true });
});
after(async () => {
  await setRse(DOWN, { availability_write: false, availability_read: false });
  await closeAll();
});

const given = { scope: SCOPE, rse: 'DEV-DISK' };
const refusals: [string, Record<string, string | boolean>, RegExp][] = [
  ['no RSE', { scope: SCOPE }, /upload needs --rse/],
  ['no scope', { rse: 'DEV-DISK' }, /upload needs --scope/],
  ['an RSE that is not there', { ...given, rse: 'NO-SUCH' }, /no RSE "NO-SUCH".*DEV-DISK/],
  [
    'an RSE that does not say where files go',
    { ...given, rse: 'DEV-INPLACE' },
    /DEV-INPLACE.*not deterministic/,
  ],
  ['an RSE without a protocol of ours', { ...given, rse: GRID }, /https, davs,.* it has gsiftp/],
  ['an RSE that is closed for writing', { ...given, rse: CLOSED }, /closed for writing/],
  ['a scope that is not there', { ...given, scope: 'nowhere' }, /no scope "nowhere"/],
  ['a container for a dataset', { ...given, dataset: 'intertwin:flood-demo' }, /is a container/],
  ['a dataset that is no DID', { ...given, dataset: 'flood' }, /--dataset.*SCOPE:NAME/],
  ['a lifetime that is none', { ...given, lifetime: 'soon' }, /--lifetime is "soon"/],
  ['a prefix that leads elsewhere', { ...given, prefix: '../' }, /"\.\.\/a_20240101\.tif".*"\.\." part/],
  ['no dataset to ingest', { ...given, ingest: true }, /--ingest needs --dataset/],
  ['jobs out of range', { ...given, jobs: '0' }, /--jobs is "0"/],
];
for (const [title, options, sentence] of refusals) {
  test(`upload refuses ${title}`, async () => {
    await assert.rejects(
      upload.run({ options, names: [local] }, { RUCIO_CONFIG: required('RUCIO_CONFIG') }),
      (error: Error) => {
        assert.ok(error instanceof UserError, error.stack);
        assert.match(error.message, sentence);
        return true;
      },
    );
  });
}

test('a path that is not there, and a folder without rasters, are refused', () => {
  assert.throws(() => listLocal([join(local, 'none')], ''), /There is no file or folder/);
  mkdirSync(join(folder, 'empty'));
  assert.throws(() => listLocal([join(folder, 'empty')], ''), /holds no rasters/);
  const other = join(folder, 'other');
  mkdirSync(other);
  copyFileSync(fixture('point.tif'), join(other, 'a_20240101.tif'));
  assert.throws(() => listLocal([local, other], ''), /would both be "a_20240101.tif"/);
});

test('a storage that cannot be reached: the replica is registered, and not said to be there', async () => {
  const { signal } = new AbortController();
  const [file] = listLocal([local], `${Date.now()}/`);
  const described = await describeLocal(file!, SCOPE, signal);
  const target = await openTarget(rucio, DOWN, { dataset: null, lifetime: null }, signal);
  const sending = uploadFile(target, described, { signal, onProgress: () => {} });
  await assert.rejects(
    sending,
    /cannot be written to the storage of IT-UPLOAD-DOWN \(https: connection refused\)/,
  );
  const line = (await rucio.listReplicas([described], { allStates: true })).get(`${SCOPE}:${described.name}`);
  assert.deepEqual(
    line?.replicas.map(({ rse, state }) => [rse, state]),
    [[DOWN, 'COPYING']],
  );
  assert.deepEqual((await rucio.listReplicas([described])).get(`${SCOPE}:${described.name}`)?.replicas, []);
});

/** An object store that flips a bit of what it is sent, and tells the md5 of what it has. */
function flippingStore() {
  const stored = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://x');
    const etagOf = (content: Buffer) => ({ etag: `"${sums(content).md5}"` });
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const content = Buffer.concat(chunks);
        if (store.isBroken) content[100]! ^= 1;
        stored.set(pathname, content);
        response.writeHead(200, etagOf(content)).end();
      });
      return;
    }
    const content = stored.get(pathname);
    if (!content) response.writeHead(404).end();
    else response.writeHead(200, { ...etagOf(content), 'content-length': content.length }).end(content);
  });
  const store = { isBroken: true, stored, server };
  return store;
}

test('other bytes than were sent are seen, and not said to be there; what is there by a name stays', async () => {
  const store = flippingStore();
  await new Promise<void>((resolve) => store.server.listen(0, '127.0.0.1', resolve));
  const { port } = store.server.address() as AddressInfo;
  const rse = `IT-FLIP-${Date.now()}`;
  try {
    await addRse(rse, 's3', port);
    const signS3 = makePfnSigner({
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    });
    const client = connect(required('RUCIO_CONFIG'), {}, { signS3 });
    const { signal } = new AbortController();
    const target = await openTarget(client, rse, { dataset: null, lifetime: null }, signal);
    const describe = (prefix: string) => describeLocal(listLocal([local], prefix)[0]!, SCOPE, signal);
    const send = (file: UploadFile) => uploadFile(target, file, { signal, onProgress: () => {} });
    const state = async (file: UploadFile) =>
      (await client.listReplicas([file], { allStates: true })).get(`${SCOPE}:${file.name}`)?.replicas[0]
        ?.state;

    const file = await describe(`flip/${Date.now()}/`);
    await assert.rejects(send(file), /other bytes than were sent: corrupt: its adler32 is/);
    assert.equal(await state(file), 'COPYING');
    // The wrong bytes are ours, for Rucio has the sums of the right ones.
    store.isBroken = false;
    assert.equal(await send(file), true);
    assert.equal(await state(file), 'AVAILABLE');
    const [place] = [...store.stored.keys()];
    assert.ok(store.stored.get(place!)?.equals(readFileSync(file.path)));

    // Of a file that Rucio does not know they are somebody's; the same bytes need not be sent.
    const other = await describe(`flip/${Date.now()}-other/`);
    const pfn = await writePfn(client.api, rse, { scheme: 's3', domain: 'wan' }, other, signal);
    const key = new URL(pfn.replace('s3:', 'http:')).pathname;
    store.stored.set(key, Buffer.from('somebody’s'));
    await assert.rejects(
      send(other),
      /not in Rucio, and yet the storage .*it has 12 bytes, not \d+.*nothing was/,
    );
    assert.equal(String(store.stored.get(key)), 'somebody’s');
    assert.equal(await state(other), undefined);
    store.stored.set(key, readFileSync(other.path));
    assert.equal(await send(other), false);
    assert.equal(await state(other), 'AVAILABLE');
  } finally {
    store.server.closeAllConnections();
    store.server.close();
    await setRse(rse, { availability_write: false, availability_read: false });
  }
});

test('several who upload the same files at the same time all have them there', async () => {
  const { signal } = new AbortController();
  const client = connect(required('RUCIO_CONFIG_HTTPS'));
  const began = Date.now();
  const dataset = { scope: SCOPE, name: `together-${began}` };
  const files = await Promise.all(
    [0, 1, 2].map((n) => describeLocal(listLocal([local], `together/${began}/${n}/`)[0]!, SCOPE, signal)),
  );
  const run = async () => {
    const target = await openTarget(client, 'DEV-DISK', { dataset, lifetime: null }, signal);
    await prepareDataset(target, { title: 'together' }, signal);
    await Promise.all(files.map((file) => uploadFile(target, file, { signal, onProgress: () => {} })));
  };
  await Promise.all([run(), run(), run()]);
  const listed = await rucio.listReplicas(files, { allStates: true });
  for (const { name } of files)
    assert.deepEqual(
      [...new Set(listed.get(`${SCOPE}:${name}`)?.replicas.map(({ rse, state }) => `${rse} ${state}`))],
      ['DEV-DISK AVAILABLE'],
    );
  assert.equal((await rucio.children(dataset, signal)).length, files.length);
});

const registers: [string, Record<string, string>, RegExp][] = [
  ['an RSE that is not there', { register: 'NO-SUCH' }, /no RSE "NO-SUCH"/],
  ['a dataset without an RSE', { 'register-as': 'x:y' }, /--register-as needs --register/],
  ['a dataset that is no DID', { register: 'DEV-CACHE', 'register-as': 'y' }, /--register-as is "y"/],
  [
    'the source as its own dataset',
    { register: 'DEV-CACHE', 'register-as': 'intertwin:s1-flood-tiles' },
    /the source itself/,
  ],
];
for (const [title, options, sentence] of registers) {
  test(`ingest --register refuses ${title}`, async () => {
    const env = {
      RUCIO_CONFIG: required('RUCIO_CONFIG'),
      RUCIO_STAC_DATA: join(folder, 'data'),
    };
    await assert.rejects(
      ingest.run({ options, names: ['intertwin:s1-flood-tiles'] }, env),
      (error: Error) => {
        assert.ok(error instanceof UserError, error.stack);
        assert.match(error.message, sentence);
        return true;
      },
    );
  });
}
