/** A pool of one: gives kysely's PostgresDialect the shape of pg's pool over something that runs one statement at a time. */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { decodeResult, type Run } from './embedded.ts';
import { DatabaseError, SqlState } from './fault.ts';
import { toTextParams } from './params.ts';

/** What is lent: runs statements for one client, until given back. */
export interface Lease {
  run: Run;
  release(): void;
}

/** Who borrows, as others are told that wait for it. */
export interface Borrower {
  name: string;
}

/**
 * Lends to one borrower at a time, first come first served.
 * @param patience milliseconds to wait for it
 * @throws DatabaseError 57P03 when it takes longer, or too many wait already
 */
export type Lend = (by: Borrower, patience: number) => Promise<Lease>;

/** How many may wait; more are refused at once. */
const MOST_WAITING = 200;

export function makeLender(session: () => Promise<Run>): Lend {
  const waiting: (() => void)[] = [];
  let holder: { by: Borrower; since: number } | null = null;

  function giveBack(): void {
    holder = null;
    waiting.shift()?.();
  }

  async function lend(by: Borrower): Promise<Lease> {
    holder = { by, since: performance.now() };
    try {
      const run = await session();
      let isOut = true;
      const release = () => {
        if (isOut) giveBack();
        isOut = false;
      };
      return { run, release };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  function refusal(): DatabaseError {
    const seconds = holder ? Math.round((performance.now() - holder.since) / 1000) : 0;
    const message = `the embedded database is in use by ${holder?.by.name}, for ${seconds} s now, and ${waiting.length} more wait`;
    return new DatabaseError({ message, code: SqlState.unavailable });
  }

  return async (by, patience) => {
    if (!holder) return lend(by);
    if (waiting.length >= MOST_WAITING) throw refusal();
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        resolve(lend(by));
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(refusal());
      }, patience);
      waiting.push(take);
    });
  };
}

/** @param timeLimit milliseconds a statement may take; 0: no limit */
export function asPool(borrow: () => Promise<Lease>, timeLimit: number): PostgresPool {
  return {
    async connect(): Promise<PostgresPoolClient> {
      const lease = await borrow();
      const query = async (sql: unknown, params?: readonly unknown[]) => {
        const text = sql as string;
        return decodeResult(text, await lease.run(text, toTextParams(params ?? []), timeLimit || undefined));
      };
      return { query: query as PostgresPoolClient['query'], release: () => lease.release() };
    },
    end: async () => {},
  };
}
