/**
 * A tile row of pixels -> tiles, and what one tile gives: its compressed bytes, those of its mask, its pixels for the
 * next level, and its statistics. `encodeTile` knows of nothing else, so that it runs in any thread.
 */
import { compressorOf } from './compress.ts';
import { reduceMask, reduceRows, type Sampled } from './overview.ts';
import { bytesPerPixel, copyPixels, viewPixels } from './pixels.ts';
import { predictTile, type TileSize } from './predict.ts';
import { takePixels } from './spare-pixels.ts';
import { type Moments, momentsOf } from './statistics.ts';
import type { Compression, DataType, PixelArray, Resampling } from './types.ts';

/** Rows of a level: those of each band, and of the mask (0: no data there), or null where all pixels have data. */
export interface Rows {
  bands: PixelArray[];
  mask: Uint8Array | null;
  count: number;
}

export interface TileShape {
  /** Of the level, pixels. */
  width: number;
  tileWidth: number;
  tileHeight: number;
  dataType: DataType;
}

export interface EncodeTask {
  kind: 'encode';
  /** Pixels of each band, one band after the other. */
  planes: Uint8Array;
  mask: Uint8Array | null;
  size: TileSize;
  bands: Sampled[];
  compression: Compression;
  level: number | undefined;
  /** How the next level is made; null: there is none. */
  resampling: Resampling | null;
  /** Are statistics wanted? */
  counted: boolean;
}

export interface EncodedTile {
  tile: Uint8Array;
  mask: Uint8Array | null;
  /** Of the next level: half as many rows and columns, rounded up, in planes; null when none was asked for. */
  reduced: { planes: Uint8Array; mask: Uint8Array | null } | null;
  /** One for each band; empty when none were asked for. */
  moments: Moments[];
}

/** The part of tile `column` that lies in the image: planes of its pixels, and its mask. */
export function cutTile(rows: Rows, column: number, { width, tileWidth, dataType }: TileShape) {
  const x = column * tileWidth;
  const columns = Math.min(tileWidth, width - x);
  const planes = takePixels(dataType, rows.bands.length * rows.count * columns);
  const mask = rows.mask ? new Uint8Array(rows.count * columns) : null;
  for (let row = 0; row < rows.count; row += 1) {
    const from = row * width + x;
    rows.bands.forEach((band, index) => {
      copyPixels(planes, band.subarray(from, from + columns), (index * rows.count + row) * columns);
    });
    if (mask) mask.set(rows.mask!.subarray(from, from + columns), row * columns);
  }
  return { planes: new Uint8Array(planes.buffer, 0, planes.byteLength), mask, columns };
}

/** Puts the reduced pixels of a tile where they belong in rows of the next level, whose width is `width`. */
export function pasteTile(
  reduced: { planes: Uint8Array; mask: Uint8Array | null },
  rows: Rows,
  x: number,
  columns: number,
  width: number,
  dataType: DataType,
): void {
  const planes = viewPixels(dataType, reduced.planes);
  for (let row = 0; row < rows.count; row += 1) {
    rows.bands.forEach((band, index) => {
      const from = (index * rows.count + row) * columns;
      copyPixels(band, planes.subarray(from, from + columns), row * width + x);
    });
    if (reduced.mask && rows.mask) {
      rows.mask.set(reduced.mask.subarray(row * columns, (row + 1) * columns), row * width + x);
    }
  }
}

/** @throws UserError where this Node has no Zstandard */
export function encodeTile(task: EncodeTask): EncodedTile {
  const { size, bands, mask } = task;
  const { dataType } = bands[0]!;
  const planes = viewPixels(dataType, task.planes);
  const pixels = size.rows * size.columns;
  const bandOf = (index: number) => planes.subarray(index * pixels, (index + 1) * pixels);
  const moments = task.counted
    ? bands.map(({ nodata }, index) => momentsOf(bandOf(index), size.columns, nodata, mask))
    : [];
  const compress = compressorOf(task.compression, task.level);
  return {
    tile: compress(predictTile(planes, bands.length, dataType, size)),
    mask: mask && compressorOf('deflate', undefined)(packMask(mask, size)),
    reduced: task.resampling && reduceTile(task, bandOf, task.resampling),
    moments,
  };
}

function reduceTile(
  { size: { rows, columns }, bands, mask }: EncodeTask,
  bandOf: (index: number) => PixelArray,
  resampling: Resampling,
) {
  const pixels = Math.ceil(rows / 2) * Math.ceil(columns / 2);
  const out = new Uint8Array(pixels * bands.length * bytesPerPixel(bands[0]!.dataType));
  bands.forEach((band, index) => {
    const reduced = reduceRows(bandOf(index), columns, rows, mask, band, resampling);
    out.set(new Uint8Array(reduced.buffer), index * reduced.byteLength);
  });
  return { planes: out, mask: mask && reduceMask(mask, columns, rows) };
}

/** One bit a pixel, the first one the highest; 1 has data. Beyond the image there is none. */
function packMask(mask: Uint8Array, { rows, columns, tileWidth, tileHeight }: TileSize): Uint8Array {
  const stride = tileWidth / 8;
  const out = new Uint8Array(stride * tileHeight);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (mask[row * columns + column] !== 0) out[row * stride + (column >> 3)]! |= 0x80 >> (column & 7);
    }
  }
  return out;
}
