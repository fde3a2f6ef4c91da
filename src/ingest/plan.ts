/** Source and memory -> plan: which scenes there are; and, when their turn comes, which of their files are to be read. */
import { type IngestedFile, ingestedKey } from '../db/ingested.ts';
import { isRasterName } from '../raster/open-raster.ts';
import type { Compression, Dimensions, Resampling } from '../raster/types.ts';
import type { AssetStore } from '../s3/types.ts';
import type { FileDescription } from './describe.ts';
import type { LookSettings } from './look.ts';
import type { ReadName } from './named-file.ts';
import { pictureKey, storeKey } from './part-names.ts';
import { PICTURES } from './picture-assets.ts';
import { isItemName } from './register-name.ts';
import { readPublished } from './register-standing.ts';
import {
  fingerprint,
  groupScenes,
  type ListedFile,
  type Scene,
  type Source,
  type SourceFile,
} from './source.ts';

/** Raised when what is made of the same bytes changes. */
const PIPELINE_VERSION = 1;

/** Files that are asked for at once: all that is known of them is held until they are done. */
const BATCH = 1000;

export interface PlannedFile {
  file: SourceFile;
  asset: string | null;
  fingerprint: string;
  /** What an earlier run made of the same bytes; null: to be read. */
  known: FileDescription | null;
  /** What an earlier run made of other bytes. */
  outdated: FileDescription | null;
}

export interface PlannedScene {
  scene: Scene;
  files: PlannedFile[];
}

export interface Plan {
  source: Source;
  settings: PlanSettings;
  scenes: Scene<ListedFile>[];
  /** No rasters, by their names. */
  others: ListedFile[];
  /** COGs and Items that were made of files of this source and put into the lake beside them; COGs are known once their batch is. */
  made: ListedFile[];
}

/** Settings that change what a file becomes. */
export interface PlanSettings extends LookSettings {
  /** Which files are one scene, by their names; null: those of one stem. */
  readName: ReadName | null;
  multiband: boolean;
  /** Of cubes; undefined: by default. */
  dimensions?: Dimensions;
  /** Originals that are COGs stay where they are; others are refused. */
  inPlace?: boolean;
  /** Of COGs; by default where they are not told. */
  compression?: Compression;
  resampling?: Resampling;
}

/** What earlier runs made of some files, by `ingestedKey`. */
export type Recall = (
  files: readonly Pick<IngestedFile, 'scope' | 'name'>[],
) => Promise<Map<string, IngestedFile>>;

const MADE = 'made of files of this source';
export const NO_RASTER = 'no raster by its name (.tif, .tiff, .nc, …)';

/** Key of the memory; local files have the empty scope. */
export const memoryKey = ({ did, name }: Pick<ListedFile, 'did' | 'name'>) => ({
  scope: did?.scope ?? '',
  name: did?.name ?? name,
});

/** Names that are no rasters are told apart here; a raster that cannot be read only when it is. */
export function makePlan(source: Source, settings: PlanSettings): Plan {
  const rasters = source.files.filter(({ name }) => isRasterName(name));
  const others = source.files.filter(({ name }) => !isRasterName(name) && !isItemName(name));
  const made = source.files.filter(({ name }) => isItemName(name));
  return { source, settings, scenes: groupScenes(source, rasters, settings.readName), others, made };
}

/** Earlier releases left variables of more dimensions out, and told so. */
const isOutgrown = (description: FileDescription | null) =>
  description?.warnings.some((warning) => warning.endsWith(' steps beside time and space')) === true;

function planFile(
  file: SourceFile,
  asset: string | null,
  memory: Map<string, IngestedFile>,
  { readName: _, inPlace, ...made }: PlanSettings,
): PlannedFile {
  const print = fingerprint(file, {
    version: PIPELINE_VERSION,
    ...made,
    ...(inPlace && { inPlace }),
  });
  const remembered = memory.get(ingestedKey(memoryKey(file)));
  const description = remembered ? (JSON.parse(remembered.description) as FileDescription) : null;
  // What the lake has no more cannot be read again.
  const isSame =
    (remembered?.fingerprint === print && !isOutgrown(description)) || file.deleted !== undefined;
  return {
    file,
    asset,
    fingerprint: isSame && remembered ? remembered.fingerprint : print,
    known: isSame ? description : null,
    outdated: isSame ? null : description,
  };
}

/** Whether a scene is made of others of the source: then it is no source of its own. */
function makeIsMade({ files }: Source): (planned: PlannedScene) => boolean {
  let own: Set<string> | null = null;
  const isOwn = (did: string) => {
    own ??= new Set(files.flatMap((file) => (file.did ? [`${file.did.scope}:${file.did.name}`] : [])));
    return own.has(did);
  };
  return (planned) =>
    planned.files.every(({ file }) => file.derivedFrom !== undefined && isOwn(file.derivedFrom));
}

/** Scenes of a plan with all that is known of them; without those that were made of others. */
export async function planScenes(
  { source, settings, made }: Plan,
  scenes: readonly Scene<ListedFile>[],
  recall: Recall,
  signal: AbortSignal,
): Promise<PlannedScene[]> {
  const listed = scenes.flatMap(({ files }) => files.map(({ file }) => file));
  const [complete, memory] = await Promise.all([
    source.complete(listed, signal),
    recall(listed.map(memoryKey)),
  ]);
  const next = complete.values();
  const planned = scenes.map((scene) => {
    const files = scene.files.map(({ asset }) => {
      const file = next.next().value as SourceFile;
      return planFile(file, asset, memory, settings);
    });
    return { scene: { ...scene, files: files.map(({ file, asset }) => ({ file, asset })) }, files };
  });
  const isMade = makeIsMade(source);
  const sources: PlannedScene[] = [];
  for (const each of planned) {
    if (isMade(each)) made.push(...each.files.map(({ file }) => file));
    else sources.push(each);
  }
  await readPublished(
    source,
    sources.flatMap(({ files }) => files),
    signal,
  );
  return sources;
}

/** Scenes in their order, so many at once that they have about a thousand files. */
export function* batchesOf(scenes: readonly Scene<ListedFile>[]): Generator<Scene<ListedFile>[]> {
  let batch: Scene<ListedFile>[] = [];
  let files = 0;
  for (const scene of scenes) {
    if (files > 0 && files + scene.files.length > BATCH) {
      yield batch;
      [batch, files] = [[], 0];
    }
    batch.push(scene);
    files += scene.files.length;
  }
  if (batch.length > 0) yield batch;
}

/**
 * The scenes of a plan, batch by batch; the next is asked for while one is worked on.
 * @param store files whose COGs it has not, or no more, are to be read again; null: it is not asked
 * @throws UserError when source, memory or store cannot be asked
 */
export async function* planBatches(
  plan: Plan,
  recall: Recall,
  store: AssetStore | null,
  signal: AbortSignal,
): AsyncGenerator<PlannedScene[]> {
  const load = async (scenes: Scene<ListedFile>[]) => {
    const planned = await planScenes(plan, scenes, recall, signal);
    return store ? withStored(plan.source, planned, store) : planned;
  };
  let next: Promise<PlannedScene[]> | null = null;
  for (const scenes of batchesOf(plan.scenes)) {
    const ready: Promise<PlannedScene[]> | null = next;
    next = load(scenes);
    // It may fail before anybody waits for it.
    next.catch(() => {});
    if (ready) yield await ready;
  }
  if (next) yield await next;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 544720 -> "545 kB", decimal units as storage has them. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 99.5 || unit === 0 ? value.toFixed(0) : value.toPrecision(2)} ${UNITS[unit]}`;
}

function fileLine(scene: Scene, { file, known }: PlannedFile): string {
  const name = file.did ? `${file.did.scope}:${file.did.name}` : file.name;
  const size = file.bytes === null ? '?' : formatBytes(file.bytes);
  const rses = [...new Set(file.replicas.map(({ rse }) => rse))].join(', ') || 'no replica';
  const place = file.did === null ? '' : ` [${rses}]`;
  return `  ${known ? 'unchanged' : 'ingest   '}  ${name}  ${size}${place} -> ${scene.id}\n`;
}

/** The plan for people, a line a file. */
export async function* printPlan(plan: Plan, batches: AsyncIterable<PlannedScene[]>): AsyncGenerator<string> {
  const { source, others } = plan;
  const type = source.type ? ` (${source.isWhole ? source.type : 'FILE'})` : '';
  yield `${source.label}${type} -> Collection ${source.collectionId}\n`;
  let [count, all, total] = [0, 0, 0];
  for await (const batch of batches) {
    const lines = batch.flatMap(({ scene, files }) => files.map((each) => fileLine(scene, each)));
    const toRead = batch.flatMap(({ files }) => files).filter(({ known }) => known === null);
    all += lines.length;
    count += toRead.length;
    total += toRead.reduce((sum, { file }) => sum + (file.bytes ?? 0), 0);
    yield lines.join('');
  }
  for (const { name } of others) yield `  skip       ${name}: ${NO_RASTER}\n`;
  for (const { name } of plan.made) yield `  skip       ${name}: ${MADE}\n`;
  const verb = plan.settings.inPlace ? 'read by range, in place' : source.did ? 'download' : 'read';
  yield `${count} of ${all} files to ingest, ${formatBytes(total)} to ${verb}\n`;
}

/** Looks at so many objects of the store at once. */
const LOOKS = 16;

async function isStored(
  source: Source,
  scene: Scene,
  { file, known }: PlannedFile,
  store: AssetStore,
): Promise<boolean> {
  for (const layer of known?.layers ?? []) {
    if (layer.inPlace) continue;
    const { bytes, sha256 } = layer.cog;
    if (!(await store.has(storeKey(source.collectionId, scene, file, layer), bytes, sha256))) return false;
  }
  for (const [id, drawn] of Object.entries(known?.pictures ?? {})) {
    for (const kind of PICTURES) {
      const { bytes, sha256 } = drawn[kind];
      if (!(await store.has(pictureKey(source.collectionId, scene, id, kind), bytes, sha256))) return false;
    }
  }
  return true;
}

/**
 * Scenes with those files to be read again whose COGs the store has not, or no more.
 * @throws UserError when the store cannot be asked
 */
export async function withStored(
  source: Source,
  scenes: readonly PlannedScene[],
  store: AssetStore,
): Promise<PlannedScene[]> {
  const lost = new Set<PlannedFile>();
  const queue = scenes.values();
  const look = async () => {
    for (const { scene, files } of queue) {
      for (const each of files) {
        const isAsked = each.known !== null && each.file.deleted === undefined;
        if (isAsked && !(await isStored(source, scene, each, store))) lost.add(each);
      }
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  const forget = (each: PlannedFile) =>
    lost.has(each) ? { ...each, known: null, outdated: each.known } : each;
  return scenes.map(({ scene, files }) => ({ scene, files: files.map(forget) }));
}
