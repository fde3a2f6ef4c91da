/** One scene, or many of which nothing is to be read -> their Items in the catalogue. */
import type { CollectionFacts } from '../db/collection-facts.ts';
import { type IngestedFile, type IngestedSource, writeScenes } from '../db/ingested.ts';
import { readItems } from '../db/read.ts';
import { messageOf } from '../errors.ts';
import { isLoginNeeded } from '../rucio/faults.ts';
import type { AssetStore } from '../s3/types.ts';
import type { Db } from '../search/tables.ts';
import { type CollectionRow, parseObject, toCollectionRow, toItemRow } from '../stac/item.ts';
import type { Validator } from '../stac/validate.ts';
import { DatabaseLost, mustAnswer } from './database-lost.ts';
import type { FileDescription } from './describe.ts';
import { mustBeValid } from './must-be-valid.ts';
import { storeKey } from './part-names.ts';
import { pictureKeys } from './picture-assets.ts';
import { drawPictures } from './pictures.ts';
import { memoryKey, type Plan, type PlannedFile, type PlannedScene } from './plan.ts';
import type { Progress } from './progress.ts';
import { readFile } from './read-file.ts';
import { keepLake } from './register-standing.ts';
import type { Scene } from './source.ts';
import type { Tally } from './tally.ts';
import { toCollection } from './to-collection.ts';
import { type Document, itemIdsOf, type SceneFile, toItems } from './to-item.ts';
import type { ItemTime } from './to-time.ts';
import { type Queue, type Rows, writeTogether } from './write-together.ts';

export interface IngestContext {
  db: Db;
  store: AssetStore;
  validator: Validator;
  /** Where downloads and COGs lie until they are stored. */
  workFolder: string;
  time: ItemTime | null;
  /** How the source is ingested, for the memory: JSON text; null: it is not remembered. */
  settings: string | null;
  /** Scenes worked on at once. */
  jobs: number;
  signal: AbortSignal;
  progress: Progress;
  /** Draws pictures of Items that have none. */
  isDrawing?: boolean;
  /** Puts a scene's COGs into the lake as well, and notes their DIDs in the descriptions. */
  publish?: (planned: PlannedScene, files: SceneFile[]) => Promise<void>;
  /** Called with a scene that could not be ingested. */
  onFailure?(scene: PlannedScene): void;
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

export interface Run {
  plan: Plan;
  context: IngestContext;
  report: IngestReport;
  tally: Tally;
  lastCollection: number;
  /** Scenes are written one after another: the first makes the Collection that the others need. */
  lastWrite: Promise<unknown>;
  /** Scenes that wait for their turn. */
  waiting: Queue;
}

/** Of a file that need not be read. */
function passOver({ context: { progress } }: Run, { file }: PlannedFile): void {
  progress.advance(file.bytes ?? 0);
  progress.fileDone();
}

/** What reads and draws needs to know, and where it tells what came of it. */
function tellOf({ plan, context, report }: Run) {
  const { store, workFolder, signal, progress } = context;
  return {
    collectionId: plan.source.collectionId,
    store,
    workFolder,
    signal,
    progress,
    onUpload: (bytes: number) => {
      report.uploadedBytes += bytes;
    },
    onFault: (message: string) => {
      report.notes.push(message);
      progress.fault(message);
    },
  };
}

async function describeFile(run: Run, planned: PlannedScene, each: PlannedFile): Promise<FileDescription> {
  const { context } = run;
  if (each.known !== null) {
    passOver(run, each);
    return each.known;
  }
  const began = performance.now();
  const description = await readFile(planned.scene, each.file, {
    ...tellOf(run),
    settings: run.plan.settings,
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
    if (isLoginNeeded(error)) throw error;
    const message = `${planned.scene.id} is not in the lake: ${messageOf(error).split('\n')[0]}`;
    report.failures.push(message);
    context.progress.fault(`rucio-stac: ${message}`);
  }
}

/**
 * The Collection for what the database says of its Items; remembers it in the report.
 * @param tally what its assets and dimensions are made of: of the whole run, or none while it goes on
 */
export function collectionMaker({ plan, report }: Run, tally: Tally | null) {
  return (facts: CollectionFacts, existing: string | null): CollectionRow => {
    const before = existing === null ? null : parseObject(existing);
    const document = toCollection(plan.source, tally, facts, before);
    report.collection = document;
    return toCollectionRow(JSON.stringify(document));
  };
}

export function sourceOf({ plan: { source }, context: { settings } }: Run): IngestedSource | null {
  const { host, asked } = source;
  return host === null || asked === null || settings === null ? null : { host, ...asked, settings };
}

export async function writeRows(run: Run, write: Rows) {
  const { plan, context, report } = run;
  const isDue = performance.now() - run.lastCollection > COLLECTION_INTERVAL * 1000;
  const isFirst = run.lastCollection === Number.NEGATIVE_INFINITY;
  const written = await writeScenes(
    context.db,
    { collection: plan.source.collectionId, ...write, source: isFirst ? sourceOf(run) : null },
    isDue ? collectionMaker(run, null) : null,
  );
  if (isDue) run.lastCollection = performance.now();
  report.changedItems += written.changedItems;
  report.isCollectionChanged ||= written.isCollectionChanged;
}

async function write(run: Run, planned: PlannedScene, files: SceneFile[], items: Document[]): Promise<void> {
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
  const rows = items.map((item) => toItemRow(JSON.stringify(item)));
  const keys = storedKeys(run.plan, planned.scene, files);
  const left = storedKeys(run.plan, planned.scene, before).filter((key) => !keys.includes(key));
  const all = { rows, files: remembered, goneIds, keys, left };
  await writeTogether(
    run.waiting,
    all,
    (turn) => inTurn(run, turn),
    (some) => writeRows(run, some),
  ).catch((error) => mustAnswer(run.context.db, error));
}

/** Keys of a scene's COGs and pictures in the store. */
export const storedKeys = ({ source }: Plan, scene: Scene, files: readonly SceneFile[]): string[] => [
  ...files.flatMap(({ file, description }) =>
    description.layers
      .filter(({ inPlace }) => !inPlace)
      .map((layer) => storeKey(source.collectionId, scene, file, layer)),
  ),
  ...pictureKeys(source.collectionId, scene, files),
];

/** One write after another: the first makes the Collection that the others need. */
export async function inTurn(run: Run, write: () => Promise<void>): Promise<void> {
  const written = run.lastWrite.then(write);
  run.lastWrite = written.catch(() => {});
  await written.catch((error) => mustAnswer(run.context.db, error));
}

/** Counts a scene whose Items are in the catalogue. */
function count(run: Run, planned: PlannedScene, files: SceneFile[], items: Document[]): void {
  const { report, context } = run;
  const known = planned.files.filter((each) => each.known !== null).length;
  report.unchangedFiles += known;
  report.ingestedFiles += planned.files.length - known;
  report.items += items.length;
  run.tally.add(planned.scene, files);
  context.onItems?.(planned, items);
}

export function tellFailure({ context, report }: Run, planned: PlannedScene, error: unknown): void {
  const { scene } = planned;
  if (context.signal.aborted) return;
  // None of the others would fare better.
  if (error instanceof DatabaseLost || isLoginNeeded(error)) throw error;
  context.onFailure?.(planned);
  const sentence = messageOf(error).split('\n')[0] ?? '';
  const message = sentence.includes(scene.files[0]?.file.name ?? '')
    ? sentence
    : `${scene.files.map(({ file }) => file.name).join(', ')}: ${sentence}`;
  report.failures.push(message);
  context.progress.fault(`rucio-stac: ${message}`);
}

export async function ingestScene(run: Run, planned: PlannedScene): Promise<void> {
  const { context, plan } = run;
  const began = performance.now();
  try {
    const files: SceneFile[] = [];
    for (const each of planned.files) {
      files.push({ file: each.file, asset: each.asset, description: await describeFile(run, planned, each) });
    }
    const settings = { source: plan.source, store: context.store, time: context.time };
    if (context.isDrawing) await drawPictures(planned.scene, files, tellOf(run));
    if (context.publish) {
      // What can be no Item, for want of a time or place, stays out of the lake.
      toItems(planned.scene, files, settings);
      await publish(run, planned, files);
    }
    const items = toItems(planned.scene, files, settings);
    await mustBeValid(context.validator, items);
    context.signal.throwIfAborted();
    await write(run, planned, files, items);
    count(run, planned, files, items);
    const ms = Math.round(performance.now() - began);
    if (planned.files.every((each) => each.known !== null)) return;
    for (const { id } of items) context.progress.event('ingest:item:done', { itemId: id, ms });
  } catch (error) {
    tellFailure(run, planned, error);
  }
}

/** Scenes of which nothing is to be read: only those Items are written that replicas or metadata have changed. */
export async function refreshScenes(run: Run, scenes: readonly PlannedScene[]): Promise<void> {
  const { context, plan } = run;
  try {
    const settings = { source: plan.source, store: context.store, time: context.time };
    const made = scenes.map((planned) => {
      const files = planned.files.map(({ file, asset, known }) => ({ file, asset, description: known! }));
      return { planned, files, items: toItems(planned.scene, files, settings) };
    });
    const items = made.flatMap((each) => each.items);
    const ids = items.map(({ id }) => id as string);
    const stored = await readItems(context.db, plan.source.collectionId, ids);
    const changed = items
      .map((item) => ({ item, row: toItemRow(JSON.stringify(item)) }))
      .filter(({ row }) => stored.get(row.id) !== row.content);
    if (changed.length > 0) {
      await mustBeValid(
        context.validator,
        changed.map(({ item }) => item),
      );
      context.signal.throwIfAborted();
      const rows = changed.map(({ row }) => row);
      await inTurn(run, () => writeRows(run, { rows, files: [], goneIds: [], keys: [], left: [] }));
    }
    for (const each of made) count(run, each.planned, each.files, each.items);
    for (const each of scenes.flatMap(({ files }) => files)) passOver(run, each);
  } catch (error) {
    const [first, ...others] = scenes;
    if (first && others.length > 0) for (const each of scenes) await refreshScenes(run, [each]);
    else if (first) tellFailure(run, first, error);
  }
}
