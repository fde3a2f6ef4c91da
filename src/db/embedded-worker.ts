/**
 * Worker thread that runs PGlite with PostGIS: SQL with text parameters in, rows of text out.
 * Parameters and values stay text on both ways, so that the pool's side decodes them exactly as `pg` does.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { postgis } from '@electric-sql/pglite-postgis';
import { type DatabaseFault, hasSqlState, toFault } from './fault.ts';

export interface WorkerSettings {
  /** Folder of the database; null: in memory. */
  folder: string | null;
  /** Prepared data folder (tar, gzip) that a new database starts from. */
  template: string | null;
}

export interface WorkerRequest {
  id: number;
  sql: string;
  params: (string | null)[];
}

export interface WorkerField {
  name: string;
  dataTypeID: number;
}

export type WorkerReply =
  | { ready: true }
  | { failed: DatabaseFault }
  | { id: number; fields: WorkerField[]; rows: (string | null)[][]; affected: number }
  | { id: number; error: DatabaseFault; isBroken: boolean };

const asText = (value: unknown) => value as string;

type Codecs = Record<number, typeof asText>;

/** PGlite copies the parsers it is given, so each type is named. */
async function textForAll(database: PGlite): Promise<Codecs> {
  const { rows } = await database.query<{ oid: number }>('select oid::int4 as oid from pg_type');
  return Object.fromEntries(rows.map(({ oid }) => [oid, asText]));
}

/** Such a statement answers with columns, even when there are no rows. */
function mustAnswer(sql: string): boolean {
  if (/^\s*(?:select|values|table|show|explain)\b/i.test(sql) || /\breturning\b/i.test(sql)) return true;
  return /^\s*with\b/i.test(sql) && !/\b(?:insert|update|delete)\b/i.test(sql);
}

async function open({ folder, template }: WorkerSettings): Promise<PGlite> {
  const isNew = folder === null || !existsSync(join(folder, 'PG_VERSION'));
  const database = await PGlite.create({
    ...(folder !== null && { dataDir: folder }),
    ...(isNew && template && { loadDataDir: new Blob([readFileSync(template)]) }),
    extensions: { postgis },
  });
  await database.exec('create extension if not exists postgis');
  await database.exec("set time zone 'UTC'");
  return database;
}

async function answer(
  database: PGlite,
  codecs: Codecs,
  { id, sql, params }: WorkerRequest,
): Promise<WorkerReply> {
  try {
    const result = await database.query<(string | null)[]>(sql, params, {
      rowMode: 'array',
      parsers: codecs,
      serializers: codecs,
    });
    // A failing GEOS call or a stack overflow ends the statement without rows, columns or an error.
    if (result.fields.length === 0 && mustAnswer(sql)) {
      const error = { message: 'the statement ended without an answer', code: 'XX000' };
      return { id, error, isBroken: true };
    }
    const fields = result.fields.map(({ name, dataTypeID }) => ({ name, dataTypeID }));
    return { id, fields, rows: result.rows, affected: result.affectedRows ?? result.rows.length };
  } catch (error) {
    // An error that is not PostgreSQL's own is the engine's: what it holds in memory cannot be trusted any more.
    return { id, error: toFault(error), isBroken: !hasSqlState(error) };
  }
}

async function main(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('embedded-worker runs as a worker thread');
  const reply = (message: WorkerReply) => port.postMessage(message);
  let database: PGlite;
  let codecs: Codecs;
  try {
    database = await open(workerData as WorkerSettings);
    codecs = await textForAll(database);
  } catch (error) {
    reply({ failed: toFault(error) });
    return;
  }
  let last: Promise<unknown> = Promise.resolve();
  port.on('message', (request: WorkerRequest | 'close') => {
    last = last.then(async () => {
      if (request === 'close') {
        await database.close();
        port.close();
      } else {
        reply(await answer(database, codecs, request));
      }
    });
  });
  reply({ ready: true });
}

await main();
