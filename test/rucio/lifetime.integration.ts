/** A long ingest with OpenID tokens that live a few seconds only, each renewed in time in a file as oidc-agent or a service does it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/package-root.ts';
import { run } from '../support/run.ts';
import { closeAll, configLike, folder, openLake, required, SCOPE, sums } from './lake.ts';

after(closeAll);

const execute = promisify(execFile);
/** Seconds. */
const LIFETIME = Number(process.env.TEST_TOKEN_LIFETIME ?? 6);
const FILES = Number(process.env.TEST_FILES ?? 24);
const DATASET = `lifetime-${Date.now()}`;

before(async () => {
  const lake = await openLake();
  const bytes = readFileSync(join(packageRoot, 'examples', 'sample', 'scene_T32TPS_20240103T101021.tif'));
  const names = Array.from({ length: FILES }, (_, n) => `${DATASET}/scene_${n}_20240103T101021.tif`);
  for (const name of names) await lake.addFile(name, sums(bytes), { 'DEV-DISK': bytes });
  await lake.addCollection('DATASET', DATASET, names);
});

/** A token of the service's own, from the provider's real endpoint. */
async function issue(lifetime = LIFETIME): Promise<string> {
  const script = join(packageRoot, 'test', 'servers', 'rucio', 'oidc-login');
  const { stdout } = await execute(script, ['--service', String(lifetime)], { timeout: 20_000 });
  const token = stdout.trim();
  const { iat, exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    iat: number;
    exp: number;
  };
  assert.equal(exp - iat, lifetime);
  return token;
}

function settings(tokens: string) {
  const text = readFileSync(required('RUCIO_CONFIG_OIDC'), 'utf8');
  const changes = { account: 'stacingest', auth_token_file_path: join(folder, 'none', 'token') };
  return {
    RUCIO_CONFIG: configLike(text, changes),
    BEARER_TOKEN_FILE: tokens,
    XDG_RUNTIME_DIR: folder,
    RUCIO_STAC_DATA: join(folder, 'data'),
  };
}

const ingest = (tokens: string) =>
  run(['ingest', `${SCOPE}:${DATASET}`, '--jobs', '1', '--register', 'DEV-DISK'], settings(tokens));

test('a token that ends amid an ingest and is renewed by nobody ends it with one sentence', async () => {
  const tokens = join(folder, 'bt_once');
  // Shorter than any machine needs for all of it.
  writeFileSync(tokens, await issue(LIFETIME / 2), { mode: 0o600 });
  const { code, stderr } = await ingest(tokens);
  assert.equal(code, 1, stderr);
  // One for all files, however many were still to come.
  assert.equal(stderr.match(/refuses the OpenID token/g)?.length, 1, stderr);
  assert.match(stderr, /Renew .*bt_once, or log in/);
  assert.doesNotMatch(stderr, /\n\s+at /);
});

test('it goes on where it was, over many tokens, when a file has the next one in time', async () => {
  const tokens = join(folder, 'bt_renewed');
  const abort = new AbortController();
  let issued = 0;
  const renew = async () => {
    writeFileSync(`${tokens}.new`, await issue(), { mode: 0o600 });
    renameSync(`${tokens}.new`, tokens);
    issued++;
  };
  await renew();
  const agent = (async () => {
    for (;;) {
      await wait(LIFETIME * 500, undefined, { signal: abort.signal });
      await renew();
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  const { code, stderr } = await ingest(tokens);
  abort.abort();
  await agent;
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`${FILES} items; .* 0 failed`));
  // Two a lifetime: the first was over before the end.
  assert.ok(issued >= 3, `${issued} tokens`);
});
