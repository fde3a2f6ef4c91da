/** Logging in to the real server of test/servers/rucio, and what is told when that fails. Fails without its environment. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { request } from 'undici';
import { UserError } from '../../src/errors.ts';
import { readRucioConfig } from '../../src/rucio/read-config.ts';
import type { RucioFile } from '../../src/rucio/types.ts';
import { closeAll, configLike, connect, folder, required, SCOPE, sums, trusting } from './lake.ts';

let plain = '';

before(() => {
  plain = readFileSync(required('RUCIO_CONFIG'), 'utf8');
});
after(closeAll);

test('userpass over http and https, and a client certificate', async () => {
  for (const key of ['RUCIO_CONFIG', 'RUCIO_CONFIG_HTTPS', 'RUCIO_CONFIG_X509']) {
    const client = connect(configLike(readFileSync(required(key), 'utf8'), { auth_token_file_path: null }));
    assert.match(await client.ping(), /^\d+\.\d+/, key);
    assert.deepEqual(await client.whoami(), { account: 'root', type: 'SERVICE', status: 'ACTIVE' }, key);
    rmSync(join(folder, '.rucio_it'), { recursive: true });
  }
});

test('the token is kept 0600 without a newline, used by the next client, and replaced when the server refuses it', async () => {
  const tokenFile = join(folder, 'token');
  const file = configLike(plain, { auth_token_file_path: tokenFile });
  await connect(file).whoami();
  const first = readFileSync(tokenFile, 'utf8');
  assert.match(first, /^root-ddmlab-\S+$/);
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
  await connect(file, { RUCIO_PASSWORD: 'not needed' }).whoami();
  assert.equal(readFileSync(tokenFile, 'utf8'), first);
  writeFileSync(tokenFile, 'root-ddmlab-unknown-00000000000000000000000000000000\n');
  const client = connect(file);
  const answers = await Promise.all([client.whoami(), client.whoami(), client.whoami()]);
  assert.equal(answers[2]?.account, 'root');
  const second = readFileSync(tokenFile, 'utf8');
  assert.notEqual(second, first);
  assert.match(second, /^root-ddmlab-\S+$/);
});

test('a token that is for another account is not used', async () => {
  const tokenFile = join(folder, 'shared-token');
  await connect(configLike(plain, { auth_token_file_path: tokenFile })).whoami();
  const alice = { account: 'alice', username: 'alice', auth_token_file_path: tokenFile };
  assert.equal((await connect(configLike(plain, alice)).whoami()).account, 'alice');
});

test('a ready token in the file or in BEARER_TOKEN; a useless one says how to log in', async () => {
  const tokenFile = join(folder, 'oidc-token');
  await connect(configLike(plain, { auth_token_file_path: tokenFile })).whoami();
  const ready = readFileSync(tokenFile, 'utf8');
  const oidc = configLike(plain, { auth_type: 'oidc', auth_token_file_path: tokenFile });
  writeFileSync(tokenFile, `${ready}\n`);
  assert.equal((await connect(oidc).whoami()).account, 'root');
  writeFileSync(tokenFile, 'root-expired');
  assert.equal((await connect(oidc, { BEARER_TOKEN: ready }).whoami()).account, 'root');
  await assert.rejects(
    connect(oidc).whoami(),
    new RegExp(`refuses the OpenID token of ${tokenFile}\\. Log in again with "rucio-stac login"`),
  );
  rmSync(tokenFile);
  await assert.rejects(connect(oidc).whoami(), /There is no OpenID token.*rucio-stac login/);
});

/** A JWT of the provider's, by client credentials: the account is `stacingest`. */
async function serviceToken(): Promise<string> {
  const https = readRucioConfig({ RUCIO_CONFIG: required('RUCIO_CONFIG_OIDC') });
  const { body } = await request(`${required('RUCIO_OIDC_ISSUER')}/token`, {
    dispatcher: trusting(https),
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from('stac-ingest:stac-ingest-dev-secret').toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials&scope=openid%20profile',
  });
  return ((await body.json()) as { access_token: string }).access_token;
}

test('an OpenID token from a file; storages get it only when asked for, over https, and never after a redirect elsewhere', async () => {
  const tokenFile = join(folder, 'jwt');
  const jwt = await serviceToken();
  writeFileSync(tokenFile, `${jwt}\n`);
  const env = { BEARER_TOKEN_FILE: tokenFile };
  const client = connect(required('RUCIO_CONFIG_OIDC'), env, { bearer: true });
  assert.equal((await client.whoami()).account, 'stacingest');

  const tls = join(required('RUCIO_CA_CERT'), '..');
  const seen: [string, string | undefined][] = [];
  const storages = ['other', 'first'].map((name) =>
    createTlsServer(
      { cert: readFileSync(join(tls, 'server.crt')), key: readFileSync(join(tls, 'server.key')) },
      (incoming, outgoing) => {
        seen.push([name, incoming.headers.authorization]);
        assert.equal(incoming.headers['x-rucio-auth-token'], undefined);
        if (name === 'other') return void outgoing.end('bytes');
        outgoing.writeHead(307, { location: `https://127.0.0.1:${port(0)}/x` }).end();
      },
    ),
  );
  const port = (index: number) => (storages[index]!.address() as AddressInfo).port;
  try {
    await Promise.all(storages.map((one) => new Promise<void>((done) => one.listen(0, '127.0.0.1', done))));
    const replica = { rse: 'R', scheme: 'davs', priority: 1, state: 'AVAILABLE', type: 'DISK' };
    const replicas = [{ ...replica, pfn: `davs://127.0.0.1:${port(1)}/x` }];
    const file: RucioFile = {
      scope: SCOPE,
      name: 'x',
      ...sums(Buffer.from('bytes')),
      replicas,
      metadata: {},
    };
    await client.download(file, join(folder, 'bearer'));
    await connect(required('RUCIO_CONFIG_OIDC'), env).download(file, join(folder, 'no-bearer'));
    assert.deepEqual(seen, [
      ['first', `Bearer ${jwt}`],
      ['other', undefined],
      ['first', undefined],
      ['other', undefined],
    ]);
  } finally {
    for (const one of storages) {
      one.closeAllConnections();
      one.close();
    }
  }
});

test('wrong password, unknown account: told with the settings to look at', async () => {
  const kept = { auth_token_file_path: join(folder, 'none') };
  const wrong = connect(configLike(plain, { ...kept, password: 'wrong' }));
  await assert.rejects(
    wrong.whoami(),
    /refuses user ddmlab for account root.*Check username, password and account/,
  );
  const unknown = connect(configLike(plain, { ...kept, account: 'nobody' }));
  await assert.rejects(
    unknown.whoami(),
    (error: unknown) => error instanceof UserError && /nobody/.test(error.message),
  );
});

test('no CA, wrong CA file, nobody there: told with the settings to look at', async () => {
  const https = readFileSync(required('RUCIO_CONFIG_HTTPS'), 'utf8');
  await assert.rejects(
    connect(configLike(https, { ca_cert: null })).ping(),
    /not trusted.*ca_cert in \[client\]/,
  );
  assert.throws(
    () => connect(configLike(https, { ca_cert: '/no/such.pem' })),
    /\/no\/such\.pem does not exist/,
  );
  const gone = configLike(plain, { rucio_host: 'http://127.0.0.1:9', request_retries: '0' });
  await assert.rejects(connect(gone).ping(), /http:\/\/127\.0\.0\.1:9 cannot be reached: connection refused/);
  const name = configLike(plain, { rucio_host: 'http://rucio.invalid', request_retries: '0' });
  await assert.rejects(connect(name).ping(), /host name is not known/);
});

test('the CA may be a folder, and ca_certs is understood', async () => {
  const https = readFileSync(required('RUCIO_CONFIG_HTTPS'), 'utf8');
  const tls = join(required('RUCIO_CA_CERT'), '..');
  assert.match(await connect(configLike(https, { ca_cert: null, ca_certs: tls })).ping(), /^\d/);
});
