/** A fresh, migrated database for one test file: in memory on PGlite, or a database of its own on DATABASE_URL's server. */
import pg from 'pg';
import { findTemplate } from '../../src/commands/open.ts';
import { openDatabase, toEmbedded } from '../../src/db/connect.ts';
import { openEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/schema.ts';

async function onServer(address: string, statementTimeout: number): Promise<Database> {
  const name = `rucio_stac_test_${process.pid}_${Math.random().toString(36).slice(2, 8)}`;
  const admin = new pg.Client({ connectionString: address });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = new URL(address);
  url.pathname = `/${name}`;
  const database = await openDatabase({
    databaseUrl: url.href,
    dataFolder: '',
    template: null,
    statementTimeout,
    command: 'test',
    lend: false,
  });
  return {
    ...database,
    async close() {
      await database.close();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

async function inMemory(statementTimeout: number): Promise<Database> {
  return toEmbedded(await openEmbedded({ folder: null, template: findTemplate() }), statementTimeout, null);
}

/**
 * Opens a catalogue without Collections.
 * @param statementTimeout milliseconds; 0: no limit
 */
export async function openTestCatalogue(statementTimeout = 0): Promise<Database> {
  const address = process.env.DATABASE_URL;
  const database = await (address ? onServer(address, statementTimeout) : inMemory(statementTimeout));
  await migrate(database.db);
  return database;
}
