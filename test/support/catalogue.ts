/** A fresh, migrated database for one test file: in memory on PGlite, or a database of its own on DATABASE_URL's server. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { findTemplate } from '../../src/commands/open.ts';
import { openDatabase } from '../../src/db/connect.ts';
import { openEmbedded } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { asPool, makeLender } from '../../src/db/pool.ts';
import type { Database } from '../../src/db/schema.ts';
import type { Tables } from '../../src/search/tables.ts';

async function onServer(address: string): Promise<Database> {
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
    statementTimeout: 0,
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

async function inMemory(): Promise<Database> {
  const engine = await openEmbedded({ folder: null, template: findTemplate() });
  const pool = asPool(
    makeLender(engine.run),
    async () => {},
    () => undefined,
  );
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind: 'embedded',
    db,
    ping: async () => void (await sql`select 1`.execute(db)),
    async close() {
      await db.destroy();
      await engine.close();
    },
  };
}

/** Opens a catalogue without Collections. */
export async function openTestCatalogue(): Promise<Database> {
  const address = process.env.DATABASE_URL;
  const database = address ? await onServer(address) : await inMemory();
  await migrate(database.db);
  return database;
}
