/** Config -> Database: PostgreSQL by DATABASE_URL, else the embedded one, owned by this process or lent by the server that owns it. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { makeFolder, messageOf, UserError } from '../errors.ts';
import type { Db, Tables } from '../search/tables.ts';
import { type EmbeddedEngine, openEmbedded } from './embedded.ts';
import { SqlState, within } from './fault.ts';
import { serveLoans } from './handover.ts';
import { borrowFrom } from './handover-client.ts';
import { type Holder, type Lock, takeLock } from './lock.ts';
import { ownerSocket, probe } from './owner-socket.ts';
import { asPool, makeLender } from './pool.ts';
import { makePostgresPool } from './postgres.ts';
import type { Database } from './schema.ts';

export interface DatabaseSettings {
  databaseUrl: string | null;
  dataFolder: string;
  /** Prepared data folder to start from; null: begin from nothing. */
  template: string | null;
  /** Milliseconds one statement may take; 0: no limit. */
  statementTimeout: number;
  /** What this process runs, for whoever finds the folder taken. */
  command: string;
  /** Lend the embedded database to other commands while it is open. */
  lend: boolean;
}

/** Milliseconds: an answer to `ping`, a request's wait for the embedded database, a server's start that a command waits for. */
const PING_LIMIT = 5000;
const PATIENCE = 10_000;
const START_LIMIT = 15_000;

/** The pool is ended without kysely's destroy: what comes later gets an error with a SQLSTATE. */
function toDatabase(kind: Database['kind'], pool: PostgresPool, onClose: () => Promise<void>): Database {
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind,
    db,
    async ping(limit = PING_LIMIT) {
      const fault = { message: 'the database does not answer', code: SqlState.unavailable };
      await within(sql`select 1`.execute(db), limit, fault);
    },
    async close() {
      await pool.end();
      await onClose();
    },
  };
}

/** Looks first: on a standby nothing can be created, not even what exists. */
async function ensurePostgis(db: Db): Promise<void> {
  const { rows } = await sql`select 1 from pg_extension where extname = 'postgis'`.execute(db);
  if (rows.length === 0) await sql`create extension if not exists postgis`.execute(db);
}

async function openPostgres(url: string, statementTimeout: number): Promise<Database> {
  const database = toDatabase('postgres', makePostgresPool(url, statementTimeout), async () => {});
  try {
    await ensurePostgis(database.db);
  } catch (error) {
    await database.close();
    throw new UserError(
      `The database at DATABASE_URL cannot be used: ${messageOf(error)}. Check that it runs, that the address, name and password are right, and that PostGIS is installed there.`,
      { cause: error },
    );
  }
  return database;
}

/** The embedded database of this process, and of those it lends to. */
export async function toEmbedded(
  engine: EmbeddedEngine,
  statementTimeout: number,
  socket: string | null,
): Promise<Database> {
  const lend = makeLender(engine.session);
  const stopLending = socket === null ? async () => {} : await serveLoans(socket, lend);
  const pool = asPool(() => lend({ name: 'the server itself' }, PATIENCE), statementTimeout);
  return toDatabase('embedded', pool, async () => {
    await stopLending();
    await engine.close();
  });
}

async function openOwn(settings: DatabaseSettings, lock: Lock): Promise<Database> {
  const { dataFolder, template, statementTimeout, lend } = settings;
  let engine: EmbeddedEngine | null = null;
  try {
    const socket = lend ? ownerSocket(dataFolder) : null;
    engine = await openEmbedded({ folder: join(dataFolder, 'pg'), template });
    const database = await toEmbedded(engine, statementTimeout, socket);
    return {
      ...database,
      async close() {
        await database.close();
        lock.release();
      },
    };
  } catch (error) {
    await engine?.close();
    lock.release();
    throw error;
  }
}

function refusal({ dataFolder }: DatabaseSettings, holder: Holder): UserError {
  const { command, pid, host, isElsewhere } = holder;
  const taken = `The data folder ${dataFolder} is in use by "rucio-stac ${command}" (process ${pid}`;
  if (isElsewhere) {
    return new UserError(
      `${taken} on ${host}, in another container or on another machine, where it cannot be seen from here). If it has ended, remove ${join(dataFolder, 'lock')} and run the command again.`,
    );
  }
  return new UserError(
    `${taken}); wait until it ends or stop it, or choose another folder with RUCIO_STAC_DATA.`,
  );
}

async function openEmbeddedFolder(settings: DatabaseSettings): Promise<Database> {
  const { dataFolder, command, lend, statementTimeout } = settings;
  makeFolder(dataFolder, 'RUCIO_STAC_DATA');
  const end = Date.now() + START_LIMIT;
  for (;;) {
    const lock = await takeLock(dataFolder, command, lend);
    if ('release' in lock) return openOwn(settings, lock);
    if (lend || !lock.lends) throw refusal(settings, lock);
    const socket = ownerSocket(dataFolder);
    if ((await probe(socket)) === 'answers') {
      const by = `"rucio-stac ${command}" (process ${process.pid})`;
      return toDatabase(
        'handed',
        asPool(() => borrowFrom(socket, by), statementTimeout),
        async () => {},
      );
    }
    // It is starting, or just ending; either is soon over.
    if (Date.now() > end) throw refusal(settings, lock);
    await wait(100);
  }
}

/**
 * Opens the database that the settings name.
 * @throws UserError when it cannot be reached, or another process owns the embedded folder and does not lend it
 */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  if (settings.databaseUrl) return openPostgres(settings.databaseUrl, settings.statementTimeout);
  return openEmbeddedFolder(settings);
}
