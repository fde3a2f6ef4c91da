/** What commands that look into the lake share: a client for as long as they run, and what the catalogue has of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, Env } from '../config.ts';
import { UserError } from '../errors.ts';
import { parseDid } from '../ingest/rucio-source.ts';
import { connectRucio, type RucioClient } from '../rucio/connect.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import type { Did } from '../rucio/types.ts';
import { makePfnSigner } from '../s3/pfn.ts';
import type { Db } from '../search/tables.ts';
import { openCatalogue } from './open.ts';

export async function withRucio<T>(env: Env, run: (client: RucioClient) => Promise<T>): Promise<T> {
  const client = connectRucio(readRucioConfig(env), { signS3: makePfnSigner(env) });
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}

/** Asks the catalogue of the settings; where there is none yet, none is made. */
export async function askCatalogue<T>(
  config: Config,
  command: string,
  otherwise: T,
  ask: (db: Db) => Promise<T>,
): Promise<T> {
  if (config.databaseUrl === null && !existsSync(join(config.dataFolder, 'pg'))) return otherwise;
  const database = await openCatalogue(config, command, false);
  try {
    return await ask(database.db);
  } finally {
    await database.close();
  }
}

/** @throws UserError */
export function mustBeDid(name: string | undefined, command: string): Did {
  const did = name === undefined ? null : parseDid(name);
  if (did) return did;
  const came = name === undefined ? '' : `, not ${JSON.stringify(name)}`;
  throw new UserError(
    `${command} needs a DID as SCOPE:NAME${came}; "rucio-stac ls" lists scopes, "rucio-stac ls SCOPE" what is in one.`,
  );
}

/** Rows of text as columns, each as wide as its widest. */
export function table(rows: string[][], indent = ''): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      `${indent}${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Milliseconds between log lines. */
const LOG_REST = 5000;

/** How far work on the files, or Items, of a DID is: a line that is written over on a terminal, log lines elsewhere. */
export function tellDone(command: string, did: string, what: 'files' | 'items', total: number) {
  const { stderr } = process;
  let told = performance.now();
  return {
    done(count: number): void {
      if (stderr.isTTY) stderr.write(`\r\x1b[K${did}: ${count} of ${total} ${what}`);
      else if (performance.now() - told > LOG_REST) {
        told = performance.now();
        stderr.write(`${command}:${what} ${JSON.stringify({ did, done: count, total })}\n`);
      }
    },
    end: () => void (stderr.isTTY && stderr.write('\r\x1b[K')),
  };
}
