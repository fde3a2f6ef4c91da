import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { expandPath, readRucioConfig } from '../../src/rucio/read-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function config(lines: string): string {
  const file = join(folder, `${files++}.cfg`);
  writeFileSync(file, lines);
  return file;
}
const USERPASS =
  '[client]\nrucio_host = https://r\nauth_host = https://a/\naccount = me\nauth_type = userpass\nusername = u\npassword = p#1\n';

test('rucio.cfg is looked for as the Rucio client does, and RUCIO_CONFIG comes first', () => {
  const home = join(folder, 'home');
  for (const name of ['a', 'b']) mkdirSync(join(home, name, 'etc'), { recursive: true });
  writeFileSync(join(home, 'b', 'etc', 'rucio.cfg'), USERPASS);
  const env = { RUCIO_HOME: join(home, 'a'), VIRTUAL_ENV: join(home, 'b') };
  assert.equal(readRucioConfig(env).file, join(home, 'b', 'etc', 'rucio.cfg'));
  writeFileSync(join(home, 'a', 'etc', 'rucio.cfg'), USERPASS);
  assert.equal(readRucioConfig(env).file, join(home, 'a', 'etc', 'rucio.cfg'));
  const named = config(USERPASS);
  assert.equal(readRucioConfig({ ...env, RUCIO_CONFIG: named }).file, named);
  const given = config(USERPASS);
  assert.equal(readRucioConfig({ ...env, RUCIO_CONFIG: named }, '/home/me', given).file, given);
});

test('no configuration: the error says where it looked and what to write', () => {
  const told = (error: unknown) =>
    error instanceof UserError &&
    /\/nowhere\/etc\/rucio\.cfg, \/opt\/rucio/.test(error.message) &&
    /rucio_host/.test(error.message);
  assert.throws(() => readRucioConfig({ RUCIO_HOME: '/nowhere' }), told);
  assert.throws(
    () => readRucioConfig({ RUCIO_CONFIG: '/nowhere/rucio.cfg' }),
    /\/nowhere\/rucio\.cfg .*RUCIO_CONFIG/,
  );
});

test('the environment comes before the file', () => {
  const file = config(USERPASS);
  const plain = readRucioConfig({ RUCIO_CONFIG: file });
  assert.deepEqual(
    [plain.host, plain.authHost, plain.account, plain.username, plain.password, plain.authType, plain.vo],
    ['https://r', 'https://a', 'me', 'u', 'p#1', 'userpass', null],
  );
  const env = {
    RUCIO_CONFIG: file,
    RUCIO_ACCOUNT: 'other',
    RUCIO_AUTH_TYPE: 'x509',
    RUCIO_VO: 'abc',
    RUCIO_CLIENT_CERT: '$CERTS/c.pem',
    RUCIO_CLIENT_KEY: '~/k.pem',
    CERTS: '/certs',
    X509_CERT_DIR: '/grid',
    RUCIO_CA_CERT: '/other.pem',
  };
  const over = readRucioConfig(env, '/home/me');
  assert.deepEqual(
    [over.account, over.authType, over.vo, over.clientCert, over.clientKey, over.caCert],
    ['other', 'x509', 'abc', '/certs/c.pem', '/home/me/k.pem', '/grid'],
  );
});

test('RUCIO_HOST alone will do, and does not send its password to the auth_host of a file', () => {
  const env = { RUCIO_HOST: 'http://h:1/', RUCIO_USERNAME: 'u', RUCIO_PASSWORD: 'p', RUCIO_HOME: '/nowhere' };
  const alone = readRucioConfig(env);
  assert.deepEqual(
    [alone.file, alone.host, alone.authHost, alone.authType],
    [null, 'http://h:1', 'http://h:1', 'userpass'],
  );
  assert.equal(readRucioConfig({ ...env, RUCIO_CONFIG: config(USERPASS) }).authHost, 'http://h:1');
  assert.equal(readRucioConfig({ ...env, RUCIO_AUTH_HOST: 'https://login' }).authHost, 'https://login');
});

test('the sample configuration of RUCIO-STAC works as people have it', () => {
  const file = config(`
    [client]
    rucio_host = https://rucio-intertwin-testbed.desy.de
    auth_host = https://rucio-intertwin-testbed-auth.desy.de
    ca_certs = /etc/ssl/certs/ca-bundle.crt
    account = me # your EGI check-in account name
    auth_type = oidc
    auth_token_file_path = /tmp/rucio_oauth.token
    oidc_scope = openid profile offline_access eduperson_entitlement

    [download]
    transfer_timeout = 3600000
    preferred_impl = xrootd, rclone
`);
  const read = readRucioConfig({ RUCIO_CONFIG: file, BEARER_TOKEN: ' tok \n' });
  assert.equal(read.caCert, '/etc/ssl/certs/ca-bundle.crt');
  assert.equal(read.account, 'me');
  assert.equal(read.tokenFile, '/tmp/rucio_oauth.token');
  assert.equal(read.tokenFileGiven, true);
  assert.equal(read.bearer.token, 'tok');
  assert.equal(read.oidc.scope, 'openid profile offline_access eduperson_entitlement');
  assert.deepEqual(read.download, { transferTimeoutSeconds: 3_600_000, preferredImpl: ['xrootd', 'rclone'] });
});

test('without auth_token_file_path the token lies where the Rucio client keeps it', () => {
  const file = config(USERPASS);
  const read = readRucioConfig({ RUCIO_CONFIG: file, TMPDIR: '/t', USER: 'joe' });
  assert.equal(read.tokenFile, '/t/.rucio_joe/auth_token_for_account_me');
  const vo = readRucioConfig({ RUCIO_CONFIG: file, TMPDIR: '/t', USER: 'joe', RUCIO_VO: 'abc' });
  assert.equal(vo.tokenFile, '/t/.rucio_joe@abc/auth_token_for_account_me');
});

test('what cannot work is told with what works', () => {
  const auth = (type: string) => config(USERPASS.replace('userpass', type));
  assert.throws(
    () => readRucioConfig({ RUCIO_CONFIG: auth('gss') }),
    /"gss" is not supported.*userpass, x509, x509_proxy, oidc/,
  );
  assert.throws(
    () => readRucioConfig({ RUCIO_CONFIG: config('[client]\nrucio_host = ftp://x\n') }),
    /rucio_host.*https:\/\//,
  );
  assert.throws(
    () => readRucioConfig({ RUCIO_CONFIG: config('[client]\naccount = me\n') }),
    /address is missing: set rucio_host/,
  );
});

test('~ and $VARS in paths are expanded', () => {
  assert.equal(expandPath(`~/x/$A/$${'{B}'}`, { A: '1', B: '2' }, '/home/me'), '/home/me/x/1/2');
  assert.equal(expandPath('/x/$NONE', {}, '/home/me'), '/x/$NONE');
  assert.equal(expandPath('/x/~y', {}, '/home/me'), '/x/~y');
});
