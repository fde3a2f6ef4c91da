/**
 * Packages from npm -> the page of STAC Browser, plain files that work below any address. A process of its own, in no
 * hurry; it ends with the process that began it (IPC), or by a signal. Two at once make one page; what was interrupted
 * is begun again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { takeLock } from '../db/lock.ts';
import { messageOf } from '../errors.ts';
import { isBuilt, pageFolder, pageSource, pagesFolder } from './page-folder.ts';

const WINDOWS = process.platform === 'win32';
let running: ChildProcess | null = null;

/** Ends the running step with all that it began. */
function end(): never {
  if (running?.pid) {
    if (WINDOWS) running.kill();
    else process.kill(-running.pid, 'SIGKILL');
  }
  process.exit(130);
}

/** Environment of a step. npm tells its scripts which package they belong to; the page is another. */
function stepEnv(): NodeJS.ProcessEnv {
  const { npm_config_local_prefix: _, NODE_CHANNEL_FD: __, ...env } = process.env;
  return {
    ...env,
    NODE_ENV: 'production',
    BROWSERSLIST_IGNORE_OLD_DATA: '1',
    SB_pathPrefix: './',
    SB_historyMode: 'hash',
  };
}

/** @throws Error with the end of what the step said */
async function run(command: string, args: string[], cwd: string): Promise<void> {
  const child = spawn(command, args, {
    cwd,
    env: stepEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !WINDOWS,
    shell: WINDOWS && command === 'npm',
  });
  running = child;
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
  }
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  running = null;
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}:\n${said.trim()}`);
}

/** STAC Browser's own files, with our maps and the tag that reads the settings at run time. */
function layOutSource(folder: string): void {
  const source = join(folder, 'node_modules', '@radiantearth', 'stac-browser');
  const passedOver = new Set(['package.json', 'node_modules']);
  for (const name of readdirSync(source)) {
    if (!passedOver.has(name)) cpSync(join(source, name), join(folder, name), { recursive: true });
  }
  cpSync(pageSource('basemaps.config.js'), join(folder, 'basemaps.config.js'));
  const index = join(folder, 'public', 'index.html');
  const text = readFileSync(index, 'utf8');
  const tag = /<!--\s*(<script defer="defer" src=")\/(config\.js"><\/script>)\s*-->/;
  if (!tag.test(text)) throw new Error('the page of STAC Browser has no place for its settings');
  writeFileSync(index, text.replace(tag, '$1./$2<link rel="icon" href="data:,">'));
}

async function build(target: string): Promise<void> {
  const folder = mkdtempSync(join(pagesFolder(), 'build-'));
  for (const name of ['package.json', 'package-lock.json']) cpSync(pageSource(name), join(folder, name));
  await run(
    'npm',
    ['ci', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
    folder,
  );
  layOutSource(folder);
  const service = join(folder, 'node_modules', '@vue', 'cli-service', 'bin', 'vue-cli-service.js');
  await run(process.execPath, [service, 'build', '--dest', 'page', '--noSourceMaps'], folder);
  renameSync(join(folder, 'page'), target);
}

function removeOthers(target: string): void {
  for (const name of readdirSync(pagesFolder())) {
    if (name === basename(target) || name.startsWith('lock')) continue;
    rmSync(join(pagesFolder(), name), { recursive: true, force: true, maxRetries: 3 });
  }
}

async function buildOnce(target: string): Promise<void> {
  mkdirSync(pagesFolder(), { recursive: true });
  while (!isBuilt(target)) {
    const lock = await takeLock(pagesFolder(), 'browser');
    if (!('release' in lock)) {
      if (lock.isElsewhere) throw new Error(`a process on ${lock.host} builds here already`);
      await wait(500);
      continue;
    }
    try {
      removeOthers(target);
      if (!isBuilt(target)) await build(target);
    } finally {
      removeOthers(target);
      lock.release();
    }
  }
}

setPriority(10);
process.on('disconnect', end);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
try {
  await buildOnce(pageFolder());
  process.exit(0);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}
