/** All Collections of a lake, or some, one after another, by one process at a time. */
import { takeLease } from '../db/lease.ts';
import { moveLake } from '../db/move-lake.ts';
import { messageOf, UserError } from '../errors.ts';
import { RucioError } from '../rucio/faults.ts';
import type { Did } from '../rucio/types.ts';
import type { Db } from '../search/tables.ts';
import { CollectionFault, type SyncContext, type SyncReport } from './state.ts';
import { syncCollection } from './sync-collection.ts';
import { findTargets } from './targets.ts';

export interface Round {
  reports: SyncReport[];
  isInterrupted: boolean;
}

async function syncAll(dids: Did[] | null, context: SyncContext, onReport: (report: SyncReport) => void) {
  const { signal, client } = context;
  const reports: SyncReport[] = [];
  for (const target of await findTargets(context.db, client.host, dids)) {
    if (signal.aborted) break;
    try {
      const report = await syncCollection(target, context);
      reports.push(report);
      onReport(report);
    } catch (error) {
      if (signal.aborted) break;
      // What Rucio refuses for one DID says nothing of the others; where it is not to be had, neither are they.
      const isOfOne =
        error instanceof CollectionFault ||
        (error instanceof RucioError && error.exceptionClass !== 'CannotAuthenticate');
      if (!isOfOne) throw error;
      const report = failedReport(target.collection, messageOf(error));
      reports.push(report);
      onReport(report);
    }
  }
  return { reports, isInterrupted: signal.aborted };
}

const failedReport = (collection: string, failure: string): SyncReport => ({
  collection,
  drift: 0,
  changedItems: 0,
  prunedItems: 0,
  ingestedFiles: 0,
  failures: [failure],
  notes: [],
  isInterrupted: false,
});

/** @throws UserError when nothing came from there */
async function moveHere(from: string, { host }: SyncContext['client'], db: Db): Promise<void> {
  if (from === host)
    throw new UserError(`--moved-from is ${from}, where this Rucio is now; give the former address.`);
  if ((await moveLake(db, from, host)).length === 0)
    throw new UserError(`Nothing in the catalogue is of a Rucio at ${from}; an Item names it as rucio:host.`);
}

/**
 * One round. A look (`isCheck`) needs nobody's leave.
 * @throws UserError when another process is at it, or lake, store or database cannot be asked
 */
export async function syncRound(
  dids: Did[] | null,
  context: SyncContext,
  onReport: (report: SyncReport) => void,
): Promise<Round> {
  if (context.isCheck) return syncAll(dids, { ...context, isPruning: false }, onReport);
  const lease = await takeLease(context.db, 'sync', 'sync');
  if (!('release' in lease)) {
    throw new UserError(
      `The catalogue is being synchronized by process ${lease.pid} on ${lease.host}; wait until that ends.`,
    );
  }
  const signal = AbortSignal.any([context.signal, lease.lost]);
  try {
    await context.store.check();
    const { movedFrom, client } = context;
    if (movedFrom !== null) await moveHere(movedFrom, client, context.db);
    return await syncAll(dids, { ...context, signal }, onReport);
  } finally {
    await lease.release();
  }
}
