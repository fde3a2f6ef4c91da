import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { refusalError } from '../../src/rucio/faults.ts';
import { expiryOf, isJwt } from '../../src/rucio/jwt.ts';
import { readPasted } from '../../src/rucio/oidc.ts';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import { createTokens, type FreshToken } from '../../src/rucio/token.ts';
import { keepToken, mustBeWritable, readyTokens } from '../../src/rucio/token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-token-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let place = '';
let places = 0;
beforeEach(() => {
  place = join(folder, String(places++));
  mkdirSync(place);
});

const MINUTE = 60_000;
/** Unsigned, ends so many minutes from now. */
const jwt = (name: string, minutes: number) =>
  [
    '{"alg":"none"}',
    JSON.stringify({ sub: name, exp: Math.floor((Date.now() + minutes * MINUTE) / 1000) }),
    '',
  ]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

function config(lines: string, env: Record<string, string> = {}) {
  const file = join(place, 'rucio.cfg');
  const common = `[client]\nrucio_host = https://r\naccount = me\nauth_token_file_path = ${place}/kept/token\n`;
  writeFileSync(file, common + lines);
  return readRucioConfig({ RUCIO_CONFIG: file, ...env });
}
const OIDC = 'auth_type = oidc\n';
const REFRESH = `${OIDC}auth_oidc_refresh_active = true\nauth_oidc_refresh_before_exp = 10\n`;

function keep(name: string, token: string): string {
  mkdirSync(join(place, name, '..'), { recursive: true });
  writeFileSync(join(place, name), token);
  return join(place, name);
}

async function origins(settings: ReturnType<typeof config>): Promise<string[]> {
  const found: string[] = [];
  for await (const { origin } of readyTokens(settings)) found.push(origin);
  return found;
}

test('bearer tokens are looked for in WLCG order, the token file last', async () => {
  const user = process.geteuid?.() ?? 0;
  const kept = keep('kept/token', jwt('kept', 60));
  const named = keep('named', `${jwt('named', 60)}\n`);
  const runtime = keep(`bt_u${user}`, jwt('runtime', 60));
  const env = { BEARER_TOKEN: 'variable', BEARER_TOKEN_FILE: named, XDG_RUNTIME_DIR: place };
  const ours = (all: string[]) => all.filter((origin) => origin !== `/tmp/bt_u${user}`);
  assert.deepEqual(ours(await origins(config(OIDC, env))), ['BEARER_TOKEN', named, runtime, kept]);
  assert.equal(config(OIDC, env).bearer.files.at(-1), `/tmp/bt_u${user}`);
  rmSync(named);
  writeFileSync(runtime, ' \n');
  assert.deepEqual(ours(await origins(config(OIDC, { ...env, BEARER_TOKEN: ' ' }))), [kept]);
});

test('bearer tokens are for oidc only; a token of another account is passed over', async () => {
  keep('kept/token', 'other-account-1');
  const userpass = 'auth_type = userpass\nusername = u\npassword = p\n';
  assert.deepEqual(await origins(config(userpass, { BEARER_TOKEN: 'variable' })), []);
});

test('what is no token is told with where it lies', async () => {
  const kept = keep('kept/token', 'not a token');
  await assert.rejects(origins(config(OIDC)), new RegExp(`${kept} does not hold a token.*log in again`));
});

test('a JWT tells when it ends; Rucio’s own tokens do not', () => {
  const token = jwt('x', 5);
  assert.ok(isJwt(token) && !isJwt('root-ddmlab-unknown-0'));
  assert.ok(Math.abs(expiryOf(token)! - Date.now() - 5 * MINUTE) < 2000);
  assert.equal(expiryOf('root-ddmlab-unknown-0'), null);
  assert.equal(expiryOf('eyJhbGciOiJub25lIn0.bm8tanNvbg.'), null);
});

test('a token is kept 0600 in a folder 0700, without a newline; over one that was readable to all, too', async () => {
  const settings = config(OIDC);
  await keepToken(settings, 'first', null);
  chmodSync(settings.tokenFile, 0o644);
  await keepToken(settings, 'second', null);
  assert.equal(readFileSync(settings.tokenFile, 'utf8'), 'second');
  assert.equal(statSync(settings.tokenFile).mode & 0o777, 0o600);
  assert.equal(statSync(join(place, 'kept')).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(place, 'kept')), ['token']);
});

test('with refresh, the end is kept where Rucio’s client looks for it', async () => {
  await keepToken(config(REFRESH), 'first', 1_800_000_000_500);
  assert.equal(readFileSync(join(place, 'kept', 'auth_token_exp_for_account_me'), 'utf8'), '1800000000');
});

test('a place that cannot be written is told, and nothing is left there', async () => {
  writeFileSync(join(place, 'kept'), 'a file where the folder should be');
  await assert.rejects(keepToken(config(OIDC), 'first', null), /cannot be kept in .*auth_token_file_path/);
  mkdirSync(join(place, 'kept2', 'token'), { recursive: true });
  await assert.rejects(mustBeWritable(config(OIDC)), /cannot be kept in .*kept is no folder/);
  const onFolder = { ...config(OIDC), tokenFile: join(place, 'kept2', 'token') };
  await assert.rejects(keepToken(onFolder, 'first', null), UserError);
  await assert.rejects(mustBeWritable(onFolder), /it is a folder/);
  assert.deepEqual(readdirSync(join(place, 'kept2')), ['token']);
  await mustBeWritable({ ...onFolder, tokenFile: join(place, 'a', 'b', 'token') });
  assert.ok(!existsSync(join(place, 'a')), 'nothing is made');
});

/** A refresh that counts its calls, and answers only after all who ask at once have asked. */
function refreshing(answer: (token: string) => FreshToken | null) {
  const asked: string[] = [];
  return {
    asked,
    async refresh(token: string) {
      asked.push(token);
      await new Promise((resolve) => setImmediate(resolve));
      return answer(token);
    },
  };
}

test('a token that ends soon is refreshed once for all who ask, and kept', async () => {
  const settings = config(REFRESH);
  const [old, next] = [jwt('old', 5), jwt('next', 60)];
  keep('kept/token', old);
  const ways = refreshing(() => ({ token: next, expires: expiryOf(next) }));
  const tokens = createTokens(settings, { login: null, refresh: ways.refresh });
  assert.deepEqual(await Promise.all([tokens.get(), tokens.get(), tokens.get()]), [next, next, next]);
  assert.equal(await tokens.get(), next);
  assert.deepEqual(ways.asked, [old]);
  assert.equal(readFileSync(settings.tokenFile, 'utf8'), next);
});

test('a token that lasts is not refreshed; nor one that is not Rucio’s client’s', async () => {
  const ways = refreshing(() => null);
  keep('kept/token', jwt('long', 30));
  await createTokens(config(REFRESH), { login: null, refresh: ways.refresh }).get();
  const bearer = config(REFRESH, { BEARER_TOKEN: jwt('bearer', 5) });
  await createTokens(bearer, { login: null, refresh: ways.refresh }).get();
  assert.deepEqual(ways.asked, []);
});

test('where the refresh brings nothing, the token is used on, and it is not asked for at each request', async () => {
  const old = jwt('old', 5);
  keep('kept/token', old);
  for (const answer of [null, { token: old, expires: expiryOf(old) }]) {
    const ways = refreshing(() => answer);
    const tokens = createTokens(config(REFRESH), { login: null, refresh: ways.refresh });
    for (let each = 0; each < 5; each++) assert.equal(await tokens.get(), old);
    assert.equal(ways.asked.length, 1);
  }
  const failing = async () => {
    throw new UserError('Rucio cannot be reached');
  };
  assert.equal(await createTokens(config(REFRESH), { login: null, refresh: failing }).get(), old);
});

test('a refused token is refreshed once, whoever was refused with it', async () => {
  const [old, next] = [jwt('old', -1), jwt('next', 60)];
  keep('kept/token', old);
  const ways = refreshing(() => ({ token: next, expires: null }));
  const tokens = createTokens(config(`${REFRESH}`), { login: null, refresh: ways.refresh });
  tokens.refused(old);
  const first = await Promise.all([tokens.get(), tokens.get()]);
  tokens.refused(old);
  assert.deepEqual([...first, await tokens.get()], [next, next, next]);
  assert.deepEqual(ways.asked, [old]);
});

test('a refused token that cannot be refreshed: what to do, and since when it has ended', async () => {
  const old = jwt('old', -1);
  const kept = keep('kept/token', old);
  const settings = config(REFRESH);
  const refuse = async () => {
    throw refusalError(
      { status: 401, exceptionClass: 'CannotAuthorize', exceptionMessage: 'no', asked: 'GET' },
      settings,
    );
  };
  for (const refresh of [refuse, async () => null, null]) {
    const tokens = createTokens(refresh === null ? config(OIDC) : settings, { login: null, refresh });
    tokens.refused(old);
    const hint = refresh === null ? '; auth_oidc_refresh_active = true' : '\\.$';
    await assert.rejects(
      tokens.get(),
      new RegExp(`OpenID token of ${kept}; it ended at 20.*Log in again with "rucio-stac login"${hint}`),
    );
  }
});

test('a token that another command has kept meanwhile is taken, without a login or a refresh', async () => {
  const [old, next] = [jwt('old', 5), jwt('next', 60)];
  const kept = keep('kept/token', next);
  const ways = refreshing(() => null);
  const due = createTokens(config(REFRESH), { login: null, refresh: ways.refresh });
  writeFileSync(kept, jwt('long', 60));
  await due.get();
  const tokens = createTokens(config(OIDC), { login: null, refresh: null });
  writeFileSync(kept, old);
  assert.equal(await tokens.get(), old);
  writeFileSync(kept, next);
  tokens.refused(old);
  assert.equal(await tokens.get(), next);
  assert.deepEqual(ways.asked, []);
});

test('userpass: a refused token means one login, and its token is kept', async () => {
  const settings = config('auth_type = userpass\nusername = u\npassword = p\n');
  keep('kept/token', 'me-u-1');
  let logins = 1;
  const tokens = createTokens(settings, {
    login: async () => ({ token: `me-u-${++logins}`, expires: null }),
    refresh: null,
  });
  assert.equal(await tokens.get(), 'me-u-1');
  tokens.refused('me-u-1');
  assert.deepEqual(await Promise.all([tokens.get(), tokens.get()]), ['me-u-2', 'me-u-2']);
  assert.equal(readFileSync(settings.tokenFile, 'utf8'), 'me-u-2');
  assert.ok(!existsSync(join(place, 'kept', 'auth_token_exp_for_account_me')));
});

test('what is pasted at a login: a code, the page that shows it, or what is wrong', () => {
  const address = 'https://r:1/auth/oidc_redirect?first';
  assert.deepEqual(readPasted(' "Ab1"\n', address), { code: 'Ab1' });
  assert.deepEqual(readPasted('https://r:1/auth/oidc_redirect?other', address), { code: 'other' });
  const page = readPasted('https://r:1/auth/oidc_code?code=a&state=b', address);
  assert.ok('page' in page && page.page.searchParams.get('code') === 'a');
  for (const [text, expected] of [
    ['two words', /no code/],
    [address, /address to open/],
    ['https://elsewhere/auth/oidc_code?code=a', /https:\/\/elsewhere is not where/],
    ['https://r:1/x', /no code in https:\/\/r:1\/x/],
  ] as const) {
    const pasted = readPasted(text, address);
    assert.match('fault' in pasted ? pasted.fault : '', expected);
  }
});
