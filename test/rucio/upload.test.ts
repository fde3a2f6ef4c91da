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
import { putReplica, StorageFault } from '../../src/rucio/upload-storage.ts';
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

const put = (pfn: string, signal = new AbortController().signal) =>
  putReplica(pfn, file, { agents, bearerToken: null, signal, onProgress: () => {} });

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
  await put(`${url.replace('http', 'dav')}/a/b.tif`);
  assert.deepEqual(asked, [
    'PUT /a/b.tif.rucio.upload',
    'HEAD /a/b.tif.rucio.upload',
    'MOVE /a/b.tif.rucio.upload',
  ]);
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
    /adler32 1a/,
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
  const target = join(folder, 'storage', 'deep', 'a.tif');
  await put(pathToFileURL(target).href.replace('file://', 'file://localhost'));
  assert.ok(readFileSync(target).equals(bytes));
  assert.deepEqual(readdirSync(join(folder, 'storage', 'deep')), ['a.tif']);
  const elsewhere = await faultOf('file://elsewhere.example/x/a.tif');
  assert.match(elsewhere.message, /another machine/);
  const aborted = join(folder, 'storage', 'b.tif');
  await assert.rejects(put(pathToFileURL(aborted).href, AbortSignal.abort(new Error('enough'))), /enough/);
  assert.ok(!existsSync(aborted));
});
