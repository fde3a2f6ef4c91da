/** What we do not read ourselves, by the real tools from real storages: xrdcp, rclone, and Rucio's own client. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { request } from 'undici';
import type { RucioClient } from '../../src/rucio/connect.ts';
import type { Env } from '../../src/rucio/read-config.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { until } from '../support/run.ts';
import { closeAll, connect, folder, type Lake, openLake, required, SCOPE, sums } from './lake.ts';
import { addRse, type Protocol, pfnOf } from './own-rse.ts';
import { startXrootd, type Xrootd } from './xrootd.ts';

const bytes = randomBytes(400_000);
const run = randomBytes(4).toString('hex');

let lake: Lake;
let rucio: RucioClient;
let xrootd: Xrootd;
let root: Protocol;
let dav: Protocol;
let targets = 0;

/** With this [download] section of rucio.cfg. */
function connectWith(download: string, env: Env = {}): RucioClient {
  const file = join(mkdtempSync(join(folder, 'cfg-')), 'rucio.cfg');
  writeFileSync(file, `${readFileSync(required('RUCIO_CONFIG'), 'utf8')}\n[download]\n${download}\n`);
  return connect(file, { PATH: `${process.env.PATH}:${required('RUCIO_DEV_BIN')}`, ...env });
}

async function register(
  name: string,
  told: object,
  places: [string, Protocol, string][],
): Promise<RucioFile> {
  for (const [rse, protocol, path] of places) {
    const files = [{ scope: SCOPE, name, ...told, pfn: pfnOf(protocol, path) }];
    await lake.post('/replicas', { rse, ignore_availability: true, files });
  }
  const { files } = await rucio.resolve({ scope: SCOPE, name });
  const order = places.map(([rse]) => rse);
  const replicas = files[0]!.replicas.map((each) => ({ ...each, priority: order.indexOf(each.rse) + 1 }));
  return { ...files[0]!, replicas };
}

const target = () => join(folder, `to-${targets++}`, 'file.tif');

function assertGot(path: string): void {
  assert.ok(readFileSync(path).equals(bytes));
  assert.deepEqual(readdirSync(join(path, '..')), ['file.tif']);
}

before(async () => {
  lake = await openLake();
  rucio = connectWith('');
  xrootd = await startXrootd();
  root = {
    scheme: 'root',
    hostname: '127.0.0.1',
    port: xrootd.port,
    prefix: '//',
    impl: 'rucio.rse.protocols.xrootd.Default',
  };
  const { hostname, port } = new URL(required('RUCIO_DAV_URL'));
  dav = { scheme: 'http', hostname, port: Number(port), prefix: `/tools-${run}/` };
  mkdirSync(join(xrootd.folder, 'sub'));
  for (const name of ['good', 'sub/-x']) writeFileSync(join(xrootd.folder, name), bytes);
  const corrupt = Buffer.from(bytes);
  corrupt[0]! ^= 1;
  writeFileSync(join(xrootd.folder, 'rotten'), corrupt);
  for (const name of ['good', '-x'])
    await (await request(pfnOf(dav, name), { method: 'PUT', body: bytes })).body.dump();
});
after(async () => {
  await xrootd.stop();
  await closeAll();
});

test('root:// by xrdcp, with the sums of any other; names may begin with a dash', async () => {
  const rse = await addRse(lake, [root]);
  for (const path of ['good', 'sub/-x']) {
    const file = await register(`${run}/root-${path}`, sums(bytes), [[rse, root, path]]);
    assert.equal(file.replicas[0]!.scheme, 'root');
    const to = target();
    const report = await rucio.download(file, to);
    assert.deepEqual([report.replica.pfn, report.md5], [file.replicas[0]!.pfn, sums(bytes).md5]);
    assertGot(to);
  }
  const gone = await register(`${run}/root-gone`, sums(bytes), [[rse, root, 'gone']]);
  await assert.rejects(
    rucio.download(gone, target()),
    /root:\/\/\S+\): xrdcp: Server responded with an error: .*no such file or directory.* \(exit code 54\)/,
  );
});

test('root:// by gfal-copy, where preferred_impl has it first', async () => {
  const rse = await addRse(lake, [root]);
  const file = await register(`${run}/gfal`, sums(bytes), [[rse, root, 'good']]);
  const gone = await register(`${run}/gfal-gone`, sums(bytes), [[rse, root, 'gone']]);
  // Its script takes the first python of the path, which must be Debian's.
  const before = process.env.PATH;
  process.env.PATH = `/usr/bin:${before}`;
  try {
    const client = connectWith('preferred_impl = gfal.NoRename', { PATH: '/usr/bin' });
    const to = target();
    await client.download(file, to);
    assertGot(to);
    assert.equal(statSync(to).mode & 0o111, 0);
    await assert.rejects(
      client.download(gone, target()),
      /gfal-copy: .*\(No such file or directory\).* \(exit code 2\); .*xrdcp: /,
    );
  } finally {
    process.env.PATH = before;
  }
});

test('a rotten replica behind a tool gives way to the next', async () => {
  const rses = [await addRse(lake, [root]), await addRse(lake, [dav])] as const;
  const file = await register(`${run}/rotten`, sums(bytes), [
    [rses[0], root, 'rotten'],
    [rses[1], dav, 'good'],
  ]);
  const to = target();
  const report = await rucio.download(file, to);
  assert.match(report.faults[0]!.reason, /corrupt: its adler32 is/);
  assert.equal(report.replica.rse, rses[1]);
  assertGot(to);
});

test('preferred_impl: of an RSE with two doors the one it names', async () => {
  const rse = await addRse(lake, [dav, root]);
  const file = await register(`${run}/both`, sums(bytes), [[rse, dav, 'good']]);
  // One replica, two ways to it.
  const replicas = [
    file.replicas[0]!,
    { ...file.replicas[0]!, pfn: pfnOf(root, 'good'), scheme: 'root', priority: 2 },
  ];
  const used = async (client: RucioClient) =>
    (await client.download({ ...file, replicas }, target())).replica.scheme;
  assert.equal(await used(rucio), 'http');
  assert.equal(await used(connectWith('preferred_impl = xrootd, rclone')), 'root');
  assert.equal(await used(connectWith('preferred_impl = xrootd', { PATH: '' })), 'http');
});

test('without the tool the sentence says which would open it', async () => {
  const rse = await addRse(lake, [root]);
  const file = await register(`${run}/none`, sums(bytes), [[rse, root, 'good']]);
  await assert.rejects(
    connectWith('', { PATH: '/nonexistent' }).download(file, target()),
    /root:\/\/ is opened by xrdcp, gfal-copy or rucio, none of which is on the PATH; install one/,
  );
});

test('rclone: a remote of its configuration, and https that only it can read', async () => {
  process.env.RCLONE_CONFIG_LAKE_TYPE = 'webdav';
  process.env.RCLONE_CONFIG_LAKE_URL = required('RUCIO_DAV_URL');
  process.env.SSL_CERT_FILE = required('RUCIO_CA_CERT');
  try {
    const rse = await addRse(lake, [dav]);
    const file = await register(`${run}/rclone`, sums(bytes), [[rse, dav, 'good']]);
    const via = async (pfn: string, client = rucio) => {
      const to = target();
      const scheme = pfn.split(':')[0]!;
      const report = await client.download(
        { ...file, replicas: [{ ...file.replicas[0]!, pfn, scheme }] },
        to,
      );
      assertGot(to);
      return report;
    };
    await via(`rclone://lake/tools-${run}/good`);
    await via(`rclone://lake/tools-${run}/-x`);
    // Our own client does not know the CA here; rclone does.
    const https = `${required('RUCIO_DAVS_URL')}/tools-${run}/good`;
    await assert.rejects(via(https), /TLS: /);
    const report = await via(https, connectWith('preferred_impl = xrootd, rclone'));
    assert.match(report.faults[0]!.reason, /TLS: /);
    await assert.rejects(
      via(`rclone://nowhere/x`),
      /rclone: .*didn't find section in config file.* \(exit code 1\)/,
    );
  } finally {
    for (const key of ['RCLONE_CONFIG_LAKE_TYPE', 'RCLONE_CONFIG_LAKE_URL', 'SSL_CERT_FILE'])
      delete process.env[key];
  }
});

test("Rucio's client opens what nothing else does; a hostile name does not leave the folder", async () => {
  const disk = mkdtempSync(join(folder, 'disk-'));
  writeFileSync(join(disk, 'good'), bytes);
  const scp: Protocol = {
    scheme: 'scp',
    hostname: 'localhost',
    port: 0,
    prefix: `${disk}/`,
    impl: 'rucio.rse.protocols.posix.Default',
  };
  const rse = await addRse(lake, [scp]);
  const file = await register(`${run}/rucio.tif`, sums(bytes), [[rse, scp, 'good']]);
  assert.deepEqual(
    file.replicas.map(({ scheme }) => scheme),
    ['scp'],
  );
  const to = target();
  await rucio.download(file, to);
  assertGot(to);
  await assert.rejects(rucio.download({ ...file, name: '../../../evil' }, target()), /cannot become a file/);
  // Unknown to Rucio, and nothing of it is an option.
  await assert.rejects(
    rucio.download({ ...file, scope: '--dir=', name: '-h' }, target()),
    /rucio.*: .*\(exit code \d+\)/,
  );
});

test('a tool that hangs is ended with transfer_timeout, and on abort, with all it started', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  const pfn = `root://127.0.0.1:${port}//silent-${run}`;
  const file: RucioFile = {
    ...{ scope: SCOPE, name: 'silent', ...sums(bytes), metadata: {} },
    replicas: [{ rse: 'X', pfn, scheme: 'root', priority: 1, state: 'AVAILABLE', type: 'DISK' }],
  };
  const running = () =>
    readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`silent-${run}`);
        } catch {
          return false;
        }
      });
  try {
    const client = connectWith('transfer_timeout = 1', { PATH: '/usr/bin:/usr/local/bin' });
    await assert.rejects(
      client.download(file, target(), { rounds: 1 }),
      /not done within 1 s \(transfer_timeout\)/,
    );
    assert.deepEqual(running(), []);
    const stop = new AbortController();
    const to = target();
    const ended = rucio.download(file, to, { signal: stop.signal });
    ended.catch(() => undefined);
    await until(() => (running().length > 0 ? true : null), 'xrdcp to run');
    stop.abort(new Error('enough'));
    await assert.rejects(ended, /enough/);
    assert.deepEqual(running(), []);
    assert.deepEqual(readdirSync(join(to, '..')), []);
  } finally {
    silent.close();
  }
});
