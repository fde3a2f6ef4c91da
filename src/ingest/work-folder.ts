/** Where downloads and COGs lie until they are stored: a folder a run, gone with it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../rucio/fetch/leftovers.ts';

/** A folder of this run's own; what a run that was killed left behind goes. */
export function makeWorkFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const [, pid] = /^ingest-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `ingest-${process.pid}-`));
}
