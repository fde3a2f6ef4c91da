/** Brings a database to the newest schema. Safe to run from several processes at once: kysely's migrator holds a lock. */
import { type Migration, Migrator } from 'kysely';
import * as catalogue from '../../migrations/0001-catalogue.ts';
import * as search from '../../migrations/0002-search.ts';
import * as scopes from '../../migrations/0003-scopes.ts';
import * as cql2Functions from '../../migrations/0004-cql2-functions.ts';
import type { Db } from '../search/tables.ts';

const migrations: Record<string, Migration> = {
  '0001-catalogue': catalogue,
  '0002-search': search,
  '0003-scopes': scopes,
  '0004-cql2-functions': cql2Functions,
};

/** Runs what has not run yet; gives the names of what it ran. */
export async function migrate(db: Db): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}
