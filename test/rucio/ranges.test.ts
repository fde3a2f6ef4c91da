/** A file's bytes by range, from the replicas that clients can read. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { openRanges, replicasForReaders } from '../../src/rucio/fetch/open-ranges.ts';
import { schemeOf } from '../../src/rucio/pfn.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { sums } from './sums.ts';

const SIZE = 1_000_000;
const bytes = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) % 251));
let server: Server;
let base = '';
let asked: string[] = [];

function storage({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
  asked.push(`${url} ${headers.range}`);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  if (url === '/locked') return void response.writeHead(403).end();
  if (url === '/whole' || first === undefined)
    return void response.writeHead(200, { 'content-length': SIZE }).end(bytes);
  const part = bytes.subarray(Number(first), Math.min(Number(last) + 1, SIZE));
  const total = url === '/longer' ? SIZE + 1 : url === '/huge' ? 1e12 : SIZE;
  response.writeHead(206, {
    'content-length': part.length,
    'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${total}`,
  });
  if (url === '/cut' && asked.length === 1) response.write(part.subarray(0, 10), () => response.destroy());
  else response.end(part);
}

before(async () => {
  server = createServer(storage);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

function file(pfns: string[]): RucioFile {
  const replicas = pfns.map((pfn, index) => {
    const whole = pfn.startsWith('/') ? base + pfn : pfn;
    const state = 'AVAILABLE';
    return {
      rse: `RSE-${index + 1}`,
      pfn: whole,
      scheme: schemeOf(whole),
      priority: index + 1,
      state,
      type: 'DISK',
    };
  });
  return { scope: 's', name: 'n.tif', ...sums(bytes), replicas, metadata: {} };
}

test('any range is right, and near ones are one request', async () => {
  const ranges = await openRanges(file(['/good']), {});
  assert.equal(ranges.size, SIZE);
  for (const [offset, length] of [
    [0, 16],
    [100, 60_000],
    [65_530, 20],
    [300_000, 200_000],
    [SIZE - 5, 5],
    [SIZE, 0],
    [0, SIZE],
  ] as const) {
    assert.ok(
      (await ranges.read(offset, length)).equals(bytes.subarray(offset, offset + length)),
      `${offset}`,
    );
  }
  assert.equal(asked[0], '/good bytes=0-65535');
  asked = [];
  await Promise.all(Array.from({ length: 20 }, (_, n) => ranges.read(n * 1000, 500)));
  assert.deepEqual(asked, []);
  await assert.rejects(ranges.read(SIZE - 5, 6), /cut short or corrupt/);
  await ranges.close();
});

test('a connection that is cut is asked again; a replica that cannot be read gives way to the next', async () => {
  const cut = await openRanges(file(['/cut']), {});
  assert.ok((await cut.read(0, 100)).equals(bytes.subarray(0, 100)));
  const next = await openRanges(file(['/locked', '/whole', '/longer', '/good']), {});
  assert.equal(next.replica.rse, 'RSE-4');
});

test('where none can be read the sentence says why of each', async () => {
  await assert.rejects(openRanges(file(['/locked', '/whole', '/longer']), {}), (error: unknown) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^n\.tif cannot be read by range/);
    assert.match(
      error.message,
      /RSE-1: status 403, .*RSE-2: the storage gives no ranges of files; RSE-3: it has 1000001 bytes, Rucio says 1000000/,
    );
    return true;
  });
  await assert.rejects(openRanges(file(['root://a//x']), {}), /it has no replica there now/);
});

test('a header that asks for more than any has is refused', async () => {
  const ranges = await openRanges({ ...file(['/huge']), bytes: null }, {});
  assert.equal(ranges.size, 1e12);
  await assert.rejects(
    ranges.read(100, 1e9),
    /n\.tif is corrupt: its header has 1000000000 bytes in one piece/,
  );
  assert.equal(asked.length, 1);
});

test('https comes before http, and by priority; what clients do not read is left out', () => {
  const { replicas } = file(['http://a/x', 'root://a//x', 'davs://b/x', 'https://c/x', 's3://d/x']);
  assert.deepEqual(
    replicasForReaders(replicas).map(({ pfn }) => pfn),
    ['davs://b/x', 'https://c/x', 'http://a/x'],
  );
  assert.deepEqual(replicasForReaders(replicas.map((each) => ({ ...each, state: 'BAD' }))), []);
  const taped = replicas.map((each) => (each.pfn.startsWith('davs') ? { ...each, type: 'TAPE' } : each));
  assert.deepEqual(
    replicasForReaders(taped).map(({ pfn }) => pfn),
    ['https://c/x', 'http://a/x', 'davs://b/x'],
  );
});
