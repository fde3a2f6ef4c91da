/**
 * PostgreSQL: pg's pool, with a time limit of its own on statements. A connection whose answer did not come, or which
 * broke, never goes back among the others: kysely's rollback would time out on it too, and the next request would get it.
 */
import { CompiledQuery, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { messageOf } from '../errors.ts';
import { DatabaseError, type DatabaseFault, hasSqlState, SqlState, toFault, within } from './fault.ts';

/** Milliseconds that PostgreSQL's own limit has to work before ours does. */
const GRACE = 1000;

/** Milliseconds to connect, and to have a lost backend ended. */
const CONNECT_LIMIT = 10_000;
const END_BACKEND_LIMIT = 3000;

const tooLongFault: DatabaseFault = {
  message: 'the database did not answer within the time limit',
  code: SqlState.tookTooLong,
};

/** pg's errors of a connection that is gone have no SQLSTATE. */
function isConnectionLost(error: unknown): boolean {
  return (
    'syscall' in (error as object) || /^(?:Connection terminated|Client (?:has|was))/.test(messageOf(error))
  );
}

/** Ends a backend from a second connection: without its client it would work on until it has something to write. */
async function endBackend(connectionString: string, client: pg.PoolClient): Promise<void> {
  const { processID } = client as unknown as { processID: number | null };
  const second = new pg.Client({
    connectionString,
    connectionTimeoutMillis: END_BACKEND_LIMIT,
    query_timeout: END_BACKEND_LIMIT,
  });
  second.on('error', () => {});
  try {
    await second.connect();
    await second.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and usename = current_user',
      [processID],
    );
  } catch {
    // Then it cannot be reached; the pool drops the connection all the same.
  }
  await second.end().catch(() => {});
}

function guarded(client: pg.PoolClient, connectionString: string, limit: number): PostgresPoolClient {
  let fault: DatabaseFault | null = null;
  let ended = Promise.resolve();

  async function query(text: unknown, params: readonly unknown[] = []) {
    if (fault) throw new DatabaseError(fault);
    const answer = client.query(text as string, [...params]);
    try {
      return await (limit > 0 ? within(answer, limit, tooLongFault) : answer);
    } catch (error) {
      if (error instanceof DatabaseError) {
        fault = tooLongFault;
        answer.catch(() => {});
        ended = endBackend(connectionString, client);
      } else if (isConnectionLost(error)) {
        fault = { message: messageOf(error), code: SqlState.connectionLost };
        throw new DatabaseError(fault, { cause: error });
      } else if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL') {
        fault = toFault(error);
      }
      throw error;
    }
  }

  return {
    query: query as unknown as PostgresPoolClient['query'],
    release() {
      if (fault) void ended.then(() => client.release(true));
      else client.release();
    },
  };
}

/**
 * A pool of connections to PostgreSQL.
 * @param statementTimeout milliseconds; 0: no limit
 * @throws DatabaseError 57014 over the limit, 08006 when the connection breaks, 57P03 when none is to be had, 57P01 after `end`
 */
export function makePostgresPool(connectionString: string, statementTimeout: number): PostgresPool {
  const pool = new pg.Pool({ connectionString, max: 10, connectionTimeoutMillis: CONNECT_LIMIT });
  const limit = statementTimeout > 0 ? statementTimeout + GRACE : 0;
  // A connection that breaks is replaced; without listeners, on idle and on lent ones, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    async connect() {
      try {
        return guarded(await pool.connect(), connectionString, limit);
      } catch (error) {
        if (hasSqlState(error)) throw error;
        const code = pool.ending ? SqlState.closed : SqlState.unavailable;
        throw new DatabaseError({ message: messageOf(error) || 'no answer', code }, { cause: error });
      }
    },
    end: () => pool.end(),
  };
}

/** The limits that searches run under, for the transaction they are in. */
export const readLimits = (milliseconds: number) =>
  CompiledQuery.raw(
    `set local statement_timeout = ${Math.trunc(milliseconds)}; set local max_parallel_workers_per_gather = 0`,
  );
