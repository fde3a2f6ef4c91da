/** Plan -> COGs in the store, Items and the Collection in the database. What is done is skipped, so a rerun continues. */
import { rmSync } from 'node:fs';
import { sql } from 'kysely';
import type { CollectionFacts } from '../db/collection-facts.ts';
import { type IngestedFile, writeScenes } from '../db/ingested.ts';
import { readCollection } from '../db/read.ts';
import { messageOf, UserError } from '../errors.ts';
import type { AssetStore } from '../s3/types.ts';
import type { Db } from '../search/tables.ts';
import { type CollectionRow, parseObject, toCollectionRow, toItemRow } from '../stac/item.ts';
import type { Validator } from '../stac/validate.ts';
import type { FileDescription } from './describe.ts';
import { memoryKey, type Plan, type PlannedFile, type PlannedScene } from './plan.ts';
import type { Progress } from './progress.ts';
import { readFile } from './read-file.ts';
import { keepLake, readPublished } from './register-standing.ts';
import { toCollection } from './to-collection.ts';
import { type Document, itemIdsOf, type SceneFile, toItems } from './to-item.ts';
import type { ItemTime } from './to-time.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface IngestContext {
  db: Db;
  store: AssetStore;
  validator: Validator;
  /** Where downloads and COGs lie until they are stored. */
  workFolder: string;
  time: ItemTime | null;
  multiband: boolean;
  /** Scenes worked on at once. */
  jobs: number;
  signal: AbortSignal;
  progress: Progress;
  /** Puts a scene's COGs into the lake as well, and notes their DIDs in the descriptions. */
  publish?: (planned: PlannedScene, files: SceneFile[]) => Promise<void>;
  /** Called with each scene's Items once they are in the catalogue. */
  onItems?(scene: PlannedScene, items: Document[]): void;
}

export interface IngestReport {
  collectionId: string;
  collection: Document | null;
  /** Files read in this run, and those that were as before. */
  ingestedFiles: number;
  unchangedFiles: number;
  skippedFiles: number;
  items: number;
  changedItems: number;
  isCollectionChanged: boolean;
  uploadedBytes: number;
  /** What went wrong, as sentences that name the file. */
  failures: string[];
  /** What was mended on the way, such as a corrupt replica. */
  notes: string[];
  isInterrupted: boolean;
}

/** Seconds between two updates of the Collection while scenes arrive. */
const COLLECTION_INTERVAL = 10;

interface Run {
  plan: Plan;
  context: IngestContext;
  report: IngestReport;
  done: SceneFile[];
  lastCollection: number;
  /** Scenes are written one after another: the first makes the Collection that the others need. */
  lastWrite: Promise<unknown>;
}

async function describeFile(run: Run, planned: PlannedScene, each: PlannedFile): Promise<FileDescription> {
  const { context, report } = run;
  if (each.known !== null) return each.known;
  const began = performance.now();
  const description = await readFile(planned.scene, each.file, {
    collectionId: run.plan.source.collectionId,
    store: context.store,
    workFolder: context.workFolder,
    multiband: context.multiband,
    signal: context.signal,
    progress: context.progress,
    onUpload: (bytes) => (report.uploadedBytes += bytes),
    onFault: (message) => {
      report.notes.push(message);
      context.progress.fault(message);
    },
  });
  context.progress.fileDone();
  const { scope, name } = memoryKey(each.file);
  context.progress.event('ingest:file:done', {
    did: scope === '' ? name : `${scope}:${name}`,
    layers: description.layers.length,
    bytes: each.file.bytes,
    ms: Math.round(performance.now() - began),
  });
  return keepLake(description, each.outdated);
}

/** A COG that the lake does not take is told; its Item is made all the same, and the next run tries again. */
async function publish({ context, report }: Run, planned: PlannedScene, files: SceneFile[]): Promise<void> {
  try {
    await context.publish?.(planned, files);
  } catch (error) {
    context.signal.throwIfAborted();
    const message = `${planned.scene.id} is not in the lake: ${messageOf(error).split('\n')[0]}`;
    report.failures.push(message);
    context.progress.fault(`rucio-stac: ${message}`);
  }
}

async function mustBeValid(validator: Validator, documents: Document[]): Promise<void> {
  const faults = await validator.validate(documents);
  const at = faults.findIndex((fault) => fault !== null);
  if (at < 0) return;
  throw new UserError(`the document made of it (${documents[at]?.id}) is not valid STAC: ${faults[at]}`);
}

/**
 * The Collection for what the database says of its Items; remembers it in the report.
 * @param files what its assets and dimensions are made of: those of the whole run, or none while it goes on
 */
function collectionMaker({ plan, report }: Run, files: SceneFile[]) {
  return (facts: CollectionFacts, existing: string | null): CollectionRow => {
    const before = existing === null ? null : parseObject(existing);
    const document = toCollection(plan.source, files, facts, before);
    report.collection = document;
    return toCollectionRow(JSON.stringify(document));
  };
}

async function write(run: Run, planned: PlannedScene, files: SceneFile[], items: Document[]): Promise<void> {
  const { plan, context, report } = run;
  const remembered = planned.files.map((each, index): IngestedFile => {
    const description = JSON.stringify(files[index]?.description);
    return { ...memoryKey(each.file), fingerprint: each.fingerprint, description };
  });
  const before = planned.files.flatMap(({ file, asset, known, outdated }) => {
    const description = known ?? outdated;
    return description ? [{ file, asset, description }] : [];
  });
  const ids = new Set(items.map(({ id }) => id as string));
  const goneIds = itemIdsOf(planned.scene, before).filter((id) => !ids.has(id));
  run.done.push(...files);
  const isDue = performance.now() - run.lastCollection > COLLECTION_INTERVAL * 1000;
  const written = await writeScenes(
    context.db,
    {
      collection: plan.source.collectionId,
      rows: items.map((item) => toItemRow(JSON.stringify(item))),
      files: remembered,
      goneIds,
    },
    isDue ? collectionMaker(run, []) : null,
  );
  if (isDue) run.lastCollection = performance.now();
  report.items += items.length;
  report.changedItems += written.changedItems;
  report.isCollectionChanged ||= written.isCollectionChanged;
}

/** A write that failed for its own sake is told with its scene; one that failed for want of a database ends the run. */
async function mustAnswer(db: Db, error: unknown): Promise<never> {
  try {
    await sql`select 1`.execute(db);
  } catch {
    throw new DatabaseLost(
      `The database does not answer any more (${messageOf(error)}); see that it runs, and run the same command again to continue.`,
    );
  }
  throw error;
}

class DatabaseLost extends UserError {}

async function ingestScene(run: Run, planned: PlannedScene): Promise<void> {
  const { context, report, plan } = run;
  const began = performance.now();
  try {
    const files: SceneFile[] = [];
    for (const each of planned.files) {
      files.push({ file: each.file, asset: each.asset, description: await describeFile(run, planned, each) });
    }
    await publish(run, planned, files);
    const settings = { source: plan.source, store: context.store, time: context.time };
    const items = toItems(planned.scene, files, settings);
    await mustBeValid(context.validator, items);
    context.signal.throwIfAborted();
    const written = run.lastWrite.then(() => write(run, planned, files, items));
    run.lastWrite = written.catch(() => {});
    await written.catch((error) => mustAnswer(context.db, error));
    const known = planned.files.filter((each) => each.known !== null).length;
    report.unchangedFiles += known;
    report.ingestedFiles += planned.files.length - known;
    context.onItems?.(planned, items);
    if (known === planned.files.length) return;
    const ms = Math.round(performance.now() - began);
    for (const { id } of items) context.progress.event('ingest:item:done', { itemId: id, ms });
  } catch (error) {
    if (context.signal.aborted) return;
    if (error instanceof DatabaseLost) throw error;
    const sentence = messageOf(error).split('\n')[0] ?? '';
    const message = sentence.includes(planned.scene.files[0]?.file.name ?? '')
      ? sentence
      : `${planned.scene.files.map(({ file }) => file.name).join(', ')}: ${sentence}`;
    report.failures.push(message);
    context.progress.fault(`rucio-stac: ${message}`);
  }
}

function emptyReport({ source, skipped }: Plan): IngestReport {
  return {
    collectionId: source.collectionId,
    collection: null,
    ingestedFiles: 0,
    unchangedFiles: 0,
    skippedFiles: skipped.length,
    items: 0,
    changedItems: 0,
    isCollectionChanged: false,
    uploadedBytes: 0,
    failures: [],
    notes: [],
    isInterrupted: false,
  };
}

/** A Collection of another DID must not be filled by mistake: two DIDs can give the same id. */
async function refuseForeign({ source }: Plan, db: Db): Promise<void> {
  const stored = await readCollection(db, source.collectionId);
  const owner = stored === null ? undefined : parseObject(stored)['rucio:did'];
  const own = source.did ? `${source.did.scope}:${source.did.name}` : undefined;
  if (owner === undefined || own === undefined || owner === own) return;
  throw new UserError(
    `The Collection "${source.collectionId}" holds ${owner} already; give another id with --collection.`,
  );
}

/** Closes what the run began: the Collection as it is true for all Items there are now. */
async function finish(run: Run): Promise<void> {
  const { plan, context, report } = run;
  if (run.done.length === 0) return;
  // Files end in any order; what the first of them says of an asset must not depend on it.
  const places = new Map(plan.scenes.flatMap(({ files }) => files).map(({ file }, place) => [file, place]));
  run.done.sort((a, b) => (places.get(a.file) ?? 0) - (places.get(b.file) ?? 0));
  const nothing = { collection: plan.source.collectionId, rows: [], files: [], goneIds: [] };
  const { isCollectionChanged } = await writeScenes(context.db, nothing, collectionMaker(run, run.done));
  report.isCollectionChanged ||= isCollectionChanged;
}

/** What is wrong with the lake's metadata shows before anything is read. */
async function checkDraft({ plan, context }: Run): Promise<void> {
  const draft = toCollection(
    plan.source,
    [],
    { bbox: null, start: '2000-01-01T00:00:00Z', end: null, summaries: {} },
    null,
  );
  await mustBeValid(context.validator, [draft]);
}

/**
 * Ingests what the plan names. A file that fails is reported and the others go on.
 * @throws UserError when nothing can be done at all (store, database)
 */
export async function runPlan(plan: Plan, given: IngestContext): Promise<IngestReport> {
  const report = emptyReport(plan);
  await refuseForeign(plan, given.db);
  await readPublished(plan, given.signal);
  const workFolder = makeWorkFolder(given.workFolder);
  const context = { ...given, workFolder };
  const run: Run = {
    plan,
    context,
    report,
    done: [],
    lastCollection: Number.NEGATIVE_INFINITY,
    lastWrite: Promise.resolve(),
  };
  const toRead = plan.scenes.flatMap(({ files }) => files).filter(({ known }) => known === null);
  context.progress.start(
    toRead.length,
    toRead.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0),
  );
  const queue = plan.scenes.values();
  const work = async () => {
    for (const planned of queue) {
      if (context.signal.aborted) return;
      await ingestScene(run, planned);
    }
  };
  try {
    await checkDraft(run);
    await Promise.all(Array.from({ length: context.jobs }, work));
    await finish(run);
  } finally {
    context.progress.end();
    rmSync(workFolder, { recursive: true, force: true });
  }
  report.isInterrupted = context.signal.aborted;
  return report;
}
