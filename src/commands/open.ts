/** What commands begin with: settings, and a database that is up to date. */
import { existsSync, readdirSync } from 'node:fs';
import type { Config } from '../config.ts';
import { openDatabase } from '../db/connect.ts';
import { migrate } from '../db/migrate.ts';
import type { Database } from '../db/schema.ts';
import { shipped } from '../package-root.ts';

/** The prepared database folder that install made, or null. */
export function findTemplate(): string | null {
  const folder = shipped('dist');
  if (!existsSync(folder)) return null;
  const name = readdirSync(folder).find((each) => /^template-[\d.]+\.tgz$/.test(each));
  return name === undefined ? null : shipped('dist', name);
}

/** Opens the database of the settings as it is. `lend`: for a server, whose searches have a limit. */
export function openUnmigrated(config: Config, command: string, lend: boolean): Promise<Database> {
  const { databaseUrl, dataFolder, searchTimeLimit } = config;
  const statementTimeout = lend ? searchTimeLimit : 0;
  return openDatabase({ databaseUrl, dataFolder, template: findTemplate(), statementTimeout, command, lend });
}

/** Opens the database of the settings and migrates it. */
export async function openCatalogue(config: Config, command: string, lend: boolean): Promise<Database> {
  const database = await openUnmigrated(config, command, lend);
  try {
    await migrate(database.db);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}
