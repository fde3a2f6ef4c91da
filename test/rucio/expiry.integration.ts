/** Tokens that end amid a run, on the real server: userpass logs in again, OpenID refreshes. Needs the server's own database. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openAgents } from '../../src/rucio/fetch/get.ts';
import { logIn } from '../../src/rucio/login.ts';
import { beginOidc, tokenByCode } from '../../src/rucio/oidc.ts';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import { keepToken } from '../../src/rucio/token-file.ts';
import { codeOn, signIn } from './browser.ts';
import { closeAll, configLike, connect, folder, required } from './lake.ts';

after(closeAll);

/** One statement on Rucio's own database. */
function sql(text: string): string {
  const socket = join(required('RUCIO_DEV_STATE'), 'pg-socket');
  const args = ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-h', socket, '-U', 'rucio', '-d', 'rucio', '-c', text];
  return execFileSync('psql', args, { encoding: 'utf8', timeout: 20_000 }).trim();
}
const tokensOf = (account: string) =>
  Number(sql(`select count(*) from dev.tokens where account = '${account}'`));

test('userpass: a token that has ended costs one login, however many requests met it', async () => {
  const text = readFileSync(required('RUCIO_CONFIG'), 'utf8');
  const alice = { account: 'alice', username: 'alice', auth_token_file_path: join(folder, 'ended') };
  const cfg = configLike(text, alice);
  const config = readRucioConfig({ RUCIO_CONFIG: cfg });
  const agents = openAgents(config);
  const { token, expires } = await logIn(config, agents);
  agents.destroy();
  assert.ok(Math.abs(expires! - Date.now() - 3_600_000) < 60_000, 'an hour');
  await keepToken(config, token, expires);
  // Before its first use: what the server has taken once, it remembers for a while.
  sql(
    `update dev.tokens set expired_at = now() at time zone 'utc' - interval '1 minute' where token = '${token}'`,
  );
  const before = tokensOf('alice');
  const client = connect(cfg);
  const all = await Promise.all([client.whoami(), client.whoami(), client.scopes(), client.whoami()]);
  assert.equal((all[0] as { account: string }).account, 'alice');
  assert.notEqual(readFileSync(config.tokenFile, 'utf8'), token);
  // Rucio drops ended tokens at a login.
  assert.ok(tokensOf('alice') <= before + 1);
});

async function oidcLogin(cfg: string, user: string): Promise<string> {
  const config = readRucioConfig({ RUCIO_CONFIG: cfg });
  const agents = openAgents(config);
  const page = await signIn(await beginOidc(config, agents), user);
  const fresh = await tokenByCode(config, agents, codeOn(page), AbortSignal.timeout(20_000));
  agents.destroy();
  await keepToken(config, fresh!.token, fresh!.expires);
  return fresh!.token;
}

test('OpenID: a token near its end is refreshed once, and kept for both clients', async () => {
  const text = readFileSync(required('RUCIO_CONFIG_OIDC'), 'utf8');
  const refresh = { auth_oidc_refresh_active: 'true', auth_oidc_refresh_before_exp: '120' };
  for (const account of ['alice', null]) {
    const tokenFile = join(folder, `refresh-${account}`, 'token');
    const cfg = configLike(text, { ...refresh, account, auth_token_file_path: tokenFile });
    const old = await oidcLogin(cfg, 'alice');
    // Rucio gives the same token in its first five minutes.
    assert.equal((await connect(cfg).whoami()).account, 'alice');
    assert.equal(readFileSync(tokenFile, 'utf8'), old);
    sql(
      `update dev.tokens set updated_at = now() at time zone 'utc' - interval '10 minutes' where token = '${old}'`,
    );
    const before = tokensOf('alice');
    const client = connect(cfg);
    await Promise.all([client.whoami(), client.scopes(), client.whoami()]);
    const next = readFileSync(tokenFile, 'utf8');
    assert.match(next, /^eyJ\S+$/);
    assert.notEqual(next, old);
    assert.equal(tokensOf('alice'), before + 1);
    const name = account === null ? 'default_account' : `account_${account}`;
    const ends = Number(readFileSync(join(tokenFile, '..', `auth_token_exp_for_${name}`), 'utf8'));
    assert.ok(Math.abs(ends * 1000 - Date.now() - 3_600_000) < 60_000);
    assert.equal((await connect(configLike(readFileSync(cfg, 'utf8'), {})).whoami()).account, 'alice');
  }
});

test('OpenID: without refresh the token stays, and one that has ended says how to log in', async () => {
  const text = readFileSync(required('RUCIO_CONFIG_OIDC'), 'utf8');
  const tokenFile = join(folder, 'no-refresh', 'token');
  const cfg = configLike(text, { auth_oidc_refresh_before_exp: '120', auth_token_file_path: tokenFile });
  const token = await oidcLogin(cfg, 'root');
  await connect(cfg).whoami();
  assert.equal(readFileSync(tokenFile, 'utf8'), token);
  const [header, , signature] = token.split('.');
  const claims = Buffer.from('{"sub":"root","exp":1700000000}').toString('base64url');
  writeFileSync(tokenFile, `${header}.${claims}.${signature}`);
  const ended = /token; it ended at 2023-11-14T22:13:20\.000Z\. Log in again with "rucio-stac login"/;
  await assert.rejects(connect(cfg).whoami(), ended);
  const refreshing = configLike(readFileSync(cfg, 'utf8'), { auth_oidc_refresh_active: 'true' });
  await assert.rejects(connect(refreshing).whoami(), ended);
});
