/** A database as the rest of the program sees it, wherever it runs. */
import type { Db } from '../search/tables.ts';

/** How a database is reached: real PostgreSQL, the embedded one in this process, or the one that a running server owns. */
export type DatabaseKind = 'postgres' | 'embedded' | 'handed';

export interface Database {
  kind: DatabaseKind;
  db: Db;
  /** Resolves when the database answers within `limit` milliseconds (5 s unless told). @throws DatabaseError 57P03 */
  ping(limit?: number): Promise<void>;
  close(): Promise<void>;
}
