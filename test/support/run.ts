/** The real command, as its own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

const LIMIT = 120_000;

export function start(
  args: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended>; output(): string } {
  const { DATABASE_URL: _, ...rest } = process.env;
  const child = spawn(process.execPath, [join(packageRoot, 'src', 'bin.mjs'), ...args], {
    // Each server would build the page of STAC Browser.
    env: { ...rest, RUCIO_STAC_BROWSER: 'false', S3_BUCKET: '', RUCIO_CONFIG: '', RUCIO_HOME: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT,
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, output: () => stdout + stderr };
}

export const run = (args: string[], env: Record<string, string> = {}): Promise<Ended> =>
  start(args, env).ended;

/** Waits until `check` gives something, polling; fails after two minutes. */
export async function until<T>(check: () => Promise<T | null> | T | null, what: string): Promise<T> {
  const end = Date.now() + LIMIT;
  while (Date.now() < end) {
    const found = await check();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited too long for ${what}`);
}
