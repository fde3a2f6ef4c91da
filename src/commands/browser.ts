/** Starts the build of STAC Browser's page beside a server that answers already. */
import { fork } from 'node:child_process';
import { canBuild, isBuilt, pageFolder } from '../browser/page-folder.ts';
import type { Config } from '../config.ts';
import { shipped } from '../package-root.ts';

type Log = (event: string, fields: Record<string, unknown>) => void;

/** Builds the page where it is wanted and missing; its end is logged. The process ends with this one. */
export function buildBrowser(config: Config, signal: AbortSignal, log: Log): void {
  if (!config.browser || !canBuild() || isBuilt(pageFolder())) return;
  const began = performance.now();
  const child = fork(shipped('dist', 'src', 'browser', 'build.js'), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  log('browser:build:begin', {});
  child.on('error', (error) => log('browser:build:failed', { reason: error.message }));
  child.on('close', (code) => {
    const ms = Math.round(performance.now() - began);
    if (code === 0) log('browser:build:done', { ms });
    else if (!signal.aborted) log('browser:build:failed', { reason: said.trim(), retry: 'the next start' });
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
}
