/** rucio-stac ingest SCOPE:NAME | PATH: plan, then run. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Config, type Env, parseConfig } from '../config.ts';
import { readIngested } from '../db/ingested.ts';
import type { Database } from '../db/schema.ts';
import { UserError } from '../errors.ts';
import { assetFolder } from '../http/files.ts';
import { openLocalSource } from '../ingest/local-source.ts';
import { readMappingText } from '../ingest/mapping.ts';
import {
  makePlan,
  NO_RASTER,
  type Plan,
  parseScenePattern,
  planBatches,
  printPlan,
  type Recall,
} from '../ingest/plan.ts';
import { makeProgress, type Progress } from '../ingest/progress.ts';
import type { Register } from '../ingest/register.ts';
import { openRucioSource, parseDid } from '../ingest/rucio-source.ts';
import { runPlan } from '../ingest/run.ts';
import { type IngestSettings, mappingOfSettings } from '../ingest/settings.ts';
import type { Source } from '../ingest/source.ts';
import { makeStaticWriter } from '../ingest/static-out.ts';
import { readInstant } from '../ingest/to-time.ts';
import { connectRucio } from '../rucio/connect.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import { makePfnSigner } from '../s3/pfn.ts';
import type { AssetStore } from '../s3/types.ts';
import { makeValidator } from '../stac/validate.ts';
import { keepMark, markOfSource } from '../sync/ingest-mark.ts';
import type { Command, Words } from './command.ts';
import { summarize } from './ingest-summary.ts';
import { untilSignal } from './interrupt.ts';
import { askCatalogue } from './lake.ts';
import { openCatalogue } from './open.ts';
import { findRegister, REGISTER_OPTIONS, readRegister } from './register.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openStore } from './store.ts';

const HELP = `rucio-stac ingest SCOPE:NAME | PATH

Reads the GeoTIFF and NetCDF files of a DID (file, dataset or container) or of a local file or folder, stores them as
Cloud-Optimized GeoTIFFs and writes a Collection and its Items to the catalogue. Run it again to continue, or to take
in what has changed; what is done is skipped.

  --collection ID   id of the Collection (needed for a PATH; from the DID otherwise)
  --dry-run         print the plan and end
  --out FOLDER      also write the STAC as static JSON with relative links
  --datetime TIME   time of those scenes whose time neither metadata nor name tells
  --scene REGEX     files of one scene: groups "scene" and "asset", e.g. "(?<scene>.+)_(?<asset>B\\d+)\\.tif$"
  --multiband       keep all bands of a GeoTIFF in one COG (stackstac needs one band a COG, the default)
  --in-place        make no COGs: the Items point to the originals, which must be COGs that are read over https
  --mapping FILE    which metadata of the lake becomes which STAC field, as JSON (docs/rucio.md)
  --jobs N          scenes at once (2)
  --register RSE    also put the COGs into the lake, at this RSE, as files of the dataset SCOPE:NAME.cog
  --register-as SCOPE:NAME  the dataset for them, where it is to be another
  --register-stac   also put each Item there, as SCOPE:ITEM.HASH.stac.json

Settings: rucio.cfg as the Rucio client reads it (RUCIO_CONFIG, RUCIO_HOME), DATABASE_URL or RUCIO_STAC_DATA, S3_*.`;

interface Choices {
  name: string;
  collectionId: string | null;
  out: string | null;
  time: ReturnType<typeof readInstant>;
  scenePattern: RegExp | null;
  multiband: boolean;
  inPlace: boolean;
  /** As they were given, for the memory. */
  settings: IngestSettings;
  jobs: number;
  isDryRun: boolean;
}

function readChoices({ options, names }: Words): Choices {
  const [name] = names;
  if (name === undefined)
    throw new UserError('ingest needs a DID (scope:name) or a path; see rucio-stac ingest --help.');
  const text = (key: string) => (typeof options[key] === 'string' ? (options[key] as string) : null);
  const jobs = Number(text('jobs') ?? 2);
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > 64) {
    throw new UserError(`--jobs is "${text('jobs')}"; give a whole number from 1 to 64.`);
  }
  const given = text('datetime');
  const time = given === null ? null : readInstant(given);
  if (given !== null && time === null) {
    throw new UserError(
      `--datetime is "${given}"; give a date or RFC 3339 date-time such as 2024-01-03T05:41:12Z.`,
    );
  }
  const collectionId = text('collection');
  if (collectionId !== null && !/^[\p{L}\p{N}][\p{L}\p{N}._~+ -]{0,199}$/u.test(collectionId)) {
    throw new UserError(
      `--collection is "${collectionId}"; an id has letters, digits and . _ ~ + - in it, and begins with a letter or digit.`,
    );
  }
  if (options['in-place'] === true && (options.multiband === true || options.register !== undefined)) {
    const other = options.multiband === true ? '--multiband' : '--register';
    throw new UserError(`--in-place makes no COGs, so that ${other} has no meaning; give one of them.`);
  }
  const [scene, mapping] = [text('scene'), text('mapping')];
  return {
    name,
    collectionId,
    out: text('out'),
    time,
    scenePattern: scene === null ? null : parseScenePattern(scene),
    multiband: options.multiband === true,
    inPlace: options['in-place'] === true,
    settings: {
      scene,
      multiband: options.multiband === true,
      inPlace: options['in-place'] === true,
      datetime: given,
      mapping: mapping === null ? null : { path: resolve(mapping), text: readMappingText(mapping) },
      register: readRegister(text, options['register-stac'] === true),
    },
    jobs,
    isDryRun: options['dry-run'] === true,
  };
}

async function openSource(
  { name, collectionId, inPlace, settings }: Choices,
  { webui, mapping: mappingOfAll }: Config,
  env: Env,
  signal: AbortSignal,
): Promise<Source> {
  const did = existsSync(name) ? null : parseDid(name);
  if (did === null) {
    if (!existsSync(name)) {
      throw new UserError(
        `There is no file or folder "${name}", and it is no DID (scope:name) either; check how it is written.`,
      );
    }
    if (collectionId === null)
      throw new UserError(
        `A path needs the id of its Collection: rucio-stac ingest ${name} --collection ID.`,
      );
    if (inPlace)
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
  const source = await openSource(choices, config, env, signal);
  try {
    const plan = makePlan(source, choices);
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
    'in-place': { type: 'boolean' },
    mapping: { type: 'string' },
    jobs: { type: 'string' },
    ...REGISTER_OPTIONS,
  },
  names: 1,
  async run(words, env) {
    const choices = readChoices(words);
    return untilSignal((signal) => run(choices, env, signal));
  },
};
