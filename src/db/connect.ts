/** Config -> Database: PostgreSQL by DATABASE_URL, else the embedded one, owned by this process or lent by the server that owns it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import pg from 'pg';
import { makeFolder, messageOf, UserError } from '../errors.ts';
import type { Db, Tables } from '../search/tables.ts';
import { openEmbedded } from './embedded.ts';
import { borrowFrom, serveLoans } from './handover.ts';
import { takeLock } from './lock.ts';
import { asPool, makeLender } from './pool.ts';
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

function toDatabase(kind: Database['kind'], pool: PostgresPool, onClose: () => Promise<void>): Database {
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind,
    db,
    async ping() {
      await sql`select 1`.execute(db);
    },
    async close() {
      await db.destroy();
      await onClose();
    },
  };
}

async function openPostgres(url: string, statementTimeout: number): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 10_000,
    ...(statementTimeout > 0 && { query_timeout: statementTimeout + 1_000 }),
  });
  // A connection that breaks while idle is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  const database = toDatabase('postgres', pool, async () => {});
  try {
    await sql`create extension if not exists postgis`.execute(database.db);
  } catch (error) {
    await database.close();
    throw new UserError(
      `The database at DATABASE_URL cannot be used: ${messageOf(error) || 'no answer'}. Check that it runs, that the address, name and password are right, and that PostGIS is installed there.`,
      { cause: error },
    );
  }
  return database;
}

async function openOwn(settings: DatabaseSettings, socket: string, release: () => void): Promise<Database> {
  try {
    const { dataFolder, template, statementTimeout } = settings;
    const engine = await openEmbedded({ folder: join(dataFolder, 'pg'), template });
    const borrow = makeLender(engine.run);
    const stopLending = settings.lend ? await serveLoans(socket, borrow) : async () => {};
    const pool = asPool(
      borrow,
      async () => {},
      () => statementTimeout || undefined,
    );
    return toDatabase('embedded', pool, async () => {
      await stopLending();
      await engine.close();
      release();
    });
  } catch (error) {
    release();
    throw error;
  }
}

async function openEmbeddedFolder(settings: DatabaseSettings): Promise<Database> {
  const { dataFolder, command } = settings;
  makeFolder(dataFolder, 'RUCIO_STAC_DATA');
  const socket = join(dataFolder, 'owner.sock');
  const lock = takeLock(dataFolder, command);
  if ('release' in lock) return openOwn(settings, socket, () => lock.release());
  const taken = `The data folder ${dataFolder} is in use by "rucio-stac ${lock.command}" (process ${lock.pid})`;
  if (settings.lend || !existsSync(socket)) {
    throw new UserError(
      `${taken}; wait until it ends or stop it, or choose another folder with RUCIO_STAC_DATA.`,
    );
  }
  const pool = asPool(
    () => borrowFrom(socket),
    async () => {},
    () => settings.statementTimeout || undefined,
  );
  return toDatabase('handed', pool, async () => {});
}

/**
 * Opens the database that the settings name.
 * @throws UserError when it cannot be reached, or another process owns the embedded folder and does not lend it
 */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  if (settings.databaseUrl) return openPostgres(settings.databaseUrl, settings.statementTimeout);
  return openEmbeddedFolder(settings);
}

/** `begin read only` with the limits that searches run under; on PostgreSQL only, the embedded database has its own. */
export const readLimits = (milliseconds: number) =>
  CompiledQuery.raw(
    `set local statement_timeout = ${Math.trunc(milliseconds)}; set local max_parallel_workers_per_gather = 0`,
  );
