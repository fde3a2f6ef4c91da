/** A transaction that is run again where the database ended it in favour of another. SQLSTATE 40001, 40P01. */
import type { Transaction } from 'kysely';
import type { Db, Tables } from '../search/tables.ts';

const MOST_ATTEMPTS = 5;

const gaveWay = (error: unknown) => {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '40P01' || code === '40001';
};

/** @param run may be called more than once; it does nothing outside the transaction */
export async function inTransaction<T>(
  db: Db,
  run: (transaction: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(run);
    } catch (error) {
      if (!gaveWay(error) || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}
