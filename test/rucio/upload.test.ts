/** Files onto storages that are real HTTP servers with the habits of dCache, plain WebDAV, and of broken ones. RFC 4918, RFC 3230. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createAgents } from '../../src/rucio/fetch/get.ts';
import { putLocal } from '../../src/rucio/upload-local.ts';
import { lookHttp } from '../../src/rucio/upload-look.ts';
import { lookDav, Occupied, putDav, putSigned, StorageFault } from '../../src/rucio/upload-storage.ts';
import { sums } from './sums.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-upload-'));
const agents = createAgents({});
const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  agents.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const bytes = Buffer.alloc(3_000_000, 'raster');
const path = join(folder, 'x.tif');
writeFileSync(path, bytes);
const file = { path, ...sums(bytes) };

interface Disk {
  files: Map<string, Buffer>;
  folders: Set<string>;
  asked: string[];
}

type Habit = (request: IncomingMessage, response: ServerResponse, disk: Disk) => boolean | undefined;

/** WebDAV as far as an upload needs it; `habit` answers first, and tells so. */
async function storage(habit: Habit = () => false): Promise<Disk & { url: string }> {
  const disk: Disk = { files: new Map(), folders: new Set(), asked: [] };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const at = request.url ?? '';
    disk.asked.push(`${request.method} ${at}`);
    const end = (status: number, headers = {}) => void response.writeHead(status, headers).end();
    if (habit(request, response, disk)) return;
    if (request.headers.expect) response.writeContinue();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === 'PUT') {
      disk.files.set(at, Buffer.concat(chunks));
      return end(201);
    }
    const found = disk.files.get(at);
    if (!found) return end(404);
    if (request.method === 'HEAD') return end(200, { 'content-length': found.length });
    if (request.method === 'GET') return void response.writeHead(200).end(found);
    if (request.method === 'MOVE') {
      disk.files.set(new URL(String(request.headers.destination)).pathname, found);
      disk.files.delete(at);
      return end(201);
    }
    if (request.method === 'DELETE') {
      disk.files.delete(at);
      return end(204);
    }
    end(405);
  };
  const server = createServer(answer);
  // Whether the body is wanted is the habit's to say.
  server.on('checkContinue', answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { ...disk, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const options = (signal = new AbortController().signal) => ({
  agents,
  bearerToken: null,
  signal,
  onProgress: () => {},
});

const put = (address: string, isExclusive = false) => putDav(new URL(address), file, isExclusive, options());

const faultOf = async (pfn: string) => {
  try {
    await put(pfn);
  } catch (error) {
    assert.ok(error instanceof StorageFault, String(error));
    return error;
  }
  throw new Error('it was taken');
};

test('the bytes come under a name of the upload, and are renamed once they are whole', async () => {
  const { url, files, asked } = await storage();
  await put(`${url}/a/b.tif`);
  const part = `/a/b.tif.${file.md5.slice(0, 12)}.rucio.upload`;
  assert.deepEqual(asked, [`PUT ${part}`, `HEAD ${part}`, `MOVE ${part}`]);
  assert.deepEqual([...files.keys()], ['/a/b.tif']);
  assert.ok(files.get('/a/b.tif')?.equals(bytes));
});

test('a storage that wants its folders first gets them, from above', async () => {
  const { url, files, asked } = await storage((request, response, { folders }) => {
    const at = request.url ?? '';
    if (request.method === 'MKCOL') {
      folders.add(at);
      response.writeHead(201).end();
      return true;
    }
    if (request.method !== 'PUT' || folders.has(at.slice(0, at.lastIndexOf('/') + 1))) return false;
    request.resume();
    response.writeHead(409).end();
    return true;
  });
  await put(`${url}/a/b/c.tif`);
  assert.ok(files.get('/a/b/c.tif')?.equals(bytes));
  assert.deepEqual(
    asked.filter((each) => each.startsWith('MKCOL')),
    ['MKCOL /a/', 'MKCOL /a/b/'],
  );
});

test('a door that sends each PUT on to a pool is followed with the whole body', async () => {
  const pool = await storage();
  const { url } = await storage((request, response) => {
    // Before it has read what is sent, as dCache does.
    response.writeHead(307, { location: `${pool.url}${request.url}`, connection: 'close' }).end();
    return true;
  });
  await put(`${url}/p/q.tif`);
  assert.ok(pool.files.get('/p/q.tif')?.equals(bytes));
});

test('a storage that cannot rename gets the file under its own name, and nothing else stays', async () => {
  const { url, files } = await storage((request, response) => {
    if (request.method !== 'MOVE') return false;
    response.writeHead(405).end();
    return true;
  });
  await put(`${url}/a.tif`);
  assert.deepEqual([...files.keys()], ['/a.tif']);
});

const broken: [string, Habit, RegExp, boolean][] = [
  [
    'keeps less than it was sent',
    (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(200, { 'content-length': '17' }).end();
      return true;
    },
    /17 of 3000000 bytes/,
    true,
  ],
  [
    'wrote down something else, by its digest',
    (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(200, { 'content-length': String(bytes.length), digest: 'adler32=1a' }).end();
      return true;
    },
    /adler32 0000001a/,
    true,
  ],
  [
    'is full',
    (request, response) => {
      request.resume();
      response.writeHead(507).end();
      return true;
    },
    /it is full \(507\)/,
    false,
  ],
  [
    'does not let us in, and hangs up before it has read what was sent',
    (_request, response) => {
      response.writeHead(403, { connection: 'close' }).end();
      return true;
    },
    /does not let us in \(403/,
    false,
  ],
  [
    'is busy',
    (request, response) => {
      request.resume();
      response.writeHead(503).end();
      return true;
    },
    /answers 503/,
    true,
  ],
  [
    'hangs up',
    (request) => {
      request.socket.destroy();
      return true;
    },
    /the connection was cut/,
    true,
  ],
];
for (const [title, habit, sentence, isPassing] of broken) {
  test(`a storage that ${title} has no file of that name`, async () => {
    const { url, files } = await storage(habit);
    const fault = await faultOf(`${url}/a.tif`);
    assert.match(fault.message, sentence);
    assert.equal(fault.passing, isPassing);
    assert.ok(!files.has('/a.tif'));
  });
}

test('a path of this machine: whole under its name, or not there', async () => {
  const putAt = (at: URL, isExclusive = false, { signal } = new AbortController()) =>
    putLocal(at, file, isExclusive, options(signal));
  const target = join(folder, 'storage', 'deep', 'a.tif');
  await putAt(new URL(pathToFileURL(target).href.replace('file://', 'file://localhost')));
  assert.ok(readFileSync(target).equals(bytes));
  assert.deepEqual(readdirSync(join(folder, 'storage', 'deep')), ['a.tif']);
  await assert.rejects(putAt(new URL('file://elsewhere.example/x/a.tif')), /another machine/);
  const aborted = join(folder, 'storage', 'b.tif');
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(putAt(pathToFileURL(aborted), false, { signal } as AbortController), /enough/);
  assert.ok(!existsSync(aborted));
  // What somebody else has put there stays, where it is to stay.
  const taken = join(folder, 'storage', 'taken.tif');
  writeFileSync(taken, 'other');
  await assert.rejects(putAt(pathToFileURL(taken), true), Occupied);
  assert.equal(readFileSync(taken, 'utf8'), 'other');
  await putAt(pathToFileURL(taken));
  assert.ok(readFileSync(taken).equals(bytes));
  await putAt(pathToFileURL(join(folder, 'storage', 'free.tif')), true);
  assert.deepEqual(readdirSync(join(folder, 'storage')).sort(), ['deep', 'free.tif', 'taken.tif']);
  // The file is another by now than the one that was summed.
  const changed = { ...file, path: join(folder, 'changed.tif') };
  writeFileSync(changed.path, Buffer.alloc(bytes.length, 'RASTER'));
  const never = join(folder, 'storage', 'never.tif');
  await assert.rejects(putLocal(pathToFileURL(never), changed, false, options()), /adler32/);
  assert.ok(!existsSync(never));
});

test('WebDAV: what somebody else has put there stays, where it is to stay', async () => {
  const { url, files } = await storage((request, response, { files: stored }) => {
    if (request.method !== 'MOVE' || request.headers.overwrite === 'T') return false;
    if (!stored.has(new URL(String(request.headers.destination)).pathname)) return false;
    response.writeHead(412).end();
    return true;
  });
  files.set('/a.tif', Buffer.from('other'));
  await assert.rejects(put(`${url}/a.tif`, true), Occupied);
  assert.deepEqual(
    [...files].map(([name, content]) => `${name} ${content}`),
    ['/a.tif other'],
  );
  assert.deepEqual(await lookDav(new URL(`${url}/a.tif`), file, options()), {
    is: 'other',
    reason: 'it has 5 bytes, not 3000000',
  });
  await put(`${url}/b.tif`, true);
  await put(`${url}/a.tif`);
  assert.deepEqual(await lookDav(new URL(`${url}/a.tif`), file, options()), { is: 'same' });
  assert.deepEqual(await lookDav(new URL(`${url}/c.tif`), file, options()), { is: 'nothing' });
});

/** An object store: one PUT, an ETag of what it has, ranges. `keep` is what it makes of what it is sent. */
async function objects(etagOf: (content: Buffer) => string, keep = (content: Buffer) => content) {
  const stored = new Map<string, Buffer>();
  const { url, asked } = await storage((request, response) => {
    const at = request.url ?? '';
    if (request.headers.expect) response.writeContinue();
    if (request.method === 'PUT') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.headers['if-none-match'] === '*' && stored.has(at)) return response.writeHead(412).end();
        const content = keep(Buffer.concat(chunks));
        stored.set(at, content);
        return response.writeHead(200, { etag: etagOf(content) }).end();
      });
      return true;
    }
    const content = stored.get(at);
    if (!content) response.writeHead(404).end();
    else if (request.headers.range)
      response
        .writeHead(206, { etag: etagOf(content), 'content-range': `bytes 0-0/${content.length}` })
        .end(content.subarray(0, 1));
    else response.writeHead(200, { etag: etagOf(content) }).end(content);
    return true;
  });
  return { url, stored, asked };
}

const md5Of = (content: Buffer) => `"${sums(content).md5}"`;
const flipped = (content: Buffer) => {
  const other = Buffer.from(content);
  other[1000]! ^= 1;
  return other;
};

test('an object store tells by size and ETag what it has, and is read where they do not', async () => {
  for (const etagOf of [md5Of, () => '"d41d8cd98f00b204e9800998ecf8427e"', () => '"1-2"']) {
    const { url, stored } = await objects(etagOf);
    const look = (name: string) => lookHttp(`${url}/${name}`, file, { agents }, options().signal);
    assert.deepEqual(await look('a'), { is: 'nothing' });
    const told = await putSigned(`${url}/a`, file, true, options());
    assert.equal(told === file.md5, etagOf === md5Of);
    assert.deepEqual(await look('a'), { is: 'same' });
    await assert.rejects(putSigned(`${url}/a`, file, true, options()), Occupied);
    stored.set('/b', flipped(bytes));
    const other = await look('b');
    assert.ok(other.is === 'other' && /adler32/.test(other.reason));
    stored.set('/b', bytes.subarray(1));
    assert.deepEqual(await look('b'), { is: 'other', reason: 'it has 2999999 bytes, not 3000000' });
  }
});
