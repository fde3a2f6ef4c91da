/** A write that failed for its own sake is told with its scene; one that failed for want of a database ends the run. */
import { sql } from 'kysely';
import { messageOf, UserError } from '../errors.ts';
import type { Db } from '../search/tables.ts';

export class DatabaseLost extends UserError {}

/** @throws DatabaseLost, or the error where the database answers */
export async function mustAnswer(db: Db, error: unknown): Promise<never> {
  if (error instanceof DatabaseLost) throw error;
  try {
    await sql`select 1`.execute(db);
  } catch {
    throw new DatabaseLost(
      `The database does not answer any more (${messageOf(error)}); see that it runs, and run the same command again to continue.`,
    );
  }
  throw error;
}
