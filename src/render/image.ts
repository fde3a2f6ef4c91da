/**
 * TIFF bytes -> an image as pictures are drawn of it: its levels with their masks, bands, place and colour table.
 * Other than open-cog.ts, this takes any TIFF that is read: how much of it one picture may need is bounded by who draws.
 */
import type { ByteSource } from '../raster/bytes.ts';
import { readGeoKeys, readTransform } from '../raster/geo-keys.ts';
import { layersOf } from '../raster/open-geotiff.ts';
import { type Directory, numberOf, numbersOf, readTiff, TAG } from '../raster/tiff-directory.ts';
import { imageLayout, type TiffLayout } from '../raster/tiff-layout.ts';
import type { Crs, Grid, LayerBand } from '../raster/types.ts';

export interface Plane {
  directory: Directory;
  layout: TiffLayout;
}

export interface ImageLevel extends Plane {
  /** Of one bit a pixel, eight to a byte: its layout counts bytes. */
  mask: Plane | null;
}

export interface Image {
  /** The image itself, then its overviews, the largest first. */
  levels: [ImageLevel, ...ImageLevel[]];
  littleEndian: boolean;
  /** As stored, not turned north-up; null: the file does not say where it is. */
  transform: Grid['transform'] | null;
  crs: Crs;
  width: number;
  height: number;
  /** Those that are shown: all but `alpha`. */
  bands: LayerBand[];
  /** Index of the band that tells how opaque a pixel is. */
  alpha: number | null;
  /** 2^bits reds, then greens, then blues, from 0 to 65535. */
  colorTable: number[] | null;
}

/** @throws UserError for files that are broken or hold what is not read */
export async function openImage(bytes: ByteSource): Promise<Image> {
  const tiff = await readTiff(bytes);
  const { layers } = layersOf(bytes, tiff, { multiband: true });
  const { bands, grid, colorTable = null } = layers[0]!;
  const kind = (directory: Directory) => numberOf(directory, TAG.newSubfileType, 0);
  const main = tiff.directories.find((each) => (kind(each) & 5) === 0) ?? tiff.directories[0]!;
  const overviews = tiff.directories.filter((each) => each !== main && (kind(each) & 5) === 1);
  const masks = tiff.directories.filter((each) => (kind(each) & 4) !== 0).map(readMask);
  const toLevel = (directory: Directory): ImageLevel => {
    const layout = imageLayout(directory, bytes.name);
    const mask = masks.find((each) => each?.width === layout.width && each.height === layout.height);
    return { directory, layout, mask: mask ? maskPlane(mask.directory, bytes.name) : null };
  };
  const first = toLevel(main);
  const { width, height, bands: count, dataType } = first.layout;
  const smaller = overviews
    .map(toLevel)
    .filter(({ layout }) => layout.bands === count && layout.dataType === dataType && layout.width <= width)
    .sort((one, other) => other.layout.width - one.layout.width);
  const alpha = alphaOf(main, count);
  return {
    levels: [first, ...smaller],
    littleEndian: tiff.littleEndian,
    transform: readTransform(main, readGeoKeys(main)),
    crs: grid.crs,
    width,
    height,
    bands: bands.filter((_, index) => index !== alpha),
    alpha,
    colorTable,
  };
}

/** TIFF 6.0 section 18: of the samples that are no colours, 1 and 2 are alpha. */
function alphaOf(directory: Directory, bands: number): number | null {
  const extra = numbersOf(directory, TAG.extraSamples);
  const at = extra.findIndex((each) => each === 1 || each === 2);
  const index = bands - extra.length + at;
  return at >= 0 && index > 0 ? index : null;
}

function readMask(directory: Directory) {
  const bits = numberOf(directory, TAG.bitsPerSample, 1);
  if (bits !== 1) return null;
  const width = numberOf(directory, TAG.imageWidth, 0);
  return { directory, width, height: numberOf(directory, TAG.imageLength, 0) };
}

/** A bitmap's directory with bytes for pixels, as the reader of blocks knows them. */
function maskPlane(directory: Directory, name: string): Plane {
  const asBytes: Directory = new Map(directory);
  const bytesOf = (tag: number) => Math.ceil(numberOf(directory, tag, 0) / 8);
  asBytes.set(TAG.bitsPerSample, Float64Array.of(8));
  asBytes.set(TAG.imageWidth, Float64Array.of(bytesOf(TAG.imageWidth)));
  if (directory.has(TAG.tileWidth)) asBytes.set(TAG.tileWidth, Float64Array.of(bytesOf(TAG.tileWidth)));
  asBytes.delete(TAG.predictor);
  return { directory: asBytes, layout: imageLayout(asBytes, name) };
}

/** Bytes that an image takes in memory, about. */
export function imageBytes({ levels }: Image): number {
  let bytes = 10_000;
  for (const { directory, mask } of levels)
    for (const value of [...directory.values(), ...(mask?.directory.values() ?? [])])
      bytes += 64 + value.length * (typeof value === 'string' ? 2 : 8);
  return bytes;
}
