/** What upload and ingest --register refuse, on the real server of test/servers/rucio: one sentence each, and nothing is left that is said to be there. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ingest } from '../../src/commands/ingest.ts';
import { upload } from '../../src/commands/upload.ts';
import { UserError } from '../../src/errors.ts';
import { describeLocal, listLocal } from '../../src/ingest/register-local.ts';
import type { RucioClient } from '../../src/rucio/connect.ts';
import { openTarget, uploadFile } from '../../src/rucio/upload.ts';
import { fixture } from '../raster/support.ts';
import { closeAll, connect, folder, type Lake, openLake, required, SCOPE } from './lake.ts';

/** Storages that cannot be written to, each for a reason of its own. */
const DOWN = 'IT-UPLOAD-DOWN';
const GRID = 'IT-UPLOAD-GRID';
const CLOSED = 'IT-UPLOAD-CLOSED';

let lake: Lake;
let rucio: RucioClient;
const local = join(folder, 'local');

async function addRse(rse: string, scheme: string): Promise<void> {
  await lake.post(`/rses/${rse}`, { deterministic: true });
  const rank = { read: 1, write: 1, delete: 1 };
  await lake.post(`/rses/${rse}/protocols/${scheme}`, {
    hostname: '127.0.0.1',
    port: 9,
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
