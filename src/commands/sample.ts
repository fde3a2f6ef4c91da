/** The sample that ships with the package, ingested as any local raster is: what `npm start` shows. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { countCollections } from '../db/read.ts';
import type { Database } from '../db/schema.ts';
import { UserError } from '../errors.ts';
import { assetFolder } from '../http/files.ts';
import { openLocalSource } from '../ingest/local-source.ts';
import { makePlan } from '../ingest/plan.ts';
import { makeProgress } from '../ingest/progress.ts';
import { runPlan } from '../ingest/run.ts';
import { shipped } from '../package-root.ts';
import { folderStore } from '../s3/folder-store.ts';
import { OWN_PREFIX } from '../stac/link.ts';
import type { Validator } from '../stac/validate.ts';

const SAMPLES = [
  {
    files: /\.tif$/,
    collectionId: 'sample-scenes',
    metadata: {
      title: 'Sample: a time series of scenes',
      description:
        'Six made-up two-band scenes in UTM zone 32N, twelve days apart; every pixel follows a formula (examples/README.md)',
      license: 'CC0-1.0',
      keywords: ['sample'],
    },
  },
  {
    files: /\.nc$/,
    collectionId: 'sample-cube',
    metadata: {
      title: 'Sample: a climate cube',
      description:
        'Made-up daily temperature and precipitation in lon/lat, from a CF NetCDF cube; every pixel follows a formula (examples/README.md)',
      license: 'CC0-1.0',
      keywords: ['sample', 'climate'],
    },
  },
];

/** There while the sample is not whole: a start that was ended meanwhile is gone on with by the next. */
const unfinished = (config: Config) => join(config.dataFolder, 'sample-unfinished');

/** Whether the sample is to be ingested: into an empty catalogue, or where an earlier start did not end it. */
export async function wantsSample(config: Config, { db }: Database): Promise<boolean> {
  return config.sample && (existsSync(unfinished(config)) || (await countCollections(db)) === 0);
}

/** @throws UserError when the sample cannot be ingested whole */
export async function ingestSample(
  config: Config,
  database: Database,
  validator: Validator,
  signal: AbortSignal,
): Promise<void> {
  const store = folderStore(assetFolder(config), OWN_PREFIX);
  mkdirSync(config.dataFolder, { recursive: true });
  writeFileSync(unfinished(config), '');
  try {
    for (const { files, collectionId, metadata } of SAMPLES) {
      const folder = openLocalSource(shipped('examples', 'sample'), collectionId, metadata);
      const source = { ...folder, files: folder.files.filter(({ name }) => files.test(name)) };
      await store.check();
      const plan = makePlan(source, { readName: null, multiband: false });
      const report = await runPlan(plan, {
        db: database.db,
        store,
        validator,
        workFolder: join(config.dataFolder, 'work'),
        time: null,
        settings: null,
        jobs: 2,
        signal,
        progress: makeProgress(process.stderr, 'ingest'),
      });
      if (report.failures.length > 0)
        throw new UserError(`The sample cannot be ingested: ${report.failures[0]}`);
      if (report.isInterrupted) return;
    }
    rmSync(unfinished(config), { force: true });
  } finally {
    await store.close();
  }
}
