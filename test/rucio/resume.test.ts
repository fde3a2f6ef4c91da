/** Transfers that break off go on where they ended: RFC 9110, 13.1.5 If-Range and 14 Range Requests. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { downloadFile } from '../../src/rucio/download.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { sums } from './sums.ts';

const SIZE = 3_000_000;
const bytes = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) % 251));
const corrupt = Buffer.from(bytes);
corrupt[1234]! ^= 1;
/** Bytes after which a broken storage ends its answer. */
const CUT = 1_200_000;

const folder = mkdtempSync(join(tmpdir(), 'rucio-resume-'));
let server: Server;
let base = '';
let asked: { url: string; range: string | undefined; ifRange: string | undefined }[] = [];
let target = '';
let tests = 0;

/** A storage that answers ranges, but for what its path says: cut, ignore, shifted, none, changed, rotten. */
function storage({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  const turn = asked.filter((each) => each.url === url).length;
  asked.push({ url, range: headers.range, ifRange: headers['if-range'] as string | undefined });
  const is = (word: string) => url.includes(word);
  const etag = is('changed') ? `"v${turn}"` : '"v1"';
  const content = is('rotten') || (is('rot-first') && turn === 0) ? corrupt : bytes;
  const isRange =
    headers.range !== undefined &&
    !is('ignore') &&
    (headers['if-range'] === undefined || headers['if-range'] === etag);
  const from = isRange ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]) : 0;
  if (isRange && is('none')) return void response.writeHead(416).end();
  const shift = is('shifted') ? 7 : 0;
  const rest = content.subarray(from + (isRange ? shift : 0));
  response.writeHead(isRange ? 206 : 200, {
    'content-length': rest.length,
    ...(!is('no-etag') && { etag }),
    ...(isRange && { 'content-range': `bytes ${from + shift}-${SIZE - 1}/${SIZE}` }),
  });
  if (is('cut-always') || (is('cut') && turn === 0))
    response.write(rest.subarray(0, CUT), () => setImmediate(() => response.destroy()));
  else response.end(rest);
}

before(async () => {
  server = createServer(storage);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  target = join(folder, String(tests++), 'file.tif');
  mkdirSync(dirname(target));
});

function file(paths: string[], more: Partial<RucioFile> = {}): RucioFile {
  const replicas = paths.map((path, index) => ({
    rse: `RSE-${index + 1}`,
    pfn: base + path,
    scheme: 'http',
    priority: index + 1,
    state: 'AVAILABLE',
    type: 'DISK',
  }));
  return { scope: 's', name: 'n', ...sums(bytes), replicas, metadata: {}, ...more };
}
const ranges = () => asked.map(({ range }) => range);
const left = () => readdirSync(dirname(target));
function assertWhole(): void {
  assert.ok(readFileSync(target).equals(bytes));
  assert.deepEqual(left(), ['file.tif']);
}
/** How many bytes of a cut answer reach us depends on the network: the range begins there. */
function assertResumed(range: string | undefined): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1]);
  assert.ok(from > 0 && from <= CUT, range);
}

test('a connection that is lost: the same replica gives the rest, if it is still the same', async () => {
  const report = await downloadFile(file(['/cut']), target);
  assertWhole();
  assert.deepEqual([report.md5, report.adler32], [sums(bytes).md5, sums(bytes).adler32]);
  assert.equal(asked.length, 2);
  assertResumed(asked[1]!.range);
  assert.equal(asked[1]!.ifRange, '"v1"');
});

test('another replica of the file gives the rest', async () => {
  const report = await downloadFile(file(['/cut-always', '/good']), target);
  assert.equal(report.replica.rse, 'RSE-2');
  assertWhole();
  assertResumed(asked[1]!.range);
  assert.equal(asked[1]!.ifRange, undefined);
});

test('as long as it gets further, a replica that always breaks off is asked again', async () => {
  await downloadFile(file(['/cut-always']), target);
  assertWhole();
  assert.ok(asked.length >= 3);
});

test('a storage that answers 200 to a range starts again', async () => {
  await downloadFile(file(['/cut-ignore']), target);
  assertWhole();
});

test('a wrong Content-Range, and 416, are faults; then the whole is asked for', async () => {
  for (const path of ['/cut-shifted', '/cut-none']) {
    asked = [];
    const report = await downloadFile(file([path]), target, { rounds: 3 });
    assertWhole();
    assertResumed(ranges()[1]);
    assert.deepEqual(ranges().slice(2), [undefined]);
    assert.match(report.faults[1]!.reason, /asked for bytes from \d+ on, it gave "bytes|status 416/);
    rmSync(target);
  }
});

test('a wrong checksum throws the part away: whose bytes were wrong is not known', async () => {
  await downloadFile(file(['/cut-rot-first']), target);
  assertWhole();
  assert.deepEqual([asked.length, ranges()[2]], [3, undefined]);
  rmSync(target);
  asked = [];
  await assert.rejects(downloadFile(file(['/cut-rotten']), target), /corrupt: its adler32 is/);
  assert.deepEqual(left(), []);
});

test('without a checksum only the same address with the same strong ETag goes on', async () => {
  const unsummed = { adler32: null, md5: null };
  await downloadFile(file(['/cut'], unsummed), target);
  assertWhole();
  assert.equal(asked[1]!.ifRange, '"v1"');
  for (const paths of [['/cut-no-etag'], ['/cut-always-x', '/good'], ['/cut-changed']]) {
    rmSync(target);
    asked = [];
    await downloadFile(file(paths, unsummed), target, { rounds: 1 }).catch(() =>
      downloadFile(file(paths, unsummed), target),
    );
    assertWhole();
  }
});

test('what an ended run left is read again and gone on with, once', async () => {
  const stop = new AbortController();
  const running = downloadFile(file(['/cut-always']), target, {
    signal: stop.signal,
    onProgress: (done) => done > 500_000 && stop.abort(new Error('enough')),
  });
  await assert.rejects(running, /enough/);
  const [part] = left();
  assert.match(part!, /^file\.tif~\d+-[0-9a-f]{8}\.part$/);
  const length = readFileSync(join(dirname(target), part!)).length;
  asked = [];
  const progress: number[] = [];
  await downloadFile(file(['/good']), target, { onProgress: (done) => progress.push(done) });
  assert.deepEqual(ranges(), [`bytes=${length}-`]);
  assert.ok(progress.includes(length));
  assertWhole();
});

test('the largest of several parts is taken; one of a run that lives is left alone', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    const name = (pid: number | undefined, token: string) => `${target}~${pid}-${token}.part`;
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    writeFileSync(name(gone.pid, '00000001'), bytes.subarray(0, 1000));
    writeFileSync(name(gone.pid, '00000002'), bytes.subarray(0, 2000));
    mkdirSync(`${target}~${gone.pid}-00000004.tool`);
    writeFileSync(name(child.pid, '00000003'), bytes.subarray(0, 3000));
    await downloadFile(file(['/good']), target);
    assert.deepEqual(ranges(), ['bytes=2000-']);
    assert.ok(readFileSync(target).equals(bytes));
    assert.deepEqual(left().sort(), ['file.tif', `file.tif~${child.pid}-00000003.part`]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('parts that cannot be of the file are thrown away: too long, rotten, whole but wrong; a whole right one needs no storage', async () => {
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  const parts: [Buffer, (string | undefined)[]][] = [
    [Buffer.concat([bytes, Buffer.from('more')]), [undefined]],
    [corrupt.subarray(0, 2000), ['bytes=2000-', undefined]],
    [corrupt, [undefined]],
    [bytes, []],
  ];
  for (const [content, expected] of parts) {
    asked = [];
    writeFileSync(`${target}~${gone.pid}-00000001.part`, content);
    await downloadFile(file(['/good']), target);
    assert.deepEqual(ranges(), expected);
    assertWhole();
    rmSync(target);
  }
});

test('a name as long as a name may be has a part, too', async () => {
  target = join(dirname(target), `${'n'.repeat(246)}.tif`);
  await downloadFile(file(['/cut']), target);
  assert.deepEqual(left(), [`${'n'.repeat(246)}.tif`]);
});
