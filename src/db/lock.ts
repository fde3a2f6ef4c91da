/** One owner of an embedded data folder: a lock file that names the process, taken whole or not at all. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { ownerSocket, probe } from './owner-socket.ts';

/** Where a process id has its meaning; null where unknown. */
interface Place {
  host: string;
  /** Differs after each start of the machine. */
  boot: string | null;
  /** Containers have their own. */
  pidNamespace: string | null;
}

export interface Owner extends Place {
  pid: number;
  /** When the process began, in the system's ticks, so that a pid handed on is never taken for the owner; null where unknown. */
  born: string | null;
  /** What it runs: "serve", "ingest", ... */
  command: string;
  /** Whether it lends the database to other commands, once it is open. */
  lends: boolean;
  /** Tells this lock from any other. */
  token: string;
}

export interface Lock {
  release(): void;
}

/** Who holds the lock; `isElsewhere`: on another machine or in another container, where nobody can see whether it lives. */
export type Holder = Owner & { isElsewhere: boolean };

/** Milliseconds: how long one waits for others that take the lock, and after which one that takes it must be dead. */
const GUARD_PATIENCE = 15_000;
const GUARD_AGE = 10_000;

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

const here = (): Place => ({
  host: hostname(),
  boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
});

/** State and time of birth from /proc: null when there is no such process, or no /proc. */
function readStat(pid: number): { state: string; born: string } | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', born: fields[19] ?? '' };
}

function isAlive({ pid, born }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const stat = readStat(pid);
  // A zombie runs nothing any more; it only waits for its parent.
  if (stat && /[ZXx]/.test(stat.state)) return false;
  return born === null || stat?.born === born;
}

async function stateOf(owner: Owner, folder: string): Promise<'alive' | 'ended' | 'elsewhere'> {
  const { host, boot, pidNamespace } = here();
  if (owner.boot !== boot) return owner.host === host ? 'ended' : 'elsewhere';
  if (owner.pidNamespace === pidNamespace) return isAlive(owner) ? 'alive' : 'ended';
  // Of the same kernel: a socket that refuses has lost its process. Whoever takes the lock removes it first.
  return (await probe(ownerSocket(folder))) === 'refuses' ? 'ended' : 'elsewhere';
}

function readOwner(file: string): Owner | null {
  const owner = attempt(() => JSON.parse(readFileSync(file, 'utf8')) as Owner);
  return typeof owner?.pid === 'number' ? owner : null;
}

const isOwn = (file: string, { token }: Owner): boolean => readOwner(file)?.token === token;

function removeOwn(file: string, own: Owner): void {
  if (isOwn(file, own)) rmSync(file, { force: true });
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

/** Removes a guard whose process has ended; puts it back when it was another's meanwhile. */
function clearDeadGuard(guard: string): void {
  const age = attempt(() => Date.now() - statSync(guard).ctimeMs);
  if (age === null) return;
  const owner = readOwner(guard);
  const { boot, pidNamespace } = here();
  const isVisible = owner?.boot === boot && owner.pidNamespace === pidNamespace;
  if (age < GUARD_AGE && !(owner && isVisible && !isAlive(owner))) return;
  const aside = `${guard}.${randomUUID()}`;
  attempt(() => renameSync(guard, aside));
  const moved = readOwner(aside);
  if (moved && moved.token !== owner?.token) tryLink(aside, guard);
  rmSync(aside, { force: true });
}

/** One process at a time looks at the lock and changes it. */
async function underGuard<T>(file: string, mine: string, own: Owner, work: () => Promise<T>): Promise<T> {
  const guard = `${file}.guard`;
  const end = Date.now() + GUARD_PATIENCE;
  while (!tryLink(mine, guard)) {
    if (Date.now() > end) {
      throw new UserError(`Others take the lock ${file} all the time; try again, or remove ${guard}.`);
    }
    clearDeadGuard(guard);
    await wait(10);
  }
  try {
    return await work();
  } finally {
    removeOwn(guard, own);
  }
}

/** This process, as others may find it named. */
export function thisProcess(command: string, lends: boolean): Owner {
  const born = readStat(process.pid)?.born ?? null;
  return { pid: process.pid, born, command, lends, token: randomUUID(), ...here() };
}

/** Whether a process of this machine has ended; false where that cannot be seen from here. */
export function hasEnded(owner: Owner): boolean {
  const { host, boot, pidNamespace } = here();
  if (owner.boot !== boot) return owner.host === host;
  return owner.pidNamespace === pidNamespace && !isAlive(owner);
}

/** Takes the folder's lock, or tells who holds it. A lock whose process has ended is taken over. */
export async function takeLock(folder: string, command: string, lends = false): Promise<Lock | Holder> {
  const file = join(folder, 'lock');
  const own = thisProcess(command, lends);
  const mine = `${file}.${own.token}`;
  writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    return await underGuard(file, mine, own, async () => {
      const owner = readOwner(file);
      const state = owner ? await stateOf(owner, folder) : 'ended';
      if (owner && state !== 'ended') return { ...owner, isElsewhere: state === 'elsewhere' };
      rmSync(join(folder, 'owner.sock'), { force: true });
      rmSync(file, { force: true });
      if (tryLink(mine, file) && isOwn(file, own)) return { release: () => removeOwn(file, own) };
      throw new UserError(`Another process took the lock ${file} just now; try again.`);
    });
  } finally {
    rmSync(mine, { force: true });
  }
}
