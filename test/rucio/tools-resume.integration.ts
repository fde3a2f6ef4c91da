/** Transfers by a tool that can go on with a file (xrdcp) break off and go on, on a real XRootD server behind a bad network. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DownloadOptions, downloadFile } from '../../src/rucio/download.ts';
import { findTools } from '../../src/rucio/fetch/tools.ts';
import type { Replica, RucioFile } from '../../src/rucio/types.ts';
import { until } from '../support/run.ts';
import { closeAll, folder, SCOPE, sums } from './lake.ts';
import { type Network, openNetwork } from './network.ts';
import { startXrootd, type Xrootd } from './xrootd.ts';

const SIZE = 4 << 20;
const bytes = randomBytes(SIZE);
const tools = findTools(process.env.PATH ?? '');

/** Of xrdcp: what breaks off has a beginning (by itself it writes 8 MB at once), and a silent server is left soon. */
const SETTINGS = {
  XRD_CPCHUNKSIZE: String(1 << 18),
  XRD_CPPARALLELCHUNKS: '1',
  XRD_STREAMTIMEOUT: '5',
  XRD_TIMEOUTRESOLUTION: '1',
};

let xrootd: Xrootd;
let network: Network;

before(async () => {
  Object.assign(process.env, SETTINGS);
  xrootd = await startXrootd();
  writeFileSync(join(xrootd.folder, 'big'), bytes);
  network = await openNetwork('127.0.0.1', xrootd.port);
});
after(async () => {
  for (const name of Object.keys(SETTINGS)) delete process.env[name];
  network.close();
  await xrootd.stop();
  await closeAll();
});

const replicaAt = (port: number): Replica => {
  const pfn = `root://127.0.0.1:${port}//big`;
  return { rse: 'X', pfn, scheme: 'root', priority: 1, state: 'AVAILABLE', type: 'DISK' };
};
const file = (): RucioFile => ({
  ...{ scope: SCOPE, name: 'big', ...sums(bytes), metadata: {} },
  replicas: [replicaAt(network.port)],
});
const target = () => join(mkdtempSync(join(folder, 'to-')), 'file.tif');
const download = (told: RucioFile, to: string, options: DownloadOptions = {}) =>
  downloadFile(told, to, { tools, ...options });
/** What of the file has come, and lies there under another name. */
const parts = (to: string) => readdirSync(join(to, '..')).filter((name) => name.endsWith('.part'));

function assertGot(to: string): void {
  assert.ok(readFileSync(to).equals(bytes));
  assert.deepEqual(readdirSync(join(to, '..')), ['file.tif']);
}

/** Bytes that the network passed on during `work`. */
async function passedBy(work: () => Promise<unknown>): Promise<number> {
  const before = network.passed;
  await work();
  return network.passed - before;
}

/** Ended from outside after more than half of it has come. */
async function interrupt(to: string): Promise<void> {
  const stop = new AbortController();
  network.faults = [{ kind: 'hold', after: (SIZE * 3) / 4 }];
  const isHalf = () => {
    const [part] = parts(to);
    return part !== undefined && readFileSync(join(to, '..', part)).length > SIZE / 2 ? true : null;
  };
  const ended = download(file(), to, { signal: stop.signal });
  ended.catch(() => undefined);
  await until(isHalf, 'half of the file');
  stop.abort(new Error('enough'));
  await assert.rejects(ended, /enough/);
}

test('a run that is ended is gone on with by the next', async () => {
  const to = target();
  await interrupt(to);
  const [part] = parts(to);
  const there = readFileSync(join(to, '..', part!));
  assert.ok(there.equals(bytes.subarray(0, there.length)));
  const told: number[] = [];
  const passed = await passedBy(() => download(file(), to, { onProgress: (done) => told.push(done) }));
  assertGot(to);
  assert.ok(passed < SIZE / 2, `${passed} of ${SIZE} bytes`);
  assert.ok(told.includes(there.length) && told.at(-1) === SIZE, String(told));
});

test('an attempt that takes too long is gone on with by the next attempt, in the same run', async () => {
  const to = target();
  network.faults = [{ kind: 'hold', after: (SIZE * 3) / 4 }];
  const passed = await passedBy(async () => {
    const report = await download(file(), to, { transferTimeoutSeconds: 1 });
    assert.match(report.faults[0]!.reason, /not done within 1 s/);
  });
  assertGot(to);
  assert.ok(passed < (SIZE * 5) / 4, `${passed} of ${SIZE} bytes`);
});

test('bytes that are not the file’s are thrown away, and it is asked for whole', async () => {
  const to = target();
  await interrupt(to);
  const path = join(to, '..', parts(to)[0]!);
  const wrong = readFileSync(path);
  wrong[7]! ^= 1;
  writeFileSync(path, wrong);
  const passed = await passedBy(() => download(file(), to));
  assertGot(to);
  assert.ok(passed > SIZE, `${passed} of ${SIZE} bytes`);
});

test('without a checksum nothing is gone on with', async () => {
  const to = target();
  await interrupt(to);
  const passed = await passedBy(() => download({ ...file(), adler32: null, md5: null }, to));
  assertGot(to);
  assert.ok(passed >= SIZE, `${passed} of ${SIZE} bytes`);
});
