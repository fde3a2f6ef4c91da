/** Source and memory -> plan: which scenes are to be read, which are as they were, which files are no rasters. */
import { type IngestedFile, ingestedKey } from '../db/ingested.ts';
import { UserError } from '../errors.ts';
import { isRasterName } from '../raster/open-raster.ts';
import type { AssetStore } from '../s3/types.ts';
import type { FileDescription } from './describe.ts';
import { fingerprint, groupScenes, type Scene, type Source, type SourceFile } from './source.ts';
import { storeKey } from './to-item.ts';

/** Raised when what is made of the same bytes changes. */
const PIPELINE_VERSION = 1;

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
  scenes: PlannedScene[];
  skipped: { name: string; reason: string }[];
}

/** Settings that change what a file becomes. */
export interface PlanSettings {
  scenePattern: RegExp | null;
  multiband: boolean;
}

/** Key of the memory; local files have the empty scope. */
export const memoryKey = (file: SourceFile) => ({
  scope: file.did?.scope ?? '',
  name: file.did?.name ?? file.name,
});

/** `--scene`. @throws UserError */
export function parseScenePattern(text: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, 'u');
  } catch (error) {
    throw new UserError(`--scene is no regular expression: ${(error as Error).message}.`);
  }
  if (!/\(\?<scene>/.test(text)) {
    throw new UserError('--scene needs a group named scene, such as "(?<scene>.+)_(?<asset>B\\d+)\\.tif$".');
  }
  return pattern;
}

/** Names that are no rasters are told apart here; a raster that cannot be read only when it is. */
export function makePlan(source: Source, memory: Map<string, IngestedFile>, settings: PlanSettings): Plan {
  const { scenePattern, multiband } = settings;
  const rasters = source.files.filter(({ name }) => isRasterName(name));
  const others = source.files.filter(({ name }) => !isRasterName(name));
  const scenes = groupScenes(source, rasters, scenePattern).map((scene): PlannedScene => {
    const files = scene.files.map(({ file, asset }): PlannedFile => {
      const print = fingerprint(file, { version: PIPELINE_VERSION, multiband });
      const remembered = memory.get(ingestedKey(memoryKey(file)));
      const description = remembered ? (JSON.parse(remembered.description) as FileDescription) : null;
      const isSame = remembered?.fingerprint === print;
      return {
        file,
        asset,
        fingerprint: print,
        known: isSame ? description : null,
        outdated: isSame ? null : description,
      };
    });
    return { scene, files };
  });
  return {
    source,
    scenes,
    skipped: others.map(({ name }) => ({ name, reason: 'no raster by its name (.tif, .tiff, .nc, …)' })),
  };
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

/** The plan for people, a line a file. */
export function printPlan({ source, scenes, skipped }: Plan): string {
  const type = source.type ? ` (${source.isWhole ? source.type : 'FILE'})` : '';
  const lines = [`${source.label}${type} -> Collection ${source.collectionId}`];
  let count = 0;
  let total = 0;
  for (const { scene, files } of scenes) {
    for (const { file, known } of files) {
      const name = file.did ? `${file.did.scope}:${file.did.name}` : file.name;
      const size = file.bytes === null ? '?' : formatBytes(file.bytes);
      const place =
        file.did === null
          ? ''
          : ` [${[...new Set(file.replicas.map(({ rse }) => rse))].join(', ') || 'no replica'}]`;
      lines.push(`  ${known ? 'unchanged' : 'ingest   '}  ${name}  ${size}${place} -> ${scene.id}`);
      if (known) continue;
      count++;
      total += file.bytes ?? 0;
    }
  }
  for (const { name, reason } of skipped) lines.push(`  skip       ${name}: ${reason}`);
  const verb = source.did ? 'download' : 'read';
  lines.push(
    `${count} of ${scenes.flatMap(({ files }) => files).length} files to ingest, ${formatBytes(total)} to ${verb}`,
  );
  return `${lines.join('\n')}\n`;
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
    const { bytes, sha256 } = layer.cog;
    if (!(await store.has(storeKey(source.collectionId, scene, file, layer), bytes, sha256))) return false;
  }
  return true;
}

/**
 * The plan with those files to be read again whose COGs the store has not, or no more.
 * @throws UserError when the store cannot be asked
 */
export async function planFor(plan: Plan, store: AssetStore): Promise<Plan> {
  const lost = new Set<PlannedFile>();
  const queue = plan.scenes.values();
  const look = async () => {
    for (const { scene, files } of queue) {
      for (const each of files) {
        if (each.known !== null && !(await isStored(plan.source, scene, each, store))) lost.add(each);
      }
    }
  };
  await Promise.all(Array.from({ length: LOOKS }, look));
  const forget = (each: PlannedFile) =>
    lost.has(each) ? { ...each, known: null, outdated: each.known } : each;
  const scenes = plan.scenes.map(({ scene, files }) => ({ scene, files: files.map(forget) }));
  return { ...plan, scenes };
}
