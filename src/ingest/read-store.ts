/** Zarr store that stays where it is -> its description, of its metadata and coordinates alone. */
import { UserError } from '../errors.ts';
import { openCf } from '../raster/cf-layers.ts';
import type { Layer, LayerTime } from '../raster/types.ts';
import { openZarr } from '../raster/zarr-file.ts';
import { openKeyedStore } from '../raster/zarr-keys.ts';
import { describeLayer, type FileDescription } from './describe.ts';
import type { Progress } from './progress.ts';
import type { SourceFile } from './source.ts';

/** From the first step to the last; null: no variable has a time. */
function timeOfAll(layers: readonly Layer[]): LayerTime | null {
  const times = layers.flatMap(({ time }) => time ?? []);
  const start = times.map((time) => time.start ?? time.datetime).sort()[0];
  const end = times
    .map((time) => time.end ?? time.datetime)
    .sort()
    .at(-1);
  if (start === undefined || end === undefined) return null;
  return start === end ? { datetime: start } : { datetime: start, start, end };
}

/** The one with the most pixels: the place of the store is its place. */
const largest = (layers: readonly Layer[]): Layer =>
  layers.reduce((most, layer) =>
    layer.grid.width * layer.grid.height > most.grid.width * most.grid.height ? layer : most,
  );

/** @throws UserError that says why the store cannot stay in place */
export async function readStore(
  file: SourceFile,
  { signal, progress }: { signal: AbortSignal; progress: Progress },
): Promise<FileDescription> {
  const { rses, ...place } = await file.openStore!(signal);
  const store = await openKeyedStore(place);
  const raster = await openCf(await openZarr(store), { dimensions: 'bands' });
  try {
    const { mediaType, cube, attributes, warnings, layers } = raster;
    if (layers.length === 0) throw new UserError(`${file.name} holds nothing that can be a map`);
    for (const warning of warnings) progress.event('ingest:file:warning', { file: file.name, warning });
    progress.advance(file.bytes ?? 0);
    const cog = { bytes: file.bytes ?? 0, sha256: '', statistics: [], overviews: [] };
    const described = describeLayer(largest(layers), cog);
    const layer = {
      ...described,
      key: 'zarr',
      asset: 'zarr',
      time: timeOfAll(layers),
      bands: [],
      metadata: {},
      inPlace: true as const,
      zarr: { version: store.version, isConsolidated: store.isConsolidated, rses },
    };
    return { mediaType, cube, attributes, warnings, layers: [layer] };
  } finally {
    await raster.close();
  }
}
