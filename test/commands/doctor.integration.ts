/** rucio-stac doctor on the real Rucio, S3 and PostgreSQL; fails without their environment. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { closeAll, configLike, folder, required } from '../rucio/lake.ts';
import { run } from '../support/run.ts';

after(closeAll);

const STORE = ['S3_ENDPOINT', 'S3_BUCKET', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'];
let store: Record<string, string> = {};
before(() => {
  store = Object.fromEntries(STORE.map((name) => [name, required(name)]));
});

async function examine(env: Record<string, string>) {
  // The servers' own environment names the CA, which would come before rucio.cfg's.
  const more = {
    RUCIO_CA_CERT: '',
    RUCIO_CLIENT_CERT: '',
    RUCIO_CLIENT_KEY: '',
    RUCIO_STAC_DATA: join(folder, 'data'),
    ...env,
  };
  const { code, stdout } = await run(['doctor', '--json'], more);
  const all = JSON.parse(stdout) as { name: string; state: string; detail: string }[];
  return { code, all, stdout, of: (name: string) => all.find((each) => each.name === name)! };
}
const certificates = () => readFileSync(required('RUCIO_CONFIG_X509'), 'utf8');
const tokenFile = (name: string) => ({ auth_token_file_path: join(folder, name, 'token') });

test('all that is fine is told as fine: userpass, a certificate, the bucket', async () => {
  for (const key of ['RUCIO_CONFIG_HTTPS', 'RUCIO_CONFIG_X509']) {
    const RUCIO_CONFIG = configLike(readFileSync(required(key), 'utf8'), tokenFile(key));
    const { code, all, of } = await examine({ ...store, RUCIO_CONFIG });
    assert.equal(code, 0, JSON.stringify(all));
    for (const name of ['rucio.cfg', 'CA', 'server', 'clock', 'token', 'account', 'permissions']) {
      assert.equal(of(name).state, 'ok', name);
    }
    for (const name of ['bucket', 'bucket: write', 'bucket: public'])
      assert.equal(of(name).state, 'ok', name);
    assert.equal(of('certificate').state, key === 'RUCIO_CONFIG_X509' ? 'ok' : 'skipped');
    assert.match(of('permissions').detail, /can read: \d+ scopes/);
    assert.match(of('transfer tools').detail, /^\/\S+\/xrdcp, .*\/rclone/);
  }
});

test('programs that transfer files, and the order of RSEs', async () => {
  const RUCIO_CONFIG = configLike(readFileSync(required('RUCIO_CONFIG_HTTPS'), 'utf8'), tokenFile('rses'));
  const good = await examine({ RUCIO_CONFIG, RUCIO_STAC_RSES: 'DEV-CACHE, DEV-CACHE|DEV-DISK' });
  assert.deepEqual(
    good
      .of('RSEs')
      .detail.split(/[:;,] /)
      .sort(),
    ['DEV-CACHE', 'DEV-CACHE', 'DEV-CACHE', 'DEV-CACHE|DEV-DISK', 'DEV-DISK'],
  );
  const PATH = '/nonexistent';
  const bad = await examine({ RUCIO_CONFIG, PATH, RUCIO_STAC_RSES: 'DEV-CACHE, country=Nowhere' });
  assert.equal(bad.code, 1);
  assert.match(bad.of('RSEs').detail, /Rucio does not take country=Nowhere, or it matches no RSE/);
  assert.equal(bad.of('transfer tools').state, 'skipped');
  assert.match(
    bad.of('transfer tools').detail,
    /none on the PATH of xrdcp \(root, roots, xroot\), gfal-copy/,
  );
});

test('no token, one that has ended, one of another account, one that others can read', async () => {
  const oidc = readFileSync(required('RUCIO_CONFIG_OIDC'), 'utf8');
  const none = configLike(oidc, tokenFile('none'));
  const missing = await examine({ RUCIO_CONFIG: none });
  assert.equal(missing.code, 1);
  assert.match(missing.of('token').detail, /There is no OpenID token\. Log in with "rucio-stac login"/);
  const kept = tokenFile('kept');
  const userpass = readFileSync(required('RUCIO_CONFIG_HTTPS'), 'utf8');
  assert.equal((await run(['login'], { RUCIO_CONFIG: configLike(userpass, kept) })).code, 0);
  const token = readFileSync(kept.auth_token_file_path, 'utf8');
  const other = await examine({
    RUCIO_CONFIG: configLike(oidc, { ...tokenFile('none'), account: 'alice' }),
    BEARER_TOKEN: token,
  });
  assert.match(other.of('token').detail, /token for account root, but alice is configured.*rucio-stac login/);
  chmodSync(kept.auth_token_file_path, 0o644);
  const open = await examine({ RUCIO_CONFIG: configLike(userpass, kept) });
  assert.match(open.of('token').detail, /Others can read .*: chmod 600 /);
  writeFileSync(
    kept.auth_token_file_path,
    token.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  );
  const refused = await examine({ RUCIO_CONFIG: configLike(oidc, kept) });
  assert.match(refused.of('token').detail, /refuses the OpenID token of .*rucio-stac login/);
  assert.ok(![other, open, refused].some(({ stdout }) => stdout.includes(token)));
});

test('a certificate that has ended, one that is not of its key, one that is no certificate', async () => {
  const key = join(folder, 'other.key');
  const ended = join(folder, 'ended.crt');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore', timeout: 20_000 });
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
  chmodSync(key, 0o600);
  openssl('req', '-new', '-key', key, '-subj', '/CN=ended', '-out', `${ended}.csr`);
  openssl('x509', '-req', '-in', `${ended}.csr`, '-signkey', key, '-days', '-1', '-out', ended);
  const find = async (changes: Record<string, string>) =>
    (await examine({ RUCIO_CONFIG: configLike(certificates(), { ...tokenFile('c'), ...changes }) })).of(
      'certificate',
    );
  assert.match((await find({ client_key: key })).detail, /other\.key is not the key of .*client\.crt/);
  assert.match(
    (await find({ client_cert: ended, client_key: key })).detail,
    /ended at \d{4}-.*Get a new one/,
  );
  assert.match(
    (await find({ client_cert: key })).detail,
    /other\.key cannot be used.*client_cert and client_key/,
  );
  const open = join(folder, 'open.key');
  copyFileSync(required('RUCIO_CLIENT_KEY'), open);
  chmodSync(open, 0o640);
  assert.match((await find({ client_key: open })).detail, /Others can read .*open\.key: chmod 600/);
});

test('the wrong CA, and a bucket that does not take the key', async () => {
  const key = join(folder, 'ca.key');
  const ca = join(folder, 'other-ca.crt');
  const subject = [
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-subj',
    '/CN=other',
  ];
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', ca], { stdio: 'ignore' });
  const https = readFileSync(required('RUCIO_CONFIG_HTTPS'), 'utf8');
  const RUCIO_CONFIG = configLike(https, { ...tokenFile('ca'), ca_cert: ca });
  const { code, of, stdout } = await examine({
    ...store,
    RUCIO_CONFIG,
    AWS_SECRET_ACCESS_KEY: 'geheim-und-falsch',
  });
  assert.equal(code, 1);
  assert.match(of('server').detail, /not trusted.*Set ca_cert/);
  assert.match(of('bucket').detail, /does not accept the secret key\. Check AWS_SECRET_ACCESS_KEY/);
  assert.doesNotMatch(stdout, /geheim/);
});

test('PostgreSQL: without tables, migrated, and one migration behind or ahead', async () => {
  const server = new URL(required('DATABASE_URL'));
  const name = `doctor${randomUUID().slice(0, 8)}`;
  const psql = (database: string, text: string) =>
    execFileSync('psql', ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', text], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  psql(server.href, `create database ${name}`);
  try {
    const DATABASE_URL = Object.assign(new URL(server), { pathname: `/${name}` }).href;
    const empty = await examine({ DATABASE_URL });
    assert.equal(empty.of('migrations').state, 'failed');
    assert.match(empty.of('migrations').detail, /0001-catalogue.*Run "rucio-stac migrate"/);
    assert.doesNotMatch(psql(DATABASE_URL, '\\dt'), /kysely/, 'nothing was made');
    assert.equal((await run(['migrate'], { DATABASE_URL })).code, 0);
    const full = await examine({ DATABASE_URL });
    assert.equal(full.code, 0, full.stdout);
    assert.match(full.of('database').detail, /PostgreSQL \d+.*PostGIS 3\./);
    psql(DATABASE_URL, "insert into kysely_migration values ('9999-later', '2030-01-01')");
    assert.match(
      (await examine({ DATABASE_URL })).of('migrations').detail,
      /newer rucio-stac.*9999-later.*Update/,
    );
    assert.doesNotMatch(full.stdout, new RegExp(server.password || 'nothing to find'));
  } finally {
    psql(server.href, `drop database if exists ${name} with (force)`);
  }
});
