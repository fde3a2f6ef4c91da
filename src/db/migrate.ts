/** Brings a database to the newest schema. Safe to run from several processes at once: kysely's migrator holds a lock. */
import { type Migration, Migrator, sql } from 'kysely';
import * as catalogue from '../../migrations/0001-catalogue.ts';
import * as search from '../../migrations/0002-search.ts';
import * as scopes from '../../migrations/0003-scopes.ts';
import * as cql2Functions from '../../migrations/0004-cql2-functions.ts';
import * as foldedWords from '../../migrations/0005-folded-words.ts';
import * as sync from '../../migrations/0006-sync.ts';
import * as replicaMarks from '../../migrations/0007-replica-marks.ts';
import * as orders from '../../migrations/0008-orders.ts';
import type { Db } from '../search/tables.ts';

const migrations: Record<string, Migration> = {
  '0001-catalogue': catalogue,
  '0002-search': search,
  '0003-scopes': scopes,
  '0004-cql2-functions': cql2Functions,
  '0005-folded-words': foldedWords,
  '0006-sync': sync,
  '0007-replica-marks': replicaMarks,
  '0008-orders': orders,
};

/** Runs what has not run yet; gives the names of what it ran. */
export async function migrate(db: Db): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return (results ?? []).map((result) => result.migrationName);
}

/** Names of migrations: those that have not run yet, and those that ran and that this version does not know. Changes nothing. */
export async function compareMigrations(db: Db): Promise<{ pending: string[]; unknown: string[] }> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const all = await migrator.getMigrations();
  const pending = all.filter(({ executedAt }) => !executedAt).map(({ name }) => name);
  if (pending.length === all.length) return { pending, unknown: [] };
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  return {
    pending,
    unknown: rows.map(({ name }) => name).filter((name) => !Object.hasOwn(migrations, name)),
  };
}
