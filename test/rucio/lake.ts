/** Integration tests' own corner of a real Rucio server: a scope of their own, bytes put on the storage as a client would. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { connectRucio, type RucioClient } from '../../src/rucio/connect.ts';
import { type Env, type RucioConfig, readRucioConfig } from '../../src/rucio/read-config.ts';
import { readTls } from '../../src/rucio/transport.ts';

export { sums } from './sums.ts';

/** For undici: trusts what the configuration does. */
export const trusting = (config: RucioConfig) => new Agent({ connect: readTls(config) });

export const SCOPE = 'stac-it';
/** Of one test file; removed by closeAll. */
export const folder = mkdtempSync(join(tmpdir(), 'rucio-it-'));
const open: RucioClient[] = [];

/** Its configuration comes from the file alone, but for `env`; tokens are kept in the test's own folder. */
export function connect(file: string, env: Env = {}, options = {}): RucioClient {
  const client = connectRucio(
    readRucioConfig({ TMPDIR: folder, USER: 'it', ...env, RUCIO_CONFIG: file }),
    options,
  );
  open.push(client);
  return client;
}

export async function closeAll(): Promise<void> {
  await Promise.all(open.map((client) => client.close()));
  rmSync(folder, { recursive: true, force: true });
}

/** A setting these tests cannot do without: missing is a failure, not a skip. */
export function required(key: string): string {
  const value = process.env[key];
  assert.ok(value, `${key} is not set: eval "$(test/servers/rucio/start)" first`);
  return value;
}

export interface Lake {
  /** POST as root; "it is there already" (409) is as good as done. */
  post(path: string, body?: unknown): Promise<void>;
  /** Writes bytes to the storage and registers them, on each RSE given; `stored` may differ from what Rucio is told. */
  addFile(name: string, told: Record<string, unknown>, stored: Record<string, Uint8Array>): Promise<void>;
  addCollection(type: 'DATASET' | 'CONTAINER', name: string, children: string[]): Promise<void>;
  setMeta(name: string, meta: Record<string, unknown>): Promise<void>;
}

/** Logs in by hand, so that what is tested is not what sets up the test. */
export async function openLake(): Promise<Lake> {
  const { host, username, password, account } = readRucioConfig({ RUCIO_CONFIG: required('RUCIO_CONFIG') });
  const davUrl = required('RUCIO_DAV_URL');
  const login = { 'x-rucio-account': account!, 'x-rucio-username': username!, 'x-rucio-password': password! };
  const { headers } = await request(`${host}/auth/userpass`, { headers: login });
  const token = String(headers['x-rucio-auth-token']);

  async function post(path: string, body: unknown = {}): Promise<void> {
    const answer = await request(host + path, {
      method: 'POST',
      headers: { 'x-rucio-auth-token': token },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    assert.ok(
      answer.statusCode < 300 || answer.statusCode === 409,
      `POST ${path}: ${answer.statusCode} ${text.slice(0, 300)}`,
    );
  }
  const did = (name: string) => `/dids/${SCOPE}/${encodeURIComponent(name)}`;

  await post(`/accounts/root/scopes/${SCOPE}`);
  return {
    post,
    async addFile(name, told, stored) {
      for (const [rse, bytes] of Object.entries(stored)) {
        const path = `/${rse.toLowerCase()}/${hashed(name)}`;
        const put = await request(davUrl + path, { method: 'PUT', body: Buffer.from(bytes) });
        assert.ok(put.statusCode < 300, `PUT ${path}: ${put.statusCode}`);
        await put.body.dump();
        await post('/replicas', { rse, ignore_availability: true, files: [{ scope: SCOPE, name, ...told }] });
      }
    },
    async addCollection(type, name, children) {
      await post(did(name), { type });
      // The server takes a thousand at once, and no empty list.
      for (let at = 0; at < children.length; at += 500) {
        const dids = children.slice(at, at + 500).map((child) => ({ scope: SCOPE, name: child }));
        const attachments = [{ scope: SCOPE, name, dids }];
        await post('/dids/attachments', { ignore_duplicate: true, attachments });
      }
    },
    setMeta: (name, meta) => post(`${did(name)}/meta`, { meta, recursive: false }),
  };
}

/** Path on a deterministic RSE, by Rucio's "hash" rule. */
function hashed(name: string): string {
  const md5 = createHash('md5').update(`${SCOPE}:${name}`).digest('hex');
  return `${SCOPE}/${md5.slice(0, 2)}/${md5.slice(2, 4)}/${name}`;
}

/** A rucio.cfg that is another one with lines changed or added under [client]; null takes a line away. */
export function configLike(text: string, changes: Record<string, string | null>): string {
  const lines = text
    .split('\n')
    .filter((line) => !Object.keys(changes).some((key) => line.startsWith(`${key} =`)));
  const added = Object.entries(changes).flatMap(([key, value]) =>
    value === null ? [] : [`${key} = ${value}`],
  );
  const file = join(folder, `${randomUUID()}.cfg`);
  writeFileSync(file, lines.join('\n').replace('[client]', ['[client]', ...added].join('\n')));
  return file;
}
