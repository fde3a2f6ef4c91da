import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { openUrlSource, parseAddress } from '../../src/ingest/url-source.ts';
import { cacheBytes } from '../../src/raster/cached-bytes.ts';
import { openRasterBytes } from '../../src/raster/open-raster.ts';
import { cubes, fixture, readBand, sha256, tiffs } from '../raster/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'url-'));
const { signal } = new AbortController();
/** Answers to requests whose path begins with these: statuses that come first, and what is told of the file. */
const behaviour: Record<string, { statuses?: number[]; etag?: string; ranges?: false }> = {
  '/shaky/': { statuses: [503, 503] },
  '/whole/': { ranges: false },
  '/tagged/': { etag: '"one"' },
};
let asked: { path: string; range: string | undefined }[] = [];

function answer(request: IncomingMessage, reply: ServerResponse): void {
  const path = request.url ?? '';
  const { range } = request.headers;
  asked.push({ path, range });
  const [, prefix = '', name = ''] = /^(\/\w+\/)([\w.-]+)/.exec(path) ?? [];
  const told = behaviour[prefix] ?? {};
  const status = told.statuses?.shift();
  const source = ['tiles.tif', 'overviews.tif', 'classic.nc', 'packed.nc', 'text.tif'].find(
    (each) => each === name || each === `${name}.tif`,
  );
  if (status !== undefined || source === undefined) return void reply.writeHead(status ?? 404).end();
  const bytes = readFileSync(fixture(source));
  const headers = { 'content-type': 'application/octet-stream', ...(told.etag && { etag: told.etag }) };
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  if (told.ranges === false || from === undefined) {
    reply.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes);
    return;
  }
  const end = Math.min(Number(to) + 1, bytes.length);
  const part = bytes.subarray(Number(from), end);
  reply.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${end - 1}/${bytes.length}` }).end(part);
}

const server = createServer(answer);
let base = '';
before(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
async function openAt(path: string) {
  const source = await openUrlSource(`${base}${path}`, 'c', signal);
  const file = (await source.complete(source.files, signal))[0]!;
  const ranges = await file.openRanges!(signal);
  count += 1;
  return openRasterBytes(await cacheBytes(ranges, join(folder, String(count))), null, {});
}

test('addresses are https or http, and give away no secret', () => {
  assert.equal(
    parseAddress('https://host.example/a%20b/x.tif?v=1#top'),
    'https://host.example/a%20b/x.tif?v=1',
  );
  for (const other of ['s3://bucket/x.tif', 'scope:name', './x.tif', 'x.tif', 'httpx://a'])
    assert.equal(parseAddress(other), null, other);
  const refused = (text: string, message: RegExp) =>
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof UserError && message.test(error.message),
    );
  refused('https://me:secret@host.example/x.tif', /host\.example carries a password or signature/);
  refused('https://host.example/x.tif?X-Amz-Signature=abc', /carries a password or signature/);
  refused('https://', /is no address/);
});

test('a GeoTIFF is read by range, each byte once though bands share their blocks', async () => {
  asked = [];
  const raster = await openAt('/plain/tiles.tif');
  const expected = tiffs().find(([name]) => name === 'tiles.tif')![1];
  for (const [index, layer] of raster.layers.entries())
    assert.equal(sha256(await readBand(layer, 0)), expected.sha256[index]);
  await raster.close();
  assert.ok(asked.every(({ range }) => range !== undefined));
  assert.ok(asked.length <= 4, JSON.stringify(asked));
});

test('passing faults are waited out', async () => {
  const raster = await openAt('/shaky/overviews.tif');
  const expected = tiffs().find(([name]) => name === 'overviews.tif')![1];
  assert.equal(sha256(await readBand(raster.layers[0]!, 0)), expected.sha256[0]);
  await raster.close();
});

test('NetCDF-3 is read by range; NetCDF-4 is fetched whole, and its length compared', async () => {
  const raster = await openAt('/plain/classic.nc');
  const { variables } = cubes().find(([name]) => name === 'classic.nc')![1];
  const layer = raster.layers.find(({ asset }) => asset === 'd')!;
  assert.equal(sha256(await readBand(layer, 0)), variables.d!.sha256[0]);
  await raster.close();
  const source = await openUrlSource(`${base}/plain/packed.nc`, 'c', signal);
  const [cube] = await source.complete(source.files, signal);
  assert.equal(cube!.isReadByRange, false);
  const fetched = await cube!.fetch({ folder, signal, onProgress: () => {} });
  assert.equal(statSync(fetched.path).size, statSync(fixture('packed.nc')).size);
});

test('a file that changes while it is read is refused', async () => {
  const source = await openUrlSource(`${base}/tagged/overviews.tif`, 'c', signal);
  const [file] = await source.complete(source.files, signal);
  assert.match(file!.version!, /"one"/);
  behaviour['/tagged/']!.etag = '"two"';
  await assert.rejects(
    file!.openRanges!(signal),
    (error) => error instanceof UserError && /it has changed since the reading began/.test(error.message),
  );
});

test('where a server gives no ranges, the file is fetched whole, and cannot stay in place', async () => {
  const source = await openUrlSource(`${base}/whole/tiles.tif`, 'c', signal);
  const [file] = await source.complete(source.files, signal);
  assert.equal(file!.isReadByRange, false);
  const fetched = await file!.fetch({ folder, signal, onProgress: () => {} });
  assert.deepEqual(readFileSync(fetched.path), readFileSync(fixture('tiles.tif')));
  assert.throws(() => file!.openRanges!(signal), /gives no ranges of files/);
});

test('what is not there, or no raster, is told with its address', async () => {
  const refused = (path: string, message: RegExp) =>
    assert.rejects(
      openUrlSource(`${base}${path}`, 'c', signal),
      (error) => error instanceof UserError && error.message.startsWith(base) && message.test(error.message),
    );
  await refused('/plain/none.tif', /cannot be read: status 404, the storage does not have it/);
  await refused('/plain/text.tif', /is a text file \(XML or HTML\); GeoTIFF and NetCDF are read/);
  await assert.rejects(
    openUrlSource('http://127.0.0.1:9/x.tif', 'c', signal),
    (error) => error instanceof UserError && /127\.0\.0\.1:9\/x\.tif cannot be read/.test(error.message),
  );
});

test('a name without an ending gets the one of what it is', async () => {
  const source = await openUrlSource(`${base}/plain/tiles?download=1`, 'c', signal);
  assert.equal(source.files[0]!.name, 'tiles.tif');
});
