/** Plan -> COGs in the store, Items and the Collection in the database. What is done is skipped, so a rerun continues. */
import { rmSync } from 'node:fs';
import { readIngested, writeScenes } from '../db/ingested.ts';
import { readCollection } from '../db/read.ts';
import { UserError } from '../errors.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Db } from '../search/tables.ts';
import { parseObject } from '../stac/item.ts';
import { mustBeValid } from './must-be-valid.ts';
import { isDrawn } from './pictures.ts';
import { batchesOf, type Plan, type PlannedScene, planBatches } from './plan.ts';
import { makeOrderReader } from './read-orders.ts';
import {
  collectionMaker,
  type IngestContext,
  type IngestReport,
  ingestScene,
  type Run,
  refreshScenes,
  sourceOf,
} from './run-scenes.ts';
import { makeTally } from './tally.ts';
import { toCollection } from './to-collection.ts';
import { makeWorkFolder } from './work-folder.ts';

/** Scenes that are refreshed in one go. */
const REFRESHED = 100;

/** What workers do: scenes of which something is to be read one by one, others many at once. */
async function* stepsOf(run: Run, scenes: Plan['scenes']): AsyncGenerator<() => Promise<void>> {
  const { plan, context } = run;
  const { db, store, signal } = context;
  const recall = (files: readonly { scope: string; name: string }[]) =>
    readIngested(db, plan.source.collectionId, files);
  const readOrders = makeOrderReader(db, plan.source, signal);
  for await (const batch of planBatches({ ...plan, scenes }, recall, store, signal)) {
    const files = batch.flatMap((planned) => planned.files.map(({ file }) => file));
    await readOrders(files);
    run.tally.see(files.filter(({ deleted }) => deleted === undefined));
    // Where COGs go into the lake, too, one that is not there yet goes there now.
    const isKnown = ({ scene, files }: PlannedScene) => {
      const described = files.flatMap(({ file, asset, known }) =>
        known ? [{ file, asset, description: known }] : [],
      );
      const isRead = described.length === files.length;
      return context.publish === undefined && isRead && (!context.isDrawing || isDrawn(scene, described));
    };
    const known = batch.filter(isKnown);
    for (let at = 0; at < known.length; at += REFRESHED) {
      const some = known.slice(at, at + REFRESHED);
      yield () => refreshScenes(run, some);
    }
    for (const planned of batch) if (!isKnown(planned)) yield () => ingestScene(run, planned);
  }
}

/** The Collection tells where all its files are, rasters or not. */
export async function seeOthers({
  plan: { source, others },
  context: { signal },
  tally,
}: Run): Promise<void> {
  if (!source.isWhole || source.did === null) return;
  const asScenes = others.map((file, place) => ({ id: '', place, files: [{ file, asset: null }] }));
  for (const batch of batchesOf(asScenes)) {
    const files = batch.flatMap((scene) => scene.files.map(({ file }) => file));
    tally.see(await source.complete(files, signal));
  }
}

function emptyReport({ source, others }: Plan): IngestReport {
  return {
    collectionId: source.collectionId,
    collection: null,
    ingestedFiles: 0,
    unchangedFiles: 0,
    skippedFiles: others.length,
    items: 0,
    changedItems: 0,
    isCollectionChanged: false,
    uploadedBytes: 0,
    failures: [],
    notes: [],
    isInterrupted: false,
  };
}

/** A Collection of another DID or lake must not be filled by mistake: two can give the same id. */
async function refuseForeign({ source }: Plan, db: Db): Promise<void> {
  const content = await readCollection(db, source.collectionId);
  if (content === null || source.did === null) return;
  const { 'rucio:did': owner, 'rucio:host': host } = parseObject(content);
  const isOther = (stored: unknown, own: string | null) => typeof stored === 'string' && stored !== own;
  const holds = `The Collection "${source.collectionId}" holds ${owner}`;
  if (isOther(owner, didKey(source.did)))
    throw new UserError(`${holds} already; give another id with --collection.`);
  if (isOther(host, source.host)) {
    throw new UserError(
      `${holds} of the lake at ${host}, and this is the one at ${source.host}; give another id with --collection, or, if ` +
        `that lake has moved to here, run first: rucio-stac sync --moved-from ${host}.`,
    );
  }
}

/** Closes what the run began: the Collection as it is true for all Items there are now. */
async function finish(run: Run): Promise<void> {
  const { plan, context, report, tally } = run;
  if (report.items === 0) return;
  const isWhole = !context.signal.aborted;
  if (isWhole) await seeOthers(run);
  const nothing = {
    collection: plan.source.collectionId,
    rows: [],
    files: [],
    goneIds: [],
    keys: [],
    left: [],
  };
  const { isCollectionChanged } = await writeScenes(
    context.db,
    { ...nothing, source: sourceOf(run) },
    collectionMaker(run, isWhole ? tally : null),
  );
  report.isCollectionChanged ||= isCollectionChanged;
}

/** What is wrong with the lake's metadata shows before anything is read. */
async function checkDraft({ plan, context }: Run): Promise<void> {
  const draft = toCollection(
    plan.source,
    null,
    { bbox: null, start: '2000-01-01T00:00:00Z', end: null, summaries: {} },
    null,
  );
  await mustBeValid(context.validator, [draft]);
}

export const openRun = (plan: Plan, context: IngestContext): Run => ({
  plan,
  context,
  report: emptyReport(plan),
  tally: makeTally(),
  lastCollection: Number.NEGATIVE_INFINITY,
  lastWrite: Promise.resolve(),
  waiting: [],
});

/**
 * Ingests scenes of a run. A file that fails is reported and the others go on.
 * @throws UserError when nothing can be done at all (store, database)
 */
export async function workOff(given: Run, scenes: Plan['scenes']): Promise<void> {
  const workFolder = makeWorkFolder(given.context.workFolder);
  const context = { ...given.context, workFolder };
  const run = { ...given, context };
  const files = scenes.flatMap((scene) => scene.files);
  context.progress.start(
    files.length,
    files.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0),
  );
  const steps = stepsOf(run, scenes);
  let isOver = false;
  const work = async () => {
    while (!isOver) {
      const step = await steps.next();
      if (step.done || context.signal.aborted) return;
      await step.value();
    }
  };
  const end = () => {
    isOver = true;
  };
  try {
    // What ends one worker ends all, each after what it has in hand.
    const works = Array.from({ length: context.jobs }, () => work().finally(end));
    const failed = (await Promise.allSettled(works)).find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
  } finally {
    context.progress.end();
    rmSync(workFolder, { recursive: true, force: true });
  }
}

/**
 * Ingests what the plan names. A file that fails is reported and the others go on.
 * @throws UserError when nothing can be done at all (store, database)
 */
export async function runPlan(plan: Plan, context: IngestContext): Promise<IngestReport> {
  await refuseForeign(plan, context.db);
  const run = openRun(plan, context);
  await checkDraft(run);
  await workOff(run, plan.scenes);
  await finish(run);
  run.report.skippedFiles += plan.made.length;
  run.report.isInterrupted = context.signal.aborted;
  return run.report;
}
