/** Where COGs and documents go: the bucket or the folder, and the database. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, Env } from '../../config.ts';
import { type DatabaseFacts, inspectDatabase, inspectPostgres } from '../../db/inspect.ts';
import { assetFolder } from '../../http/files.ts';
import { probeBucket } from '../../s3/probe.ts';
import { s3Store } from '../../s3/s3-store.ts';
import { readS3Settings } from '../../s3/settings.ts';
import type { S3Settings } from '../../s3/types.ts';
import { openUnmigrated } from '../open.ts';
import { attempt, type Finding, failed, ok, skipped } from './check.ts';

const UPDATE = 'Run "rucio-stac migrate" (serve and ingest do it too)';

export async function checkStore(config: Config, env: Env): Promise<Finding[]> {
  let settings: S3Settings | null = null;
  const found = await attempt('bucket', async () => {
    settings = readS3Settings(env);
    if (settings === null) return skipped('bucket', 'S3_BUCKET is not set; COGs go to a folder');
    const store = s3Store(settings);
    try {
      await store.check();
    } finally {
      await store.close();
    }
    return ok('bucket', `${settings.bucket} at ${settings.endpoint ?? `Amazon S3, ${settings.region}`}`);
  });
  if (found.state === 'skipped') return [found, checkFolder(config)];
  if (found.state === 'failed' || settings === null) {
    const rest = ['bucket: write', 'bucket: public'];
    return [found, ...rest.map((name) => skipped(name, 'the bucket cannot be used'))];
  }
  return [found, ...(await tryObject(settings, config.signAssets))];
}

async function tryObject(settings: S3Settings, isSigned: boolean): Promise<Finding[]> {
  const probe = probeBucket(settings);
  let open: Finding = skipped('bucket: public', 'nothing could be stored');
  const write = await attempt('bucket: write', async () => {
    await probe.put();
    try {
      open = isSigned
        ? skipped('bucket: public', 'RUCIO_STAC_SIGN_ASSETS is on: readers get signed addresses')
        : toFinding(await probe.readPublicly());
    } finally {
      await probe.remove();
    }
    return ok('bucket: write', 'a tiny object was put and deleted');
  });
  probe.close();
  return [write, open];
}

function toFinding(fault: string | null): Finding {
  if (fault === null) return ok('bucket: public', 'everybody can read what is stored');
  return failed(
    'bucket: public',
    `Readers cannot get what is stored: ${fault}. Allow s3:GetObject to everybody in the bucket's policy, correct S3_PUBLIC_URL, or set RUCIO_STAC_SIGN_ASSETS=true.`,
  );
}

/** Makes nothing: the folder, or the nearest one above it that is there, must be one to write to. */
function checkFolder(config: Config): Finding {
  const folder = assetFolder(config);
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
    return ok('folder', there === folder ? folder : `${folder}, made when it is needed`);
  } catch {
    return failed(
      'folder',
      `${there} cannot be written. Give yourself the right, or choose another with RUCIO_STAC_DATA.`,
    );
  }
}

async function inspect(config: Config): Promise<DatabaseFacts | null> {
  if (config.databaseUrl !== null) return inspectPostgres(config.databaseUrl);
  if (!existsSync(join(config.dataFolder, 'pg'))) return null;
  const database = await openUnmigrated(config, 'doctor', false);
  try {
    return await inspectDatabase(database.db);
  } finally {
    await database.close();
  }
}

export async function checkDatabase(config: Config): Promise<Finding[]> {
  let facts: DatabaseFacts | null = null;
  const where = config.databaseUrl === null ? `embedded, ${config.dataFolder}` : shownUrl(config.databaseUrl);
  const database = await attempt('database', async () => {
    facts = await inspect(config);
    if (facts === null) return skipped('database', `${where}: made at the first start`);
    const { version, postgis, installable } = facts;
    if (postgis !== null) return ok('database', `${where}: PostgreSQL ${version}, PostGIS ${postgis}`);
    if (installable !== null)
      return ok(
        'database',
        `${where}: PostgreSQL ${version}; PostGIS ${installable} is installed at the first start`,
      );
    return failed(
      'database',
      `${where}: PostgreSQL ${version} without PostGIS. Install the package postgresql-postgis on its server.`,
    );
  });
  if (facts === null)
    return [
      database,
      skipped(
        'migrations',
        database.state === 'failed' ? 'the database does not answer' : 'there is no database yet',
      ),
    ];
  return [database, checkMigrations(facts)];
}

function checkMigrations({ pending, unknown }: DatabaseFacts): Finding {
  if (unknown.length > 0)
    return failed(
      'migrations',
      `a newer rucio-stac has migrated this database (${unknown.join(', ')}). Update this one.`,
    );
  if (pending.length > 0)
    return failed('migrations', `${pending.length} to run: ${pending.join(', ')}. ${UPDATE}.`);
  return ok('migrations', 'up to date');
}

/** Without user and password. */
function shownUrl(text: string): string {
  const { host, pathname } = new URL(text);
  return `${host}${pathname}`;
}
