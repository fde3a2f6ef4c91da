/** Work that one process at a time does, over all that share a database: a row that its holder renews, free again when it does not. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import { hasEnded, type Owner, thisProcess } from './lock.ts';

/** Seconds without a word from its holder after which a lease is free, and between two words. */
const LIFE = 90;
const RENEWAL = 20;

export interface Lease {
  /** Aborted when another has taken the lease, because this process could not renew it in time. */
  lost: AbortSignal;
  release(): Promise<void>;
}

async function take(db: Db, name: string, holder: string, from: string | null): Promise<boolean> {
  const { rows } = await sql`
    insert into leases (name, holder, until)
    values (${name}, ${holder}, now() + make_interval(secs => ${LIFE}))
    on conflict (name) do update set holder = excluded.holder, until = excluded.until
      where leases.until < now() or leases.holder = ${from}
    returning name`.execute(db);
  return rows.length > 0;
}

async function holderOf(db: Db, name: string): Promise<string | null> {
  const { rows } = await sql<{ holder: string }>`select holder from leases where name = ${name}`.execute(db);
  return rows[0]?.holder ?? null;
}

/** Takes a lease, also from a process of this machine that has ended; else tells who holds it. */
export async function takeLease(db: Db, name: string, command: string): Promise<Lease | Owner> {
  const own: Owner = { ...thisProcess(command, false), token: randomUUID() };
  const text = JSON.stringify(own);
  if (!(await take(db, name, text, null))) {
    const holder = await holderOf(db, name);
    const owner = holder === null ? null : (JSON.parse(holder) as Owner);
    const isFree = owner !== null && hasEnded(owner) && (await take(db, name, text, holder));
    if (owner !== null && !isFree) return owner;
    if (owner === null && !(await take(db, name, text, null))) return own;
  }
  const lost = new AbortController();
  const ended = new AbortController();
  const renew = async () => {
    for (;;) {
      await wait(RENEWAL * 1000, undefined, { signal: ended.signal, ref: false });
      // A database that does not answer for a moment: the next word may come in time.
      const isKept = await take(db, name, text, text).catch(() => true);
      if (!isKept) return lost.abort();
    }
  };
  renew().catch(() => {});
  return {
    lost: lost.signal,
    async release() {
      ended.abort();
      await sql`delete from leases where name = ${name} and holder = ${text}`.execute(db).catch(() => {});
    },
  };
}
