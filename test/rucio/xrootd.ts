/** A real XRootD server on loopback, of Debian's xrootd-server, that gives out one folder. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/run.ts';
import { closedPort } from './network.ts';

export interface Xrootd {
  port: number;
  /** What is in it is root://127.0.0.1:port//name. */
  folder: string;
  stop(): Promise<void>;
}

/** It does not run as root: Debian's nobody and nogroup. */
const NOBODY = 65_534;

export async function startXrootd(): Promise<Xrootd> {
  const home = mkdtempSync(join(tmpdir(), 'xrd-'));
  chmodSync(home, 0o755);
  const [folder, admin] = [join(home, 'data'), join(home, 'admin')];
  const port = await closedPort();
  for (const each of [folder, admin]) mkdirSync(each);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(admin, NOBODY, NOBODY);
  const config = join(home, 'xrootd.cfg');
  const lines = [
    `xrd.port ${port}`,
    'xrd.network nodnr',
    `all.adminpath ${admin}`,
    `all.pidpath ${admin}`,
    `oss.localroot ${folder}`,
    'all.export / r/o',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const log = join(admin, 'log');
  const server = spawn('xrootd', ['-c', config, '-l', log], {
    cwd: admin,
    stdio: 'ignore',
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  let fault: Error | null = null;
  server.on('error', (error) => {
    fault = error;
  });
  const said = () => {
    assert.ok(
      fault === null && server.exitCode === null,
      `xrootd (Debian's xrootd-server) does not run: ${fault}`,
    );
    try {
      return readFileSync(log, 'utf8');
    } catch {
      return '';
    }
  };
  await until(
    () => (/initialization completed\.\s*$/.test(said()) && /anon@\S+ init/.test(said()) ? true : null),
    'xrootd',
  );
  return {
    port,
    folder,
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
