/** Settings -> one round of sync with a database, a store and a client of its own: for the command, and for the server's worker. */
import { join } from 'node:path';
import { type Config, type Env, parseConfig } from '../config.ts';
import type { Database } from '../db/schema.ts';
import type { Progress } from '../ingest/progress.ts';
import { type IngestSettings, mappingOfSettings } from '../ingest/settings.ts';
import { connectRucio } from '../rucio/connect.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import type { Did } from '../rucio/types.ts';
import { makePfnSigner } from '../s3/pfn.ts';
import { makeValidator } from '../stac/validate.ts';
import type { Drift } from '../sync/drift.ts';
import type { Patience } from '../sync/patience.ts';
import { type Round, syncRound } from '../sync/round.ts';
import type { SyncReport } from '../sync/state.ts';
import { openCatalogue } from './open.ts';
import { keepHeapSmall } from './small-heap.ts';
import { openStore } from './store.ts';

export interface RoundChoices {
  /** null: all that is catalogued. */
  dids: Did[] | null;
  isCheck: boolean;
  isPruning: boolean;
  /** Former address of the lake's server; null: it has not moved. */
  movedFrom: string | null;
  jobs: number;
  progress: Progress;
  patience: Patience;
  onDrift(drift: Drift): void;
  onReport(report: SyncReport): void;
}

async function runOn(
  database: Database,
  config: Config,
  env: Env,
  choices: RoundChoices,
  signal: AbortSignal,
): Promise<Round> {
  const client = connectRucio(readRucioConfig(env), { signS3: makePfnSigner(env) });
  const store = openStore(config, env);
  const { dids, isCheck, isPruning, movedFrom, jobs, progress, patience, onDrift, onReport } = choices;
  const context = {
    client,
    store,
    db: database.db,
    validator: makeValidator(),
    workFolder: join(config.dataFolder, 'work'),
    webui: config.webui,
    publicUrl: config.publicUrl,
    mappingOf: (settings: IngestSettings) => mappingOfSettings(settings, config.mapping),
    jobs,
    signal,
    progress,
    patience,
    isCheck,
    isPruning: isPruning && !isCheck,
    movedFrom,
    onDrift,
  };
  try {
    return await syncRound(dids, context, onReport);
  } finally {
    await store.close();
    await client.close();
  }
}

/** The database is open for as long as the round takes, so that others may have it in between. */
export async function runRound(env: Env, choices: RoundChoices, signal: AbortSignal): Promise<Round> {
  keepHeapSmall();
  const config = parseConfig(env);
  const database = await openCatalogue(config, 'sync', false);
  try {
    return await runOn(database, config, env, choices, signal);
  } finally {
    await database.close();
  }
}
