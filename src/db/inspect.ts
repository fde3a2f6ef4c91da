/** Database -> what rucio-stac doctor tells of it. Changes nothing: PostGIS is not installed, nothing is migrated. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import { messageOf, UserError } from '../errors.ts';
import type { Db, Tables } from '../search/tables.ts';
import { compareMigrations } from './migrate.ts';
import { makePostgresPool } from './postgres.ts';

export interface DatabaseFacts {
  /** Such as 15.4. */
  version: string;
  /** Version of PostGIS; null: not installed in this database. */
  postgis: string | null;
  /** Version that could be installed; null: none. */
  installable: string | null;
  pending: string[];
  /** Migrations that a newer rucio-stac has run. */
  unknown: string[];
}

/** Milliseconds that one question may take. */
const LIMIT = 15_000;

export async function inspectDatabase(db: Db): Promise<DatabaseFacts> {
  const { rows } = await sql<Record<'version' | 'postgis' | 'installable', string | null>>`
    select
      current_setting('server_version') as version,
      (select extversion from pg_extension where extname = 'postgis') as postgis,
      (select default_version from pg_available_extensions where name = 'postgis') as installable`.execute(
    db,
  );
  const { version = null, postgis = null, installable = null } = rows[0] ?? {};
  return { version: version ?? 'unknown', postgis, installable, ...(await compareMigrations(db)) };
}

/** @throws UserError when it does not answer */
export async function inspectPostgres(url: string): Promise<DatabaseFacts> {
  const pool = makePostgresPool(url, LIMIT);
  const db: Db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    return await inspectDatabase(db);
  } catch (error) {
    throw new UserError(
      `The database at DATABASE_URL does not answer: ${messageOf(error)}. Check that it runs, and the address, name, user and password.`,
      { cause: error },
    );
  } finally {
    await pool.end();
  }
}
