/** One owner of an embedded data folder: a lock file that names the process, taken whole or not at all. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Owner {
  pid: number;
  /** When the process began, in the system's ticks, so that a pid handed on is never taken for the owner; null where unknown. */
  born: string | null;
  /** What it runs: "serve", "ingest", ... */
  command: string;
}

export interface Lock {
  release(): void;
}

function bornAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function isAlive({ pid, born }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return born === null || bornAt(pid) === born;
}

function readOwner(file: string): Owner | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch {
    return null;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a dead owner's lock aside; puts it back when a living owner was faster. */
function clearStale(file: string, dead: Owner | null): void {
  const aside = `${file}.${process.pid}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  if (moved && (moved.pid !== dead?.pid || moved.born !== dead.born)) tryLink(aside, file);
  rmSync(aside, { force: true });
}

/** Takes the folder's lock, or tells who holds it. A lock whose process has ended is taken over. */
export function takeLock(folder: string, command: string): Lock | Owner {
  const file = join(folder, 'lock');
  const own: Owner = { pid: process.pid, born: bornAt(process.pid), command };
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (tryLink(mine, file)) {
        return { release: () => rmSync(file, { force: true }) };
      }
      const owner = readOwner(file);
      if (owner && isAlive(owner)) return owner;
      clearStale(file, owner);
    }
    return readOwner(file) ?? { pid: 0, born: null, command: 'unknown' };
  } finally {
    rmSync(mine, { force: true });
  }
}
