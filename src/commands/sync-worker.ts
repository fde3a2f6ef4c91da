/**
 * Worker thread of a server: rounds of sync beside the requests, which a raster that is read must not hold up. It borrows the
 * embedded database as any other command does.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Env } from '../config.ts';
import { messageOf } from '../errors.ts';
import { makeLog } from '../ingest/progress.ts';
import type { Drift } from '../sync/drift.ts';
import { makePatience } from '../sync/patience.ts';
import { runRound } from './sync-round.ts';

export interface SyncWorkerSettings {
  env: Env;
  /** Milliseconds between two rounds. */
  every: number;
}

/** A line for the server's log. */
export interface SyncWorkerEvent {
  event: string;
  fields: Record<string, unknown>;
}

/** Across rounds. */
const patience = makePatience();
const { env, every } = workerData as SyncWorkerSettings;
const tell = (event: string, fields: Record<string, unknown>) =>
  parentPort?.postMessage({ event, fields } satisfies SyncWorkerEvent);

async function runOnce(signal: AbortSignal): Promise<void> {
  const began = performance.now();
  const kinds: Record<string, number> = {};
  const progress = makeLog({ write: () => {} }, 'sync');
  const onDrift = ({ kind }: Drift) => {
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  };
  try {
    const choices = {
      dids: null,
      isCheck: false,
      isPruning: false,
      movedFrom: null,
      jobs: 1,
      progress,
      patience,
      onDrift,
    };
    const { reports } = await runRound(env, { ...choices, onReport: () => {} }, signal);
    tell('sync:round', {
      collections: reports.length,
      differences: kinds,
      files: reports.reduce((sum, { ingestedFiles }) => sum + ingestedFiles, 0),
      items: reports.reduce((sum, { changedItems }) => sum + changedItems, 0),
      failures: reports.flatMap(({ collection, failures }) =>
        failures.map((each) => `${collection}: ${each}`),
      ),
      ms: Math.round(performance.now() - began),
    });
  } catch (error) {
    if (!signal.aborted) tell('sync:failed', { reason: messageOf(error).split('\n')[0] });
  }
}

const abort = new AbortController();
parentPort?.once('message', () => abort.abort());
while (!abort.signal.aborted) {
  await runOnce(abort.signal);
  await wait(every, undefined, { signal: abort.signal }).catch(() => {});
}
