/** Runs what `search` compiled: reads under a time limit, in one snapshot. */
import type { Transaction } from 'kysely';
import type { Db, Tables } from '../search/tables.ts';
import { readLimits } from './postgres.ts';
import type { Database } from './schema.ts';

/**
 * Reads that see one state of the database, each statement within `timeLimit` milliseconds; the embedded database has
 * one connection, so that nobody else writes while it is lent, and its limit is the one it was opened with.
 * @throws an error with SQLSTATE 57014 over the limit
 */
export async function readTogether<T>(
  database: Database,
  timeLimit: number,
  read: (db: Db | Transaction<Tables>) => Promise<T>,
): Promise<T> {
  if (database.kind !== 'postgres') return database.db.connection().execute(read);
  return database.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      if (timeLimit > 0) await transaction.executeQuery(readLimits(timeLimit));
      return read(transaction);
    });
}
