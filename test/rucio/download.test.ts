import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { UserError } from '../../src/errors.ts';
import { adler32 } from '../../src/rucio/adler32.ts';
import { downloadFile } from '../../src/rucio/download.ts';
import type { RucioFile } from '../../src/rucio/types.ts';

const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251));
const corrupt = Buffer.from(bytes);
corrupt[1234]! ^= 1;
const adler = adler32();
adler.update(bytes);
const known = {
  bytes: bytes.length,
  adler32: adler.digest(),
  md5: createHash('md5').update(bytes).digest('hex'),
};

const folder = mkdtempSync(join(tmpdir(), 'rucio-download-'));
let server: Server;
let other: Server;
let base = '';
let seen: IncomingMessage[] = [];
let target = '';
let tests = 0;

/** Storage that misbehaves by path. */
function storage(request: IncomingMessage, response: ServerResponse): void {
  seen.push(request);
  const whole = { 'content-length': bytes.length };
  switch (request.url) {
    case '/good':
      return void response.writeHead(200, whole).end(bytes);
    case '/corrupt':
      return void response.writeHead(200, whole).end(corrupt);
    case '/short':
      return void response.writeHead(200, { 'content-length': 10 }).end(bytes.subarray(0, 10));
    case '/chunked-long':
      response.writeHead(200).write(bytes);
      return void response.end('more');
    case '/cut':
      response.writeHead(200, whole).write(bytes.subarray(0, 100_000), () => response.destroy());
      return;
    case '/chunked-cut':
      response.writeHead(200).write(bytes.subarray(0, 100_000), () => response.destroy());
      return;
    case '/stall':
      return void response.writeHead(200, whole).write(bytes.subarray(0, 1000));
    case '/silent':
      return;
    case '/slow': {
      response.writeHead(200, whole);
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
      return;
    }
    case '/away':
      return void response
        .writeHead(302, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/good` })
        .end();
    case '/near':
      return void response.writeHead(307, { location: '/good' }).end();
    case '/loop':
      return void response.writeHead(302, { location: '/loop' }).end();
    case '/to-file':
      return void response.writeHead(302, { location: 'file:///etc/hostname' }).end();
    case '/busy':
      return void response.writeHead(503).end('busy');
    default:
      return void response.writeHead(404).end();
  }
}

async function listen(): Promise<Server> {
  const started = createServer(storage);
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  return started;
}

before(async () => {
  [server, other] = await Promise.all([listen(), listen()]);
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  for (const one of [server, other]) {
    one.closeAllConnections();
    one.close();
  }
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
  target = join(folder, String(tests++), 'deep', 'file.tif');
});

function file(pfns: string[], more: Partial<RucioFile> = {}): RucioFile {
  const replicas = pfns.map((pfn, index) => {
    const whole = pfn.startsWith('/') ? base + pfn : pfn;
    const rse = `RSE-${index + 1}`;
    return {
      rse,
      pfn: whole,
      scheme: whole.split(':')[0]!,
      priority: index + 1,
      state: 'AVAILABLE',
      type: 'DISK',
    };
  });
  return { scope: 's', name: 'n', ...known, replicas, metadata: {}, ...more };
}

/** Nothing lies around: neither the final name nor a part. */
function assertNothingLeft(): void {
  assert.deepEqual(readdirSync(join(target, '..')), []);
}

test('a good replica: the bytes, their sums, progress up to the size', async () => {
  const progress: number[] = [];
  const report = await downloadFile(file(['/good']), target, { onProgress: (done) => progress.push(done) });
  assert.ok(readFileSync(target).equals(bytes));
  assert.equal(report.replica.rse, 'RSE-1');
  assert.deepEqual([report.bytes, report.adler32, report.md5, report.faults], [...Object.values(known), []]);
  assert.equal(report.unverified, undefined);
  assert.equal(progress[0], 0);
  assert.equal(progress.at(-1), bytes.length);
  assert.deepEqual(readdirSync(join(target, '..')), ['file.tif']);
});

test('the order is the priority, whatever the order of the list', async () => {
  const both = file(['/good', '/corrupt']);
  both.replicas.reverse();
  assert.equal((await downloadFile(both, target)).replica.rse, 'RSE-1');
});

test('a corrupt replica is refused and told, the next one taken', async () => {
  const report = await downloadFile(file(['/corrupt', '/good']), target);
  assert.equal(report.replica.rse, 'RSE-2');
  assert.equal(report.faults.length, 1);
  assert.equal(report.faults[0]!.rse, 'RSE-1');
  assert.match(report.faults[0]!.reason, /corrupt: its adler32 is/);
  assert.ok(readFileSync(target).equals(bytes));
});

test('md5 is compared too, and alone when there is no adler32', async () => {
  const wrong = file(['/good'], { adler32: null, md5: '0'.repeat(32) });
  await assert.rejects(downloadFile(wrong, target), /corrupt: its md5 is/);
  assertNothingLeft();
  assert.equal((await downloadFile(file(['/good'], { adler32: null }), target)).unverified, undefined);
});

test('without a checksum the size is compared, and the report says so', async () => {
  const none = { adler32: null, md5: null };
  assert.equal((await downloadFile(file(['/good'], none), target)).unverified, true);
  await assert.rejects(
    downloadFile(file(['/short'], none), join(folder, 'x')),
    /it has 10 bytes, Rucio says 300000/,
  );
});

test('truncated, too long, missing: each its reason, and no file', async () => {
  const all = file(['/cut', '/chunked-cut', '/short', '/chunked-long', '/nowhere', '/loop', '/to-file']);
  await assert.rejects(downloadFile(all, target, { rounds: 1 }), (error: unknown) => {
    assert.ok(error instanceof UserError);
    const reasons = [
      /RSE-1 .*: the connection was cut/,
      /RSE-2 .*: the connection was cut/,
      /RSE-3 .*: it has 10 bytes/,
      /RSE-4 .*: it has more than the 300000 bytes/,
      /RSE-5 .*: status 404/,
      /RSE-6 .*: more than 10 redirects/,
      /RSE-7 .*: redirected to file:/,
    ]; // one for each
    for (const reason of reasons) assert.match(error.message, reason);
    return true;
  });
  assertNothingLeft();
});

test('a silent storage gives way to the next after the idle time', async () => {
  const report = await downloadFile(file(['/silent', '/stall', '/good']), target, {
    idleTimeoutSeconds: 0.2,
  });
  assert.equal(report.replica.rse, 'RSE-3');
  assert.deepEqual(
    report.faults.map(({ reason }) => reason),
    ['no byte came for 0.2 s', 'no byte came for 0.2 s'],
  );
});

test('transfer_timeout limits one attempt, and a huge one does not end it at once', async () => {
  const slow = downloadFile(file(['/slow']), target, { transferTimeoutSeconds: 0.3, rounds: 1 });
  await assert.rejects(slow, /not done within 0\.3 s \(transfer_timeout\)/);
  assert.equal(existsSync(target), false);
  await downloadFile(file(['/good']), target, { transferTimeoutSeconds: 3_600_000 });
});

test('a passing fault is tried again, a lasting one is not', async () => {
  await assert.rejects(downloadFile(file(['/busy', '/corrupt']), target), /status 503.*corrupt/);
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/busy', '/corrupt', '/busy'],
  );
});

test('redirects are followed; neither a bearer token over http nor one to another origin goes along', async () => {
  await downloadFile(file(['/near']), target, { bearerToken: 'secret' });
  await downloadFile(file(['/away']), target, { bearerToken: 'secret' });
  assert.deepEqual(
    seen.map(({ url }) => url),
    ['/near', '/good', '/away', '/good'],
  );
  for (const { headers } of seen) {
    assert.equal(headers.authorization, undefined);
    assert.equal(headers['x-rucio-auth-token'], undefined);
  }
});

test('abort ends the download; under its final name there is nothing', async () => {
  const controller = new AbortController();
  const running = downloadFile(file(['/stall', '/good']), target, {
    signal: controller.signal,
    onProgress: (done) => done > 0 && controller.abort(new Error('enough')),
  });
  await assert.rejects(running, /enough/);
  assert.equal(existsSync(target), false);
  await assert.rejects(downloadFile(file(['/good']), target, { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  });
});

test('an earlier file stays when the download fails', async () => {
  await downloadFile(file(['/good']), target);
  await assert.rejects(downloadFile(file(['/corrupt']), target));
  assert.ok(readFileSync(target).equals(bytes));
});

test('file:// is read when the path is here, and no fault when it is not', async () => {
  const here = join(folder, 'here é.tif');
  writeFileSync(here, bytes);
  const url = pathToFileURL(here).href;
  const report = await downloadFile(
    file(['file:///not/here', url.replace('file:///', 'file://localhost/')]),
    target,
  );
  assert.equal(report.replica.rse, 'RSE-2');
  assert.deepEqual(report.faults, []);
});

test('schemes we do not speak and replicas that are not available are skipped, and named when nothing else is left', async () => {
  const lake = file(['root://x//y', '/good', 'srm://x/y']);
  lake.replicas[1]!.state = 'BAD';
  await assert.rejects(
    downloadFile(lake, target),
    /root:\/\/ is opened by xrdcp, gfal-copy or rucio, none of which is on the PATH.*its state is BAD.*srm:\/\/ is opened by gfal-copy or rucio/,
  );
  assert.equal(seen.length, 0);
  await assert.rejects(downloadFile(file([]), target), /s:n cannot be downloaded: it has no replica/);
});

test('davs is read as https, so the same address under both is tried once', async () => {
  const twice = file(['https://127.0.0.1:9/x', 'davs://127.0.0.1:9/x']);
  await assert.rejects(
    downloadFile(twice, target, { rounds: 1 }),
    (error: Error) => error.message.match(/RSE-/g)?.length === 1,
  );
});

test('a signed address is not told with its signature', async () => {
  await assert.rejects(
    downloadFile(file(['/nowhere?X-Amz-Signature=abc']), target),
    (error: Error) => !error.message.includes('abc'),
  );
});

test("a fault of the disk is not the replica's", async () => {
  writeFileSync(join(folder, 'a-file'), '');
  await assert.rejects(downloadFile(file(['/good']), join(folder, 'a-file', 'x')), /cannot be written/);
});
