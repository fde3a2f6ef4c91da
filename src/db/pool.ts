/** A pool of one: gives kysely's PostgresDialect the shape of pg's pool over something that runs one statement at a time. */
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { decodeResult, type TextResult } from './embedded.ts';
import { toTextParams } from './params.ts';

/** What is lent: runs statements for one client, until given back. */
export interface Lease {
  run(sql: string, params: (string | null)[], timeLimit?: number): Promise<TextResult>;
  release(): void;
}

/** Lends a single thing to one borrower at a time, first come first served. */
export function makeLender(run: Lease['run']): () => Promise<Lease> {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    let free = () => {};
    const before = last;
    last = new Promise((resolve) => (free = resolve));
    await before;
    return { run, release: free };
  };
}

/** @param timeLimit milliseconds a statement may take, read anew for each statement; undefined: no limit */
export function asPool(
  borrow: () => Promise<Lease>,
  close: () => Promise<void>,
  timeLimit: () => number | undefined,
): PostgresPool {
  return {
    async connect(): Promise<PostgresPoolClient> {
      const lease = await borrow();
      const query = async (sql: unknown, params?: readonly unknown[]) => {
        const text = sql as string;
        return decodeResult(text, await lease.run(text, toTextParams(params ?? []), timeLimit()));
      };
      return { query: query as PostgresPoolClient['query'], release: () => lease.release() };
    },
    end: close,
  };
}
