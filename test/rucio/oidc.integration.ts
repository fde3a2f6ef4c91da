/** rucio-stac login with OpenID: the real command, the real Rucio, the provider's real form; and Rucio's own Python client beside it. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { packageRoot } from '../../src/package-root.ts';
import { run, until } from '../support/run.ts';
import { codeOn, signIn, signInAndStop } from './browser.ts';
import { closeAll, configLike, folder, required } from './lake.ts';

after(closeAll);

const execute = promisify(execFile);
let places = 0;

/** A rucio.cfg with a token file of its own, in a folder that is not there yet. */
function place(changes: Record<string, string | null> = {}): {
  cfg: string;
  tokens: string;
  tokenFile: string;
} {
  const tokens = join(folder, `tokens-${places++}`);
  const tokenFile = join(tokens, 'rucio_oauth.token');
  const text = readFileSync(required('RUCIO_CONFIG_OIDC'), 'utf8');
  return { cfg: configLike(text, { auth_token_file_path: tokenFile, ...changes }), tokens, tokenFile };
}

interface Login {
  child: ChildProcess;
  /** The address to open, as soon as it is printed. */
  address: Promise<string>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function startLogin(cfg: string, env: Record<string, string> = {}): Login {
  const child = spawn(process.execPath, [join(packageRoot, 'src', 'bin.mjs'), 'login'], {
    env: { ...process.env, RUCIO_CONFIG: cfg, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  const address = until(() => {
    if (child.exitCode !== null) throw new Error(`it ended: ${stderr}`);
    return /^(https:\S+)\n/m.exec(stdout)?.[1] ?? null;
  }, 'the address');
  return { child, address, ended };
}

/** Rucio's own client, which cannot ask anybody for a code here. */
async function pythonWhoami(cfg: string): Promise<string> {
  const { PATH, HOME, TMPDIR } = process.env;
  const pending = execute(join(required('RUCIO_DEV_BIN'), 'rucio'), ['whoami'], {
    env: { PATH, HOME, TMPDIR, RUCIO_CONFIG: cfg, NO_PROXY: '127.0.0.1' },
    timeout: 30_000,
  });
  pending.child.stdin?.end();
  return (await pending).stdout;
}

function isWhole(tokenFile: string): void {
  assert.match(readFileSync(tokenFile, 'utf8'), /^eyJ[\w.-]+$/, 'a token, and no newline');
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
}

test('polling: the login ends by itself once the person has signed in, and both clients use the token', async () => {
  const { cfg, tokens, tokenFile } = place({ oidc_polling: 'true' });
  const login = startLogin(cfg);
  const last = await signIn(await login.address, 'root');
  assert.equal(last.status, 200);
  assert.equal(codeOn(last), '', 'whoever polls needs no code');
  const { code, stderr } = await login.ended;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /Logged in to https:\S+ as root \(SERVICE\) until \d{4}-.*kept in .*rucio_oauth\.token\.$/m,
  );
  isWhole(tokenFile);
  assert.equal(statSync(tokens).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(tokens), ['rucio_oauth.token']);
  const whoami = await run(['whoami'], { RUCIO_CONFIG: cfg });
  assert.match(whoami.stdout, /account +root\n(.*\n)*login +oidc, issuer dev\n/);
  const before = readFileSync(tokenFile, 'utf8');
  assert.match(await pythonWhoami(cfg), /account +: root/);
  assert.equal(readFileSync(tokenFile, 'utf8'), before, 'Rucio’s client needed no login of its own');
});

test('without polling: the code from standard input, or the address of the page that shows it', async () => {
  for (const paste of [
    async (address: string) => codeOn(await signIn(address, 'alice')),
    async (address: string) => `  "${codeOn(await signIn(address, 'alice'))}"`,
    async (address: string) => new URL(`?${codeOn(await signIn(address, 'alice'))}`, address).href,
    (address: string) => signInAndStop(address, 'alice'),
  ]) {
    const { cfg, tokenFile } = place({ account: 'alice' });
    const login = startLogin(cfg);
    login.child.stdin?.end(`\n${await paste(await login.address)}\n`);
    const { code, stderr } = await login.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /as alice \(USER\)/);
    isWhole(tokenFile);
  }
});

test('a token that Rucio’s own client got is used, with nothing asked', async () => {
  const { cfg, tokens, tokenFile } = place({ account: 'alice' });
  mkdirSync(tokens);
  const { PATH, HOME } = process.env;
  const python = spawn(join(required('RUCIO_DEV_BIN'), 'rucio'), ['whoami'], {
    env: { PATH, HOME, RUCIO_CONFIG: cfg, NO_PROXY: '127.0.0.1', PYTHONUNBUFFERED: '1' },
    timeout: 60_000,
  });
  let told = '';
  python.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
  const address = await until(() => /(https:\S+oidc_redirect\S+)/.exec(told)?.[1] ?? null, 'its address');
  python.stdin.end(`${codeOn(await signIn(address, 'alice'))}\n`);
  await new Promise((resolve) => python.on('close', resolve));
  assert.ok(existsSync(tokenFile), told);
  const { code, stdout, stderr } = await run(['whoami', '--json'], { RUCIO_CONFIG: cfg });
  assert.equal(code, 0, stderr);
  const identity = JSON.parse(stdout) as Record<string, string>;
  assert.deepEqual([identity.account, identity.token], ['alice', tokenFile]);
  assert.ok(Date.parse(identity.expires!) > Date.now());
});

test('a code that Rucio does not know, the first address again, no input: one sentence, exit 1, nothing kept', async () => {
  for (const [paste, expected] of [
    [async () => 'x'.repeat(50), /Rucio does not know this code/],
    [async (address: string) => address, /that is the address to open/],
    [
      async () => 'https://elsewhere.example/auth/oidc_code?code=1&state=2',
      /elsewhere\.example is not where/,
    ],
    [async () => '', /no code came/],
  ] as [(address: string) => Promise<string>, RegExp][]) {
    const { cfg, tokens } = place();
    const login = startLogin(cfg);
    login.child.stdin?.end(await paste(await login.address));
    const { code, stderr } = await login.ended;
    assert.equal(code, 1, stderr);
    const told = stderr.split('\n').filter((line) => line.startsWith('rucio-stac: '));
    assert.equal(told.length, 1, stderr);
    assert.match(told[0]!, expected);
    assert.ok(!existsSync(tokens));
  }
});

test('Ctrl-C ends a login at once, and leaves nothing', async () => {
  for (const oidc_polling of ['true', 'false']) {
    const { cfg, tokens } = place({ oidc_polling });
    const login = startLogin(cfg);
    await login.address;
    await until(() => (login.child.pid === undefined ? null : true), 'its process');
    login.child.kill('SIGINT');
    const { code, stderr } = await login.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /nothing was kept/);
    assert.ok(!existsSync(tokens));
  }
});

test('an interrupted or failed login leaves the token that was there', async () => {
  const { cfg, tokens, tokenFile } = place();
  mkdirSync(tokens, { mode: 0o700 });
  writeFileSync(tokenFile, 'the one before');
  const login = startLogin(cfg);
  login.child.stdin?.end(`${'x'.repeat(50)}\n${await login.address}`);
  assert.equal((await login.ended).code, 1);
  assert.equal(readFileSync(tokenFile, 'utf8'), 'the one before');
  assert.deepEqual(readdirSync(tokens), ['rucio_oauth.token']);
});

test('an issuer, scope or account that Rucio does not know: told with the settings', async () => {
  const changes: Record<string, string>[] = [
    { oidc_issuer: 'nowhere' },
    { oidc_scope: 'openid' },
    { account: 'nobody' },
  ];
  for (const change of changes) {
    const { cfg } = place(change);
    const { code, stderr, stdout } = await run(['login'], { RUCIO_CONFIG: cfg });
    assert.equal(code, 1, stdout);
    assert.match(stderr, /gives no address to log in at.*oidc_issuer.*oidc_scope/);
    assert.match(stderr, new RegExp(Object.values(change)[0]!));
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});

test('a token elsewhere that comes first is told', async () => {
  const { cfg } = place();
  const login = startLogin(cfg, { BEARER_TOKEN: 'older' });
  login.child.stdin?.end(codeOn(await signIn(await login.address, 'root')));
  const { code, stderr } = await login.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /BEARER_TOKEN holds another token, which comes first/);
  rmSync(cfg);
});

test('a wrong password: one sentence, exit 1, the password not in it', async () => {
  const text = readFileSync(required('RUCIO_CONFIG'), 'utf8');
  const cfg = configLike(text, { auth_token_file_path: join(folder, 'none', 't'), password: 'geheim' });
  for (const command of ['login', 'whoami']) {
    const { code, stdout, stderr } = await run([command], { RUCIO_CONFIG: cfg });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^rucio-stac: Rucio refuses user ddmlab for account root.*Check username, password.*\n$/,
    );
    assert.doesNotMatch(stdout + stderr, /geheim/);
  }
  assert.ok(!existsSync(join(folder, 'none')));
});

test('userpass and a certificate: login keeps the token where Rucio’s client finds it', async () => {
  for (const key of ['RUCIO_CONFIG', 'RUCIO_CONFIG_X509']) {
    const tokenFile = join(folder, `kept-${key}`, 'token');
    const cfg = configLike(readFileSync(required(key), 'utf8'), { auth_token_file_path: tokenFile });
    const { code, stderr } = await run(['login'], { RUCIO_CONFIG: cfg });
    assert.equal(code, 0, stderr);
    const token = readFileSync(tokenFile, 'utf8');
    assert.match(token, /^root-\S+$/);
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    assert.match(await pythonWhoami(cfg), /account +: root/);
    assert.equal(readFileSync(tokenFile, 'utf8'), token);
  }
});

test('a proxy certificate: the same file holds certificate and key', async () => {
  const text = readFileSync(required('RUCIO_CONFIG_X509'), 'utf8');
  const proxy = join(folder, 'proxy.pem');
  const parts = ['RUCIO_CLIENT_CERT', 'RUCIO_CLIENT_KEY'].map((key) => readFileSync(required(key), 'utf8'));
  writeFileSync(proxy, parts.join(''), { mode: 0o600 });
  const own = {
    auth_token_file_path: join(folder, 'of-proxy', 'token'),
    client_cert: null,
    client_key: null,
  };
  const cfg = configLike(text, { ...own, auth_type: 'x509_proxy', client_x509_proxy: proxy });
  const { code, stderr } = await run(['login'], { RUCIO_CONFIG: cfg });
  assert.equal(code, 0, stderr);
  assert.match(await pythonWhoami(cfg), /account +: root/);
});

test('the configuration of RUCIO-STAC’s README, but for its hosts: ping, login, whoami', async () => {
  const host = required('RUCIO_HTTPS_URL');
  const tokenFile = join(folder, 'readme', 'rucio_oauth.token');
  const cfg = join(folder, 'readme.cfg');
  writeFileSync(
    cfg,
    `    [client]
    rucio_host = ${host}
    auth_host = ${host}
    ca_certs = ${required('RUCIO_CA_CERT')}
    account = alice # your EGI check-in account name
    auth_type = oidc
    auth_token_file_path = ${tokenFile}
    oidc_scope = openid profile offline_access eduperson_entitlement

    [download]
    transfer_timeout = 3600000
    preferred_impl = xrootd, rclone 
`,
  );
  const env = { RUCIO_CONFIG: cfg, RUCIO_CA_CERT: '' };
  assert.match((await run(['ping'], env)).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(
    (await run(['whoami'], env)).stderr,
    /There is no OpenID token\. Log in with "rucio-stac login"/,
  );
  const login = startLogin(cfg, env);
  login.child.stdin?.end(codeOn(await signIn(await login.address, 'alice')));
  assert.equal((await login.ended).code, 0);
  isWhole(tokenFile);
  assert.match((await run(['whoami'], env)).stdout, /account +alice\n/);
});
