/**
 * Bytes by range -> what a COG is, from its header and its smallest overview alone.
 * https://docs.ogc.org/is/21-026/21-026.html (OGC COG 1.0), and the order that GDAL's validator asks for.
 */
import { UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import { readGeoKeys, readTransform } from './geo-keys.ts';
import { layersOf } from './open-geotiff.ts';
import { sumStatistics } from './statistics.ts';
import { bandReader } from './tiff-blocks.ts';
import { type Directory, numberOf, numbersOf, readTiff, TAG, type Tiff } from './tiff-directory.ts';
import { imageLayout } from './tiff-layout.ts';
import type { BandStatistics, Layer, LayerBand, RasterFile } from './types.ts';

export interface OpenedCog {
  /** All bands in one: they lie in one file. */
  layer: Layer;
  /** Of the smallest overview, one for each band: near those of the whole. Empty where that would be much to read. */
  statistics: BandStatistics[];
  overviews: [number, number][];
  file: RasterFile;
}

/** A side of an image that needs neither tiles nor overviews. */
const SMALL = 512;
/** Pixels of the smallest overview, all bands together, that are read for statistics, at most. */
const MOST_PIXELS = 2048 * 2048;

/** @throws UserError that says why the file is no COG, or cannot be used where it is */
export async function openCog(bytes: ByteSource): Promise<OpenedCog> {
  const head = (await bytes.read(0, Math.min(4, bytes.size))).toString('latin1');
  if (!['II*\0', 'II+\0', 'MM\0*', 'MM\0+'].includes(head)) throw noCog(bytes, 'it is no TIFF');
  const tiff = await readTiff(bytes);
  const file = layersOf(bytes, tiff, { multiband: true });
  const levels = levelsOf(tiff);
  const fault = faultOf(tiff, levels, bytes.name);
  if (fault !== null) throw noCog(bytes, fault);
  const layer = file.layers[0] as Layer;
  const hasMask = tiff.directories.some(
    (directory) => (numberOf(directory, TAG.newSubfileType, 0) & 4) !== 0,
  );
  const statistics = hasMask ? [] : await statisticsOf(bytes, tiff, levels.at(-1)!, layer.bands);
  const overviews = levels.slice(1).map((level): [number, number] => sizeOf(level));
  return { layer, statistics, overviews, file };
}

const noCog = ({ name }: ByteSource, why: string) =>
  new UserError(`${name} is no Cloud-Optimized GeoTIFF that can stay in place: ${why}`);

const sizeOf = (directory: Directory): [number, number] => [
  numberOf(directory, TAG.imageWidth, 0),
  numberOf(directory, TAG.imageLength, 0),
];

/** The image, then its overviews, as they stand in the file. */
function levelsOf({ directories }: Tiff): Directory[] {
  const kind = (directory: Directory) => numberOf(directory, TAG.newSubfileType, 0);
  const [main, ...rest] = directories;
  return [main!, ...rest.filter((directory) => (kind(directory) & 5) === 1)];
}

/** What keeps it from being a COG, or null. */
function faultOf({ directories, places }: Tiff, levels: Directory[], name: string): string | null {
  const [main] = levels as [Directory];
  if ((numberOf(main, TAG.newSubfileType, 0) & 5) !== 0) return 'its first image is not the whole one';
  if (directories.some((each, index) => index > 0 && (numberOf(each, TAG.newSubfileType, 0) & 5) === 0))
    return 'it holds several images';
  const [width, height] = sizeOf(main);
  const isSmall = width <= SMALL && height <= SMALL;
  if (!isSmall && levels.some((level) => !imageLayout(level, name).tiled))
    return 'it is stored in strips, not in tiles';
  if (!isSmall && levels.length === 1) return 'it has no overviews';
  const sizes = levels.map((level) => sizeOf(level)[0] * sizeOf(level)[1]);
  if (sizes.some((size, index) => index > 0 && size >= sizes[index - 1]!))
    return 'its overviews are not in order';
  if (places.some((place, index) => index > 0 && place < places[index - 1]!))
    return 'its directories are not in order';
  const starts = levels.map(firstBlock);
  if (Math.max(...places) > Math.min(...starts)) return 'its directories stand behind pixels';
  if (starts.some((start, index) => index > 0 && start > starts[index - 1]!))
    return 'its pixels stand before those of its overviews';
  const transform = readTransform(main, readGeoKeys(main));
  if (transform && transform[1] === 0 && transform[3] === 0 && transform[4] > 0)
    return 'its rows go from south to north';
  return null;
}

/** Where the pixels of a level begin; Infinity: all of its blocks are empty. */
function firstBlock(level: Directory): number {
  const tiles = numbersOf(level, TAG.tileOffsets);
  const offsets = tiles.length > 0 ? tiles : numbersOf(level, TAG.stripOffsets);
  let first = Number.POSITIVE_INFINITY;
  for (const offset of offsets) if (offset > 0 && offset < first) first = offset;
  return first;
}

async function statisticsOf(
  bytes: ByteSource,
  tiff: Tiff,
  level: Directory,
  bands: LayerBand[],
): Promise<BandStatistics[]> {
  const { width, height } = imageLayout(level, bytes.name);
  if (width * height * bands.length > MOST_PIXELS) return [];
  const found: BandStatistics[] = [];
  for (const [index, { nodata }] of bands.entries()) {
    const read = bandReader(bytes, level, tiff.littleEndian, nodata === 'nan' ? null : nodata);
    const sum = sumStatistics(nodata);
    sum.add(await read(index, 0, height), width);
    found.push(sum.result(width * height));
  }
  return found;
}
