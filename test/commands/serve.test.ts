import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fromFile } from 'geotiff';
import { packageRoot, shipped } from '../../src/package-root.ts';
import { run, start, until } from '../support/run.ts';

type Server = ReturnType<typeof start>;

async function ready(server: Server): Promise<string> {
  const address = () => /(http:\/\/127\.0\.0\.1:\d+)\/ /.exec(server.output())?.[1] ?? null;
  return until(() => {
    if (server.child.exitCode !== null) throw new Error(`the server ended: ${server.output()}`);
    return address();
  }, 'the server');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('serve with the sample', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-serve-'));
  const env = { RUCIO_STAC_DATA: folder, PORT: '0' };
  let server: Server;
  let base: string;
  before(async () => {
    server = start(['serve', '--sample'], env);
    base = await ready(server);
  });
  after(async () => {
    server.child.kill('SIGKILL');
    await server.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const json = async <T>(path: string) => (await (await fetch(`${base}${path}`)).json()) as T;

  test('the sample is there, and its pixels follow the formula', async () => {
    interface Page {
      numberMatched: number;
      features: { id: string; assets: Record<string, { href: string }> }[];
    }
    assert.equal((await json<Page>('/collections/sample-scenes/items')).numberMatched, 6);
    const cube = await json<Page>('/collections/sample-cube/items');
    assert.equal(cube.numberMatched, 6);
    const page = await json<Page>('/search?collections=sample-scenes&datetime=2024-01-15T10:10:21Z');
    const href = page.features[0]?.assets.red?.href ?? '';
    const response = await fetch(href);
    assert.equal(response.status, 200);
    const path = join(folder, 'assets', ...new URL(href).pathname.split('/').slice(2));
    const image = await (await fromFile(path)).getImage();
    const [value] = (await image.readRasters({ window: [100, 200, 101, 201] })) as unknown as Uint16Array[];
    // examples/README.md: the second scene at column 100, row 200.
    assert.equal(value?.[0], 1600);
  });

  test('a second server on the folder is refused in one sentence', async () => {
    const { code, stderr } = await run(['serve'], env);
    assert.equal(code, 1);
    assert.match(stderr, /in use by "rucio-stac serve" \(process \d+\)/);
  });

  test('ingest hands its writes to the server, and they are seen at once', async () => {
    const scenes = shipped('examples', 'sample', 'scene_T32TPS_20240103T101021.tif');
    const { code, stderr } = await run(['ingest', scenes, '--collection', 'beside'], env);
    assert.equal(code, 0, stderr);
    const { numberMatched } = await json<{ numberMatched: number }>('/collections/beside/items');
    assert.equal(numberMatched, 1);
  });

  test('a port that is taken is told in one sentence', async () => {
    const other = mkdtempSync(join(tmpdir(), 'rucio-stac-port-'));
    mkdirSync(other, { recursive: true });
    const { code, stderr } = await run(['serve'], { RUCIO_STAC_DATA: other, PORT: new URL(base).port });
    rmSync(other, { recursive: true, force: true });
    assert.equal(code, 1);
    assert.match(stderr, /Port \d+ on 127\.0\.0\.1 is taken; .*PORT/);
  });

  test('SIGTERM ends it cleanly, and the next start has everything without reading the sample again', async () => {
    server.child.kill('SIGTERM');
    assert.equal((await server.ended).code, 0);
    assert.ok(!existsSync(join(folder, 'lock')));
    server = start(['serve', '--sample'], env);
    base = await ready(server);
    assert.ok(!server.output().includes('ingest:'));
    const { numberMatched } = await json<{ numberMatched: number }>('/search');
    assert.equal(numberMatched, 13);
    server.child.kill('SIGINT');
    assert.equal((await server.ended).code, 0);
  });
});

test('a first start that is ended amid the sample is gone on with by the next', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-amid-'));
  const env = { RUCIO_STAC_DATA: folder, PORT: '0' };
  try {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const first = start(['serve', '--sample'], env);
      // The first Item of many; should a slow poll see it only when all are there, the server greets.
      await until(() => (/ingest:item:done|Ctrl-C/.test(first.output()) ? true : null), 'the first Item');
      first.child.kill(signal);
      await first.ended;
    }
    const second = start(['serve', '--sample'], env);
    const base = await ready(second);
    const { numberMatched } = (await (await fetch(`${base}/search`)).json()) as { numberMatched: number };
    assert.equal(numberMatched, 12);
    assert.ok(!existsSync(join(folder, 'sample-unfinished')));
    second.child.kill('SIGTERM');
    assert.equal((await second.ended).code, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a signal to npm ends the server that npm started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-npm-'));
  const npm = spawn('npm', ['start'], {
    cwd: packageRoot,
    env: { ...process.env, DATABASE_URL: '', RUCIO_STAC_DATA: folder, PORT: '0', RUCIO_STAC_SAMPLE: 'false' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  try {
    await until(() => (output.includes('Ctrl-C ends it') ? true : null), 'the server');
    const { pid } = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')) as { pid: number };
    npm.kill('SIGTERM');
    await until(() => (existsSync(join(folder, 'lock')) ? null : true), 'the lock to go');
    await until(() => (isAlive(pid) ? null : true), 'the server to end');
  } finally {
    npm.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
