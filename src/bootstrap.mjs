// What `npm start`, `npm test` and `npm run …` begin with: installs from the lockfile what is missing, builds what is
// stale, then runs. Needs nothing but Node and npm, and costs a few milliseconds when there is nothing to do.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const say = (text) => process.stderr.write(`rucio-stac: ${text}\n`);

/** Runs one step to its end. A signal goes to the step, and we end when it has: npm writes on for a while. */
async function run(command, args, what, options = {}) {
  const began = performance.now();
  say(`${what} …`);
  let isEnding = false;
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options });
  const forward = (signal) => {
    if (!isEnding) say(`${what}: ending it, which may take some seconds`);
    isEnding = true;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, forward);
  const { status, error } = await new Promise((resolve) => {
    child.on('error', (fault) => resolve({ status: 1, error: fault }));
    child.on('close', (code) => resolve({ status: code ?? 1 }));
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, forward);
  if (isEnding) {
    say(`${what}: interrupted; the same command begins it again`);
    process.exit(130);
  }
  if (status !== 0) {
    say(`${what} failed${error ? `: ${error.message}` : ''}; the lines above say why.`);
    process.exit(1);
  }
  say(`${what}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

const hashOf = (...files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex');
};
const stampIs = (file, text) => existsSync(file) && readFileSync(file, 'utf8') === text;

/** pid of a living process that holds the lock; null when nobody does any more. */
function holderOf(lock) {
  let pid = Number.NaN;
  try {
    pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
  } catch {
    // Between making the lock and naming its holder.
  }
  if (!(pid > 0)) {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return Date.now() - made > 10_000 ? null : 0;
  }
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === 'ESRCH' ? null : pid;
  }
}

function tryLock(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    say(
      `this folder cannot be written (${error.code}): ${root}. Give yourself the right, or clone where you have it.`,
    );
    process.exit(1);
  }
}

/** Only one process at a time installs or builds; others wait for it, and say so. */
async function alone(work) {
  const lock = at('.install-lock');
  let isTold = false;
  while (!tryLock(lock)) {
    const holder = holderOf(lock);
    if (holder === null) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!isTold && holder > 0) {
      say(`waiting for process ${holder}, which installs or builds`);
      isTold = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    release();
    process.off('exit', release);
  }
}

function lockStamp() {
  return `${hashOf(at('package-lock.json'), at('package.json'))} ${process.platform} ${process.arch}`;
}

async function install() {
  const stamp = at('node_modules', '.rucio-stac');
  if (stampIs(stamp, lockStamp())) return;
  const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, 'installing packages from the lockfile', { shell: process.platform === 'win32' });
  writeFileSync(stamp, lockStamp());
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.name.endsWith('.ts')) continue;
    latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}

function sourceStamp() {
  const folders = ['src', 'migrations', 'test', 'bench'].filter((name) => existsSync(at(name)));
  const latest = Math.max(statSync(at('tsconfig.json')).mtimeMs, ...folders.map((name) => newest(at(name))));
  return `${latest} ${lockStamp()}`;
}

async function build() {
  const stamp = at('dist', '.built');
  const now = sourceStamp();
  if (stampIs(stamp, now)) return;
  await run(
    process.execPath,
    [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', at('tsconfig.json')],
    'building',
  );
  // What is left of a source file that is gone must not run.
  for (const folder of ['src', 'migrations', 'test', 'bench'].filter((each) =>
    existsSync(at('dist', each)),
  )) {
    for (const name of readdirSync(at('dist', folder), { recursive: true })) {
      const made = at('dist', folder, name);
      if (name.endsWith('.js') && !existsSync(at(folder, name.replace(/\.js$/, '.ts')))) rmSync(made);
    }
  }
  writeFileSync(stamp, now);
}

/** A prepared database folder, so that a new catalogue need not install PostGIS again; its name says for which version. */
function templateFile() {
  const file = at('node_modules', '@electric-sql', 'pglite-postgis', 'package.json');
  return at('dist', `template-${JSON.parse(readFileSync(file, 'utf8')).version}.tgz`);
}

async function makeTemplate() {
  const template = templateFile();
  for (const name of readdirSync(at('dist'))) {
    if (name.startsWith('template-') && at('dist', name) !== template) rmSync(at('dist', name));
  }
  if (existsSync(template)) return;
  await run(
    process.execPath,
    [at('dist', 'src', 'db', 'template.js'), template],
    'preparing the embedded database',
  );
}

/** True in a clone; an installed package comes built and has its packages beside it. */
const isClone = existsSync(at('package-lock.json')) && existsSync(at('tsconfig.json'));

const isReady = () =>
  stampIs(at('node_modules', '.rucio-stac'), lockStamp()) &&
  stampIs(at('dist', '.built'), sourceStamp()) &&
  existsSync(templateFile());

export async function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    say(`Node ${process.versions.node} is too old; install Node 20.19 or newer.`);
    process.exit(1);
  }
  if (!isClone || isReady()) return;
  await alone(async () => {
    await install();
    await build();
    await makeTemplate();
  });
}

function testFiles(args) {
  const given = args.filter((arg) => !arg.startsWith('-'));
  const all = readdirSync(at('dist', 'test'), { recursive: true }).filter((name) =>
    name.endsWith('.test.js'),
  );
  const wanted = given.length === 0 ? all : all.filter((name) => given.some((part) => name.includes(part)));
  return wanted.sort().map((name) => relative(root, at('dist', 'test', name)));
}

function finish(child) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

/** A signal to npm ends the shell between npm and us, and nobody tells us: end as the signal would have had us. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

const commands = {
  build: async () => {},
  page: () =>
    run(process.execPath, [at('dist', 'src', 'browser', 'build.js')], 'building the page of STAC Browser'),
  start: async (args) => {
    const { main } = await import(pathToFileURL(at('dist', 'src', 'cli.js')).href);
    await main(['serve', '--sample', ...args]);
  },
  test: async (args) => {
    const files = testFiles(args);
    if (files.length === 0) {
      say(`no test file matches ${args.join(' ')}`);
      process.exit(1);
    }
    const options = args.filter((arg) => arg.startsWith('-'));
    const parallel = Math.max(2, Math.min(3, availableParallelism() - 1));
    const flags = [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${pathToFileURL(at('dist', 'test', 'support', 'conformance-reporter.js')).href}`,
      `--test-reporter-destination=${at('dist', 'conformance.md')}`,
      `--test-concurrency=${parallel}`,
      '--enable-source-maps',
      ...options,
    ];
    const child = spawn(process.execPath, [...flags, ...files], { cwd: root, stdio: 'inherit' });
    // All tests, passed, on the database that everybody has: the table is of them.
    const isWhole = args.length === 0 && !process.env.DATABASE_URL;
    child.on('exit', (code) => {
      if (code === 0 && isWhole) copyFileSync(at('dist', 'conformance.md'), at('docs', 'conformance.md'));
    });
    finish(child);
  },
  check: async () => {
    const bin = (name) => at('node_modules', '.bin', name);
    await run(bin('biome'), ['ci', '--colors=off', '--error-on-warnings', '.'], 'format and lint');
    await run(bin('tsc'), ['-p', at('tsconfig.json'), '--noEmit', '--incremental', 'false'], 'types');
    await run(
      bin('depcruise'),
      ['--config', at('.dependency-cruiser.cjs'), 'src', 'migrations', 'test'],
      'import directions',
    );
    await run(bin('knip'), [], 'unused code');
  },
};

if (
  process.argv[1] &&
  fileURLToPath(import.meta.url) === (await import('node:fs')).realpathSync(process.argv[1])
) {
  const [name, ...args] = process.argv.slice(2);
  if (!Object.hasOwn(commands, name)) {
    say(`"${name}" is none of ${Object.keys(commands).join(', ')}`);
    process.exit(1);
  }
  endWithNpm();
  await prepare();
  await commands[name](args);
}
