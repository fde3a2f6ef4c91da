/**
 * GeoTIFF file -> layers, one a band (or one in all), north-up. OGC GeoTIFF 1.1; GDAL's tags 42112 and 42113.
 * Its internal mask goes with each layer; its overviews are not read: each COG gets overviews of its own.
 */
import { UserError } from '../errors.ts';
import type { GeoKeys } from '../geo/crs.ts';
import type { ByteSource } from './bytes.ts';
import { type BandFacts, readGdalMetadata, timeOfMetadata } from './gdal-metadata.ts';
import { crsOfGeoKeys, readGeoKeys, readTransform } from './geo-keys.ts';
import { safeName, takeName } from './names.ts';
import { nodataOf, reverseRows } from './pixels.ts';
import { bandReader } from './tiff-blocks.ts';
import { type Directory, numberOf, numbersOf, readTiff, TAG, type Tiff, textOf } from './tiff-directory.ts';
import { imageLayout, type TiffLayout } from './tiff-layout.ts';
import { maskOf } from './tiff-mask.ts';
import type { Grid, Layer, LayerBand, OpenOptions, RasterFile } from './types.ts';

/** Closes `bytes` when the raster is closed, or cannot be opened. @throws UserError for files that are broken or hold what is not read */
export async function openGeoTiff(bytes: ByteSource, options: OpenOptions): Promise<RasterFile> {
  try {
    return layersOf(bytes, await readTiff(bytes), options);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** @throws UserError for what is not read */
export function layersOf(bytes: ByteSource, tiff: Tiff, options: OpenOptions): RasterFile {
  const warnings: string[] = [];
  const directory = mainImage(tiff.directories, warnings);
  const layout = imageLayout(directory, bytes.name);
  const { grid, southUp } = readGrid(directory, layout, warnings);
  const { metadata, bands: facts } = readGdalMetadata(directory, layout.bands);
  const bands = describeBands(directory, layout, facts, warnings);
  const makeReader = () => {
    const nodata = bands[0]?.nodata;
    const fill = nodata === undefined || nodata === 'nan' ? null : nodata;
    const read = bandReader(bytes, directory, tiff.littleEndian, fill);
    if (!southUp) return read;
    return async (band: number, row: number, count: number) =>
      reverseRows(await read(band, layout.height - row - count, count), layout.width);
  };
  const colours = colorTableOf(directory, layout, warnings);
  const makeMask = maskReaders(bytes, tiff, directory, warnings);
  const masked = (): Pick<Layer, 'readMask'> => {
    const read = makeMask?.();
    if (!read || !southUp) return read ? { readMask: read } : {};
    const upsideDown = async (row: number, count: number) =>
      reverseRows(await read(layout.height - row - count, count), layout.width) as Uint8Array;
    return { readMask: upsideDown };
  };
  const layers = options.multiband
    ? [wholeLayer(bands, facts, grid, metadata, options.only, makeReader())]
    : bandLayers(bands, facts, grid, metadata, options.only, makeReader);
  return {
    format: 'GeoTIFF',
    mediaType: 'image/tiff; application=geotiff',
    layers: layers.map((layer) => ({ ...layer, ...colours, ...masked() })),
    cube: null,
    attributes: metadata,
    warnings,
    close: () => bytes.close(),
  };
}

/** The first directory that is a full image; others of full size are told, not read. */
function mainImage(directories: Directory[], warnings: string[]): Directory {
  const kind = (directory: Directory) => numberOf(directory, TAG.newSubfileType, 0);
  const images = directories.filter((directory) => (kind(directory) & 5) === 0);
  if (images.length > 1) warnings.push(`the file holds ${images.length} images; only the first is read`);
  const main = images[0] ?? directories[0]!;
  return main;
}

/** A mask that cannot be read is told, for without it pixels may look like data that are none. */
function maskReaders(bytes: ByteSource, tiff: Tiff, image: Directory, warnings: string[]) {
  try {
    return maskOf(bytes, tiff, image);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warnings.push(`the file has an internal mask, which is left out: ${error.message}`);
    return null;
  }
}

function readGrid(
  directory: Directory,
  layout: TiffLayout,
  warnings: string[],
): { grid: Grid; southUp: boolean } {
  const { width, height } = layout;
  const geoKeys: GeoKeys = readGeoKeys(directory);
  const crs = crsOfGeoKeys(geoKeys);
  const transform = readTransform(directory, geoKeys);
  if (!transform) {
    if (directory.has(TAG.modelTiepoint)) {
      warnings.push('the file is placed by ground control points, not by a grid; it has no footprint');
    }
    const none = { epsg: null, geoKeys: {}, proj4: null };
    return { grid: { width, height, transform: [1, 0, 0, 0, 1, 0], crs: none }, southUp: false };
  }
  const [a, b, c, d, e, f] = transform;
  const southUp = b === 0 && d === 0 && e > 0;
  const northUp: Grid['transform'] = southUp ? [a, 0, c, 0, -e, f + e * height] : transform;
  return { grid: { width, height, transform: northUp, crs }, southUp };
}

function describeBands(
  directory: Directory,
  layout: TiffLayout,
  facts: BandFacts[],
  warnings: string[],
): LayerBand[] {
  const text = textOf(directory, TAG.gdalNodata);
  const nodata = text === null ? null : nodataOf(text, layout.dataType);
  if (text !== null && text.trim() !== '' && nodata === null) {
    warnings.push(`nodata ${text.trim()} is no value of ${layout.dataType} and marks nothing`);
  }
  const taken = new Set<string>();
  return facts.map((fact, index) => ({
    name: takeName(safeName(fact.description ?? '', `band${index + 1}`), taken),
    dataType: layout.dataType,
    nodata,
    scale: fact.scale,
    offset: fact.offset,
    unit: fact.unit,
    description: fact.description,
  }));
}

/** Of a band of indexes; undefined where there is none, or it does not fit the pixels. */
function colorTableOf(directory: Directory, { dataType, bits, bands }: TiffLayout, warnings: string[]) {
  // As GDAL has it; and so overviews of a mask are no means of its classes.
  const kind = numberOf(directory, TAG.photometric, 1);
  if (bits === 1 && bands === 1 && kind < 2)
    return { colorTable: widenTable(kind === 0 ? WHITE_FIRST : BLACK_FIRST) };
  if (kind !== 3) return {};
  const colorTable = Array.from(numbersOf(directory, TAG.colorMap));
  const entries = { uint8: 256, uint16: 65536 }[dataType as string];
  if (entries !== undefined && colorTable.length === 3 * entries) return { colorTable };
  if (bits < 8 && colorTable.length === 3 * 2 ** bits) return { colorTable: widenTable(colorTable) };
  warnings.push('the colour table does not fit the pixels and is left out');
  return {};
}

const BLACK_FIRST = [0, 65535, 0, 65535, 0, 65535];
const WHITE_FIRST = [65535, 0, 65535, 0, 65535, 0];

/** Of 2, 4 or 16 colours -> of 256, the rest black. */
function widenTable(colours: number[]): number[] {
  const length = colours.length / 3;
  const black = Array.from({ length: 256 - length }, () => 0);
  return [0, 1, 2].flatMap((part) => [...colours.slice(part * length, (part + 1) * length), ...black]);
}

function bandLayers(
  bands: LayerBand[],
  facts: BandFacts[],
  grid: Grid,
  metadata: Record<string, string>,
  only: string[] | undefined,
  makeReader: () => Layer['readRows'],
): Layer[] {
  const wanted = selected(bands, only);
  return wanted.map((index) => {
    const band = bands[index]!;
    const items = { ...metadata, ...facts[index]?.items };
    const read = makeReader();
    return {
      key: band.name,
      asset: band.name,
      grid,
      bands: [band],
      time: timeOfMetadata(items),
      metadata: items,
      readRows: (_band, row, count) => read(index, row, count),
    };
  });
}

function wholeLayer(
  bands: LayerBand[],
  facts: BandFacts[],
  grid: Grid,
  metadata: Record<string, string>,
  only: string[] | undefined,
  read: Layer['readRows'],
): Layer {
  const wanted = selected(bands, only);
  const single = wanted.length === 1 ? wanted[0]! : null;
  const items = single === null ? metadata : { ...metadata, ...facts[single]?.items };
  const name = single === null ? 'image' : bands[single]!.name;
  return {
    key: name,
    asset: name,
    grid,
    bands: wanted.map((index) => bands[index]!),
    time: timeOfMetadata(items),
    metadata: items,
    readRows: (band, row, count) => read(wanted[band]!, row, count),
  };
}

/** Indexes of the bands asked for, in file order. @throws UserError when a name is not there */
function selected(bands: LayerBand[], only: string[] | undefined): number[] {
  const names = bands.map((band) => band.name);
  for (const name of only ?? []) {
    if (!names.includes(name)) {
      throw new UserError(`there is no band '${name}'; the file has ${names.join(', ')}`);
    }
  }
  return bands.flatMap((band, index) => (only === undefined || only.includes(band.name) ? [index] : []));
}
