import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { run } from '../support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-doctor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Finding {
  name: string;
  state: string;
  detail: string;
}

let files = 0;
function cfg(lines: string): string {
  const file = join(folder, `${files++}.cfg`);
  writeFileSync(file, `[client]\n${lines}`);
  return file;
}

async function examine(env: Record<string, string>) {
  const { code, stdout, stderr } = await run(['doctor', '--json'], {
    RUCIO_STAC_DATA: join(folder, 'data'),
    RUCIO_CA_CERT: '',
    RUCIO_CLIENT_CERT: '',
    RUCIO_CLIENT_KEY: '',
    VIRTUAL_ENV: '',
    CONDA_PREFIX: '',
    S3_BUCKET: '',
    ...env,
  });
  const all = JSON.parse(stdout) as Finding[];
  const of = (name: string) => all.find((each) => each.name === name) ?? assert.fail(`no ${name}: ${stdout}`);
  return { code, stdout, stderr, of };
}

describe('doctor', () => {
  test('without Rucio and without a bucket there is nothing wrong, and nothing is made', async () => {
    const { code, of } = await examine({});
    assert.equal(code, 0);
    assert.equal(of('rucio.cfg').state, 'skipped');
    assert.equal(of('database').state, 'skipped');
    assert.ok(!existsSync(join(folder, 'data')));
  });

  test('a configuration that is meant and not there is a fault', async () => {
    const { code, of } = await examine({ RUCIO_CONFIG: '/nowhere/rucio.cfg' });
    assert.equal(code, 1);
    assert.match(
      of('rucio.cfg').detail,
      /no Rucio configuration at \/nowhere\/rucio\.cfg .* Correct the path/,
    );
    assert.equal(of('server').state, 'skipped');
  });

  test('mistyped options and values are told with what is meant; a server that is not there, and no secret', async () => {
    const RUCIO_CONFIG = cfg(
      'rucio_host = http://127.0.0.1:9\nacount = me\nauth_type = userpass\nusername = u\npassword = geheim-1\n' +
        'oidc_polling = perhaps\nauth_oidc_refresh_before_exp = soon\nfavourite_colour = red\n',
    );
    const { code, of, stdout, stderr } = await examine({
      RUCIO_CONFIG,
      DATABASE_URL: 'postgresql://me:geheim-2@127.0.0.1:9/none',
      S3_BUCKET: 'cogs',
      S3_ENDPOINT: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'geheim-3',
    });
    assert.equal(code, 1);
    assert.match(of('rucio.cfg').detail, /acount means nothing, did you mean account\?/);
    assert.match(of('rucio.cfg').detail, /oidc_polling is "perhaps", accepted is true or false/);
    assert.match(
      of('rucio.cfg').detail,
      /auth_oidc_refresh_before_exp is "soon", accepted is a whole number/,
    );
    assert.match(of('server').detail, /127\.0\.0\.1:9 cannot be reached: connection refused.*Check/);
    assert.equal(of('token').state, 'skipped');
    assert.match(of('bucket').detail, /connection was refused\. Check S3_ENDPOINT/);
    assert.match(of('database').detail, /does not answer.*Check that it runs/);
    assert.doesNotMatch(stdout + stderr, /geheim/);
  });

  test('a line of rucio.cfg that cannot be read is not quoted where it holds a password', async () => {
    const { stdout, of } = await examine({ RUCIO_CONFIG: cfg('rucio_host = http://h\npassword geheim\n') });
    assert.match(of('rucio.cfg').detail, /line 3: "password …" is not of the form/);
    assert.doesNotMatch(stdout, /geheim/);
  });

  test('a CA that is not there, a clock that is wrong, what is no Rucio', async () => {
    let behind = 600_000;
    let body = '{"version":"41.0"}';
    const server = createServer((_, answer) => {
      answer.sendDate = false;
      answer.setHeader('date', new Date(Date.now() - behind).toUTCString()).end(body);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    try {
      const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const login = 'auth_type = userpass\nusername = u\npassword = p\n';
      const late = await examine({ RUCIO_CONFIG: cfg(`rucio_host = ${host}\n${login}`) });
      assert.match(late.of('server').detail, /Rucio 41\.0/);
      assert.match(late.of('clock').detail, /clock is (599|600|601) s ahead of the server's.*Set it/);
      assert.equal(late.of('token').state, 'failed');
      behind = -20_000;
      body = '<html>';
      const other = await examine({ RUCIO_CONFIG: cfg(`rucio_host = ${host}\n${login}`) });
      assert.match(other.of('server').detail, /no Rucio server/);
      assert.doesNotMatch(other.of('rucio.cfg').detail, /environment/);
      const named = await examine({
        RUCIO_CONFIG: cfg(`rucio_host = ${host}\n${login}`),
        RUCIO_ACCOUNT: 'me',
      });
      assert.match(
        named.of('rucio.cfg').detail,
        /account me, .*before it comes the environment: RUCIO_ACCOUNT$/,
      );
      const ca = cfg(`rucio_host = https://h\nca_certs = /no/such.pem\n${login}`);
      assert.match(
        (await examine({ RUCIO_CONFIG: ca })).of('CA').detail,
        /\/no\/such\.pem does not exist.*ca_cert/,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test('settings that cannot be used, and a folder that cannot be written', async () => {
    assert.match((await examine({ PORT: 'http' })).of('settings').detail, /PORT is "http"; accepted/);
    if (process.geteuid?.() === 0) return;
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    const { code, of } = await examine({ RUCIO_STAC_DATA: join(closed, 'data') });
    assert.equal(code, 1);
    assert.match(of('folder').detail, /cannot be written.*RUCIO_STAC_DATA/);
  });

  test('the embedded database: its versions, and that it is up to date', async () => {
    const RUCIO_STAC_DATA = join(folder, 'made');
    assert.equal((await run(['migrate'], { RUCIO_STAC_DATA })).code, 0);
    const { code, of } = await examine({ RUCIO_STAC_DATA });
    assert.equal(code, 0);
    assert.match(of('database').detail, /PostgreSQL \d+.*PostGIS 3\./);
    assert.deepEqual(of('migrations'), { name: 'migrations', state: 'ok', detail: 'up to date' });
  });
});
