/** Runs what `search` compiled: reads under a time limit, in one snapshot. */
import type { Transaction } from 'kysely';
import type { Db, Tables } from '../search/tables.ts';
import { readLimits } from './connect.ts';
import type { Database } from './schema.ts';

/** Reads in one transaction, each statement within `timeLimit` milliseconds. @throws an error with SQLSTATE 57014 over it */
export async function readTogether<T>(
  database: Database,
  timeLimit: number,
  read: (db: Db | Transaction<Tables>) => Promise<T>,
): Promise<T> {
  if (database.kind !== 'postgres') return read(database.db);
  return database.db
    .transaction()
    .setAccessMode('read only')
    .execute(async (transaction) => {
      if (timeLimit > 0) await transaction.executeQuery(readLimits(timeLimit));
      return read(transaction);
    });
}
