/** Rasters -> what Rucio is told of them as JSON metadata, in the words from which an Item is made again. */
import { footprint } from '../geo/footprint.ts';
import type { RasterFile } from '../raster/types.ts';
import { didKey } from '../rucio/resolve.ts';
import { COG_TYPE } from '../stac/media-type.ts';
import type { LayerDescription } from './describe.ts';
import type { SourceFile } from './source.ts';
import { known } from './to-asset.ts';
import { type ItemTime, timeOf } from './to-time.ts';

export type Metadata = Record<string, unknown>;

/** An instant as `datetime`, an interval by its ends. */
function timeFields(time: ItemTime | null): Metadata {
  if (time === null) return {};
  return known({ ...time });
}

/** Of a COG: when and where it is, in which CRS, and the file in the lake that it was made of. */
export function cogMetadata(layer: LayerDescription, file: SourceFile, given: ItemTime | null): Metadata {
  return {
    ...timeFields(timeOf(layer, file, given)),
    ...known({
      bbox: layer.footprint?.bbox ?? null,
      epsg: layer.epsg,
      derived_from: file.did === null ? null : didKey(file.did),
    }),
    media_type: COG_TYPE,
    bands: layer.bands.map(({ name }) => name),
  };
}

/** First and last of several instants and intervals. */
function spanOf(times: ItemTime[]): ItemTime | null {
  const instants = times
    .flatMap(({ datetime, start_datetime, end_datetime }) => [datetime, start_datetime, end_datetime])
    .flatMap((each) => each ?? [])
    .sort();
  const [first, last] = [instants[0], instants.at(-1)];
  if (first === undefined || last === undefined) return null;
  return first === last ? { datetime: first } : { datetime: null, start_datetime: first, end_datetime: last };
}

/** Of a raster on this machine, by its header alone. `name`: as the lake will know it, since a name may hold a date. */
export function rasterMetadata({ layers, mediaType }: RasterFile, name: string): Metadata {
  const times = layers.flatMap((layer) => timeOf(layer, { name, metadata: {} }, null) ?? []);
  const footprints = layers.flatMap(({ grid }) => footprint(grid) ?? []);
  const codes = new Set(layers.map(({ grid }) => grid.crs.epsg));
  const [epsg] = codes;
  const boxes = new Set(footprints.map(({ bbox }) => bbox.join()));
  const [box] = footprints;
  return {
    ...timeFields(spanOf(times)),
    ...known({
      // Layers of different places have no one bbox that would be worth telling.
      bbox: boxes.size === 1 ? box?.bbox : null,
      epsg: codes.size === 1 ? epsg : null,
    }),
    media_type: mediaType,
    bands: [...new Set(layers.flatMap(({ bands }) => bands.map((band) => band.name)))],
  };
}
