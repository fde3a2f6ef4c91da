/** rucio-stac ingest SCOPE:NAME | PATH: plan, then run. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, type Env, parseConfig } from '../config.ts';
import { readIngested } from '../db/ingested.ts';
import type { Database } from '../db/schema.ts';
import { UserError } from '../errors.ts';
import { assetFolder } from '../http/files.ts';
import { openLocalSource } from '../ingest/local-source.ts';
import { makePlan, NO_RASTER, type Plan, planBatches, printPlan, type Recall } from '../ingest/plan.ts';
import { makeProgress, type Progress } from '../ingest/progress.ts';
import type { Register } from '../ingest/register.ts';
import { openRucioSource, parseDid } from '../ingest/rucio-source.ts';
import { runPlan } from '../ingest/run.ts';
import { mappingOfSettings, planSettings, withSettings } from '../ingest/settings.ts';
import type { Source } from '../ingest/source.ts';
import { makeStaticWriter } from '../ingest/static-out.ts';
import { openUrlSource, parseAddress } from '../ingest/url-source.ts';
import { connectRucio } from '../rucio/connect.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import { makePfnSigner } from '../s3/pfn.ts';
import type { AssetStore } from '../s3/types.ts';
import { makeValidator } from '../stac/validate.ts';
import { keepMark, markOfSource } from '../sync/ingest-mark.ts';
import type { Command } from './command.ts';
import { type Choices, readChoices } from './ingest-choices.ts';
import { summarize } from './ingest-summary.ts';
import { untilSignal } from './interrupt.ts';
import { askCatalogue } from './lake.ts';
import { openCatalogue } from './open.ts';
import { findRegister, REGISTER_OPTIONS } from './register.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openStore } from './store.ts';

const HELP = `rucio-stac ingest SCOPE:NAME | PATH | URL

Reads the GeoTIFF and NetCDF files and Zarr stores (x.zarr/…) of a DID (file, dataset or container), of a local file or folder,
or one file at an https address, stores them as Cloud-Optimized GeoTIFFs and writes a Collection and its Items to the
catalogue. Run it again to continue, or to take in what has changed; what is done is skipped.

  --collection ID   id of the Collection (needed for a PATH or URL; from the DID otherwise)
  --dry-run         print the plan and end
  --out FOLDER      also write the STAC as static JSON with relative links
  --datetime TIME   time of those scenes whose time neither metadata nor name tells
  --scene REGEX     files of one scene: groups "scene" and "asset", e.g. "(?<scene>.+)_(?<asset>B\\d+)\\.tif$"
  --multiband       keep all bands of a GeoTIFF in one COG (stackstac needs one band a COG, the default)
  --dimensions NAME  levels, ensemble members and the like of a cube as COGs of their own (assets, the default) or as
                    bands of one COG (bands)
  --compression NAME  of the COGs: deflate (the default), lzw, zstd (Node 22.15 or later; fewer programs read it)
  --overviews NAME  how they are made smaller: average (the default), mode for classes, nearest
  --cube NAME       a cube's time steps as Items of their own (steps, the default), or as bands of one Item (item)
  --histogram NAME  of each band: overview (the default: of a smaller image), exact (of every pixel), none
  --footprint NAME  of each Item: grid (the default), data (round the pixels that hold data)
  --thumbnail       also draw each Item, as pictures of 256 and 1,024 pixels beside its COGs
  --in-place        make no COGs: the Items point to the originals, which must be COGs that are read over https
  --mapping FILE    which metadata of the lake becomes which STAC field, as JSON (docs/rucio.md)
  --metadata FILE   what you say of Collection, Items, bands and file names, as YAML (docs/stac.md)
  --jobs N          scenes at once (2)
  --register RSE    also put the COGs into the lake, at this RSE, as files of the dataset SCOPE:NAME.cog
  --register-as SCOPE:NAME  the dataset for them, where it is to be another
  --register-stac   also put each Item there, as SCOPE:ITEM.HASH.stac.json

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME), DATABASE_URL or RUCIO_STAC_DATA, S3_*.`;

const needsCollection = (what: string, name: string) =>
  new UserError(`${what} needs the id of its Collection: rucio-stac ingest ${name} --collection ID.`);

async function openSource(
  { name, collectionId, settings }: Choices,
  { webui, mapping: mappingOfAll }: Config,
  env: Env,
  signal: AbortSignal,
): Promise<Source> {
  const address = parseAddress(name);
  if (address !== null) {
    if (collectionId === null) throw needsCollection('An address', name);
    return openUrlSource(address, collectionId, signal);
  }
  const did = existsSync(name) ? null : parseDid(name);
  if (did === null) {
    if (!existsSync(name)) {
      throw new UserError(
        `There is no file or folder "${name}", and it is no DID (scope:name) either; check how it is written.`,
      );
    }
    if (collectionId === null) throw needsCollection('A path', name);
    if (settings.inPlace)
      throw new UserError(`--in-place is for a DID, whose files others can read; "${name}" is a path.`);
    return openLocalSource(name, collectionId);
  }
  const mapping = mappingOfSettings(settings, mappingOfAll);
  const client = connectRucio(readRucioConfig(env), { signS3: makePfnSigner(env) });
  const tell = (step: string, done: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}: ${done} ${step}`);
  };
  try {
    const source = await openRucioSource(client, did, {
      collectionId,
      webui,
      mapping,
      signal,
      onProgress: tell,
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    return source;
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function runWith(
  plan: Plan,
  choices: Choices,
  config: Config,
  store: AssetStore,
  database: Database,
  register: Register | null,
  progress: Progress,
  signal: AbortSignal,
) {
  const { collectionId } = plan.source;
  const out = choices.out === null ? null : resolve(choices.out);
  const writer =
    out === null
      ? null
      : makeStaticWriter({
          folder: out,
          collectionId,
          assetFolder: assetFolder(config),
          base: config.publicUrl,
        });
  const report = await runPlan(plan, {
    db: database.db,
    store,
    validator: makeValidator(),
    workFolder: join(config.dataFolder, 'work'),
    time: choices.time === null ? null : { datetime: choices.time },
    settings: JSON.stringify(choices.settings),
    jobs: choices.jobs,
    signal,
    progress,
    isDrawing: choices.settings.thumbnail,
    ...(register && { publish: register.publish }),
    onItems: (_, items) => {
      for (const item of items) writer?.item(item);
    },
  });
  if (report.collection) writer?.finish(report.collection);
  return report;
}

function mustHoldRasters({ scenes, source, others }: Plan): void {
  if (scenes.length > 0) return;
  throw new UserError(
    `${source.label} holds no rasters: none of its ${others.length} files ends in .tif, .tiff, .nc or the like.`,
  );
}

async function print(plan: Plan, recall: Recall, store: AssetStore, signal: AbortSignal): Promise<void> {
  for await (const text of printPlan(plan, planBatches(plan, recall, store, signal)))
    process.stdout.write(text);
}

async function run(choices: Choices, env: Env, signal: AbortSignal): Promise<number> {
  keepHeapSmall();
  const config = parseConfig(env);
  const store = openStore(config, env);
  const source = withSettings(await openSource(choices, config, env, signal), choices.settings);
  try {
    const plan = makePlan(source, planSettings(choices.settings));
    if (choices.isDryRun) {
      // The embedded store would be made by its check; a bucket shows its faults.
      if (store.scheme() !== null) await store.check();
      // A dry run makes nothing, not even an empty database.
      const isPrinted = await askCatalogue(config, 'ingest', false, async (db) => {
        await print(plan, (files) => readIngested(db, source.collectionId, files), store, signal);
        return true;
      });
      if (!isPrinted) await print(plan, async () => new Map(), store, signal);
      return 0;
    }
    const database = await openCatalogue(config, 'ingest', false);
    try {
      await store.check();
      mustHoldRasters(plan);
      for (const { name } of plan.others) process.stderr.write(`skipped ${name}: ${NO_RASTER}\n`);
      const progress = makeProgress(process.stderr, 'ingest');
      const { time } = choices;
      const around = { config, store, time, progress, signal };
      const mark = await markOfSource(source, signal);
      const register = await findRegister(source, choices.settings.register, around);
      const report = await runWith(
        plan,
        choices,
        config,
        store,
        database,
        register,
        progress,
        signal,
      ).finally(() => register?.close());
      await keepMark(database.db, mark, report);
      process.stderr.write(summarize(report, register, choices.out, config));
      return report.isInterrupted ? 130 : report.failures.length > 0 ? 1 : 0;
    } finally {
      await database.close();
    }
  } finally {
    await source.close();
    await store.close();
  }
}

export const ingest: Command = {
  summary: 'take a DID, or local rasters, into the catalogue',
  help: HELP,
  options: {
    collection: { type: 'string' },
    'dry-run': { type: 'boolean' },
    out: { type: 'string' },
    datetime: { type: 'string' },
    scene: { type: 'string' },
    multiband: { type: 'boolean' },
    dimensions: { type: 'string' },
    cube: { type: 'string' },
    compression: { type: 'string' },
    overviews: { type: 'string' },
    histogram: { type: 'string' },
    footprint: { type: 'string' },
    thumbnail: { type: 'boolean' },
    'in-place': { type: 'boolean' },
    mapping: { type: 'string' },
    metadata: { type: 'string' },
    jobs: { type: 'string' },
    ...REGISTER_OPTIONS,
  },
  names: 1,
  async run(words, env) {
    const choices = readChoices(words);
    return untilSignal((signal) => run(choices, env, signal));
  },
};
