/**
 * One Collection and its lake -> what they differ in, told as it is found, and mended. What costs nothing (replicas, metadata,
 * what is gone) is mended on the way, many Items at once; what must be read comes after all is told.
 */
import { changeCollection } from '../db/change-document.ts';
import type { CollectionFacts } from '../db/collection-facts.ts';
import { writeScenes } from '../db/ingested.ts';
import {
  findUsed,
  forgetLeftObjects,
  leaveObjects,
  readLeftObjects,
  takeLeftObject,
} from '../db/left-objects.ts';
import { keepReplicaMark, pruneCollection, readReplicaMark } from '../db/synced.ts';
import { batchesOf, type PlannedScene } from '../ingest/plan.ts';
import { seeOthers, workOff } from '../ingest/run.ts';
import { collectionMaker, type Run } from '../ingest/run-scenes.ts';
import type { ListedFile, Scene } from '../ingest/source.ts';
import type { Document } from '../ingest/to-item.ts';
import { didKey } from '../rucio/resolve.ts';
import { parseObject } from '../stac/item.ts';
import { compareBatch } from './compare-batch.ts';
import { dropDisplaced } from './displaced.ts';
import { type Listing, listTarget } from './listing.ts';
import { openStock } from './lost-cogs.ts';
import { replicaMark } from './replica-mark.ts';
import {
  emptyReport,
  type Group,
  missedFiles,
  openGroups,
  type Sync,
  type SyncContext,
  type SyncReport,
} from './state.ts';
import type { Target } from './targets.ts';

/** What a Collection says of its Items, as it is stored. */
function storedFacts({ extent, summaries }: Document): CollectionFacts {
  const { spatial, temporal } = extent as {
    spatial: { bbox: number[][] };
    temporal: { interval: string[][] };
  };
  const [start = null, end = null] = temporal.interval[0] ?? [];
  const bbox = spatial.bbox[0] as CollectionFacts['bbox'];
  return { bbox, start, end, summaries: (summaries ?? {}) as Document };
}

/** The Collection as it is true now; where no Item has changed, without reading them all. */
async function mendCollection(sync: Sync, run: Run): Promise<void> {
  const { context, target, report, listing } = sync;
  if (listing.isWhole && listing.home !== null) await seeOthers(run);
  const make = collectionMaker(run, run.tally);
  if (report.changedItems + report.prunedItems + report.ingestedFiles > 0) {
    const nothing = { rows: [], files: [], goneIds: [], keys: [], left: [], source: null };
    await writeScenes(context.db, { collection: target.collection, ...nothing }, make);
  } else {
    await changeCollection(context.db, target.collection, async (content) =>
      make(storedFacts(parseObject(content)), content),
    );
  }
}

/** Deletes COGs that no Item has any more, or names them. */
async function sweepStore({ context, target, report }: Sync): Promise<void> {
  const hrefs = (await readLeftObjects(context.db, target.collection)).map((key) => ({
    key,
    href: context.store.hrefOf(key),
  }));
  const used = await findUsed(context.db, target.collection, hrefs);
  await forgetLeftObjects(context.db, target.collection, used);
  for (const object of hrefs.filter(({ key }) => !used.includes(key))) {
    const { key } = object;
    if (context.signal.aborted) return;
    if (!context.isPruning) {
      report.notes.push(`${key} is in the store, and no Item has it any more; --prune deletes it`);
      continue;
    }
    // An ingest beside us may have taken it into use since.
    if (!(await takeLeftObject(context.db, target.collection, object))) continue;
    await context.store.remove(key).catch(async (error: unknown) => {
      await leaveObjects(context.db, target.collection, [key]);
      throw error;
    });
  }
}

async function mend(sync: Sync, groups: Group[], toRead: Scene<ListedFile>[][]): Promise<void> {
  const { context, report, target, listing } = sync;
  for (const [index, { run, publisher }] of groups.entries()) {
    const found = toRead[index] ?? [];
    const all = publisher ? await publisher.withoutRefused(found) : found;
    const scenes = all.filter((scene) => context.patience.isDue(target.collection, scene));
    if (scenes.length < all.length)
      report.notes.push(`${all.length - scenes.length} scenes could not be read before, and are tried later`);
    const onFailure = ({ scene }: PlannedScene) => context.patience.failed(target.collection, scene);
    if (scenes.length > 0) await workOff({ ...run, context: { ...run.context, onFailure } }, scenes);
    publisher?.close();
    report.changedItems += run.report.changedItems;
    report.ingestedFiles += run.report.ingestedFiles;
    report.failures.push(...run.report.failures);
    report.notes.push(...run.report.notes);
  }
  report.isInterrupted = context.signal.aborted;
  const [first] = groups;
  if (report.isInterrupted || !first) return;
  await mendCollection(sync, first.run);
  await sweepStore(sync);
  if (!context.isPruning || !listing.isWhole || listing.home !== null) return;
  const did = didKey(target.home);
  await pruneCollection(context.db, target.collection, did, `${did} is not in Rucio any more`);
}

/** A mark of the replicas of a Collection of one DID with all its files, before they are looked at. */
async function markOf({ home, sources }: Target, listing: Listing, { client, signal }: SyncContext) {
  if (!listing.isWhole || listing.home === null || sources.length > 1) return null;
  const mark = await replicaMark(client, home, listing.home.type, signal);
  return mark && `${mark} ${listing.keys.size}`;
}

/**
 * Tells how a Collection and its lake differ, and mends it.
 * @throws UserError when lake, store or database cannot be asked: then nothing is taken for gone
 */
export async function syncCollection(target: Target, context: SyncContext): Promise<SyncReport> {
  const listing = await listTarget(context.client, target, context.signal);
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const mark = await markOf(target, listing, context);
  const isUnmoved = mark !== null && mark === (await readReplicaMark(context.db, target.collection));
  const report = emptyReport(target.collection);
  const stock = openStock(context, target.collection, report);
  const sync: Sync = { target, context, listing, isUnmoved, now, stock, report };
  const groups = openGroups(sync, await dropDisplaced(sync, await missedFiles(sync)));
  const toRead: Scene<ListedFile>[][] = [];
  for (const group of groups) {
    const found: Scene<ListedFile>[] = [];
    for (const scenes of batchesOf(group.run.plan.scenes)) {
      if (context.signal.aborted) return { ...sync.report, isInterrupted: true };
      found.push(...(await compareBatch(sync, group, scenes)));
    }
    toRead.push(found);
  }
  if (context.isCheck) return sync.report;
  await mend(sync, groups, toRead);
  const { isInterrupted, failures } = sync.report;
  // A replica that came or went meanwhile changes the mark of the next round.
  if (mark !== null && !isInterrupted && failures.length === 0)
    await keepReplicaMark(context.db, target.collection, mark);
  return sync.report;
}
