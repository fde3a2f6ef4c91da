/** One source file -> its COGs in the store and their description. The original and each COG are gone from the work folder once they are used. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { packageVersion } from '../package-root.ts';
import { cacheBytes } from '../raster/cached-bytes.ts';
import { openRaster, openRasterBytes } from '../raster/open-raster.ts';
import type { RasterFile } from '../raster/types.ts';
import { writeCog } from '../raster/write-cog.ts';
import type { AssetStore } from '../s3/types.ts';
import { COG_TYPE } from '../stac/media-type.ts';
import { describeLayer, type FileDescription, type LayerDescription } from './describe.ts';
import { lookAt } from './look.ts';
import { storeKey } from './part-names.ts';
import type { PlanSettings } from './plan.ts';
import type { Progress } from './progress.ts';
import { readInPlace } from './read-in-place.ts';
import type { Scene, SourceFile } from './source.ts';

export interface ReadContext {
  collectionId: string;
  store: AssetStore;
  /** A folder of this run's own. */
  workFolder: string;
  settings: PlanSettings;
  signal: AbortSignal;
  progress: Progress;
  onUpload(bytes: number): void;
  onFault(message: string): void;
}

async function storeLayer(
  layer: Parameters<typeof writeCog>[0],
  scene: Scene,
  file: SourceFile,
  folder: string,
  { collectionId, store, settings, signal, onUpload }: ReadContext,
): Promise<LayerDescription> {
  const path = join(folder, 'layer.tif');
  const { compression, resampling } = settings;
  try {
    const cog = await writeCog(layer, path, { signal, compression, resampling });
    const look = await lookAt(path, layer, cog.statistics, settings);
    const description = describeLayer(layer, cog, look);
    const key = storeKey(collectionId, scene, file, description);
    const { bytes, sha256 } = cog;
    if (!(await store.has(key, bytes, sha256))) {
      await store.put({ key, path, bytes, sha256, contentType: COG_TYPE, signal });
      onUpload(bytes);
    }
    return description;
  } finally {
    await rm(path, { force: true });
  }
}

const openOptions = ({ multiband, dimensions }: PlanSettings) => ({
  multiband,
  ...(dimensions && { dimensions }),
});

/** What was read of it lies in the work folder, so that bands which share their bytes fetch them once. */
async function openByRange(file: SourceFile, folder: string, context: ReadContext): Promise<RasterFile> {
  const ranges = await file.openRanges!(context.signal);
  return openRasterBytes(
    await cacheBytes(ranges, join(folder, 'ranges')),
    null,
    openOptions(context.settings),
  );
}

async function convert(
  raster: RasterFile,
  scene: Scene,
  file: SourceFile,
  folder: string,
  context: ReadContext,
): Promise<FileDescription> {
  try {
    if (raster.layers.length === 0) {
      throw new UserError(
        `${file.name} holds nothing that can be a map: ${raster.warnings.join('; ') || 'it has no bands'}`,
      );
    }
    const layers: LayerDescription[] = [];
    for (const layer of raster.layers) {
      context.signal.throwIfAborted();
      layers.push(await storeLayer(layer, scene, file, folder, context));
    }
    const { mediaType, cube, attributes, warnings } = raster;
    for (const warning of warnings)
      context.progress.event('ingest:file:warning', { file: file.name, warning });
    return { mediaType, cube, attributes, warnings, layers, software: packageVersion() };
  } finally {
    await raster.close();
  }
}

/**
 * Fetches, converts and stores one file.
 * @throws UserError that says what is wrong with the file or its replicas
 */
export async function readFile(
  scene: Scene,
  file: SourceFile,
  context: ReadContext,
): Promise<FileDescription> {
  const { workFolder, signal, progress, settings } = context;
  if (settings.inPlace) return readInPlace(file, context);
  // A name of its own: ids can be alike, or longer than a file name may be.
  const folder = await mkdtemp(join(workFolder, 'file-'));
  try {
    if (file.isReadByRange) {
      const raster = await openByRange(file, folder, context);
      const description = await convert(raster, scene, file, folder, context);
      progress.advance(file.bytes ?? 0);
      return description;
    }
    let seen = 0;
    // A second replica begins anew; the bar never goes beyond the file's size.
    const onProgress = (bytes: number) => {
      const rest = Math.max(0, Math.min(bytes, (file.bytes ?? bytes) - seen));
      seen += rest;
      progress.advance(rest);
    };
    const fetched = await file.fetch({ folder, signal, onProgress });
    for (const fault of fetched.faults)
      context.onFault(`${file.name}: a replica was refused (${fault}); another was good`);
    if (!fetched.isTemporary) progress.advance(file.bytes ?? 0);
    const raster = await openRaster(fetched.path, openOptions(settings));
    return await convert(raster, scene, file, folder, context);
  } finally {
    // A busy disk takes milliseconds for it, for which all other scenes would wait.
    await rm(folder, { recursive: true, force: true });
  }
}
