/** rucio-stac serve: opens the catalogue, fills an empty one with the sample when asked to, and serves until told to end. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeApp } from '../app.ts';
import { type Config, type Env, parseConfig, printableConfig } from '../config.ts';
import { readCollection } from '../db/read.ts';
import type { Database } from '../db/schema.ts';
import { UserError } from '../errors.ts';
import { hasBrowser } from '../http/browser.ts';
import { assetFolder } from '../http/files.ts';
import { makeServer } from '../http/server.ts';
import { readS3Settings } from '../s3/settings.ts';
import { makeValidator, type Validator } from '../stac/validate.ts';
import { parseEvery } from '../sync/every.ts';
import { buildBrowser } from './browser.ts';
import type { Command } from './command.ts';
import { openCatalogue } from './open.ts';
import { findBucket, findLake, findSigner } from './places.ts';
import { ingestSample, wantsSample } from './sample.ts';
import { syncBeside } from './sync-beside.ts';

function listen(server: Server, { host, port }: Config): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? `Port ${port} on ${host} is taken; stop what runs there or choose another with PORT.`
          : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
            ? `${host} is no address of this machine; set HOST to one, or to 0.0.0.0 for all.`
            : `The server cannot listen on ${host}:${port} (${error.code}); choose another HOST or PORT.`;
      reject(new UserError(reason));
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function logLine(event: string, fields: Record<string, unknown>): void {
  process.stderr.write(`${new Date().toISOString()} ${event} ${JSON.stringify(fields)}\n`);
}

function greet(base: string, hasSample: boolean, withBrowser: boolean): void {
  const example = hasSample
    ? `
In Python (pip install pystac-client odc-stac):

  import pystac_client, odc.stac
  items = pystac_client.Client.open("${base}/").search(collections=["sample-scenes"]).item_collection()
  print(odc.stac.load(items, bands=["red", "nir"]))
`
    : '';
  process.stdout.write(`
rucio-stac serves

  ${base}/                the catalogue (STAC API)
  ${base}/collections     its collections
  ${base}/api.html        the API, to try out
${withBrowser ? `  ${base}/browser/        the catalogue in a browser\n` : ''}${example}
Ctrl-C ends it.
`);
}

const mask = (secret: string | null) => (secret === null ? null : '***');

/** Resolves when a signal asks the process to end. */
function untilSignal(): { signal: AbortSignal; ended: Promise<void> } {
  const abort = new AbortController();
  const ended = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (abort.signal.aborted) process.exit(1);
        process.stderr.write(`${name}: ending\n`);
        abort.abort();
        resolve();
      });
    }
  });
  return { signal: abort.signal, ended };
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), 3000);
  await closed;
  clearTimeout(timer);
}

async function run(config: Config, env: Env, withSample: boolean): Promise<void> {
  const lake = findLake(config, env, logLine);
  const signer = findSigner(config, env, lake);
  const bucket = findBucket(env);
  const { signal, ended } = untilSignal();
  const validator: Validator = makeValidator();
  const database: Database = await openCatalogue(config, 'serve', true);
  try {
    if (withSample && (await wantsSample(config, database))) {
      await ingestSample(config, database, validator, signal);
    }
    if (signal.aborted) return;
    const server = makeServer(makeApp({ config, database, validator, lake, signer, bucket }, logLine));
    const { port } = await listen(server, config);
    const shown = config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : config.host;
    const base = config.publicUrl ?? `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
    greet(base, (await readCollection(database.db, 'sample-scenes')) !== null, hasBrowser(config));
    buildBrowser(config, signal, logLine);
    const endSync = config.syncEvery === null ? null : syncBeside(env, config.syncEvery, logLine);
    await ended;
    await endSync?.();
    await closeServer(server);
  } finally {
    await lake?.close();
    await database.close();
  }
}

export const serve: Command = {
  summary: 'serve the catalogue over HTTP',
  help: `rucio-stac serve [--sample] [--sync-every TIME] [--print-config]

Serves the catalogue as a STAC API. Settings come from the environment (PORT, HOST, DATABASE_URL, …).

  --sample        when the catalogue is empty, ingest the sample first (npm start does)
  --sync-every    compare with the lake, and mend, again and again, such as 10m (RUCIO_STAC_SYNC_EVERY)
  --print-config  print the settings, passwords masked, and end`,
  options: {
    sample: { type: 'boolean' },
    'sync-every': { type: 'string' },
    'print-config': { type: 'boolean' },
  },
  names: 0,
  async run({ options }, env) {
    const every = options['sync-every'];
    const given = parseConfig(env);
    const syncEvery = typeof every === 'string' ? parseEvery(every, '--sync-every') : given.syncEvery;
    const config = { ...given, syncEvery };
    if (options['print-config']) {
      const s3 = readS3Settings(env);
      const assets = s3
        ? { ...s3, secretAccessKey: mask(s3.secretAccessKey), sessionToken: mask(s3.sessionToken) }
        : assetFolder(config);
      process.stdout.write(`${JSON.stringify({ ...printableConfig(config), assets }, null, 2)}\n`);
      return 0;
    }
    await run(config, env, options.sample === true);
    return 0;
  },
};
