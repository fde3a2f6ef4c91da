/**
 * Planes of pixels -> bytes of one tile: bands interleaved by pixel, predicted, filled up to the tile's size.
 * TIFF 6.0 section 14 (predictor 2, integers) and TIFF technical note 3 (predictor 3, floats), in one pass over each row.
 */
import { bytesPerPixel, copyPixels, sampleFormatOf, viewPixels } from './pixels.ts';
import type { DataType, PixelArray } from './types.ts';

/** What of a tile lies in the image, and the tile's own size; pixels. */
export interface TileSize {
  rows: number;
  columns: number;
  tileWidth: number;
  tileHeight: number;
}

type NumberArray = Exclude<PixelArray, BigInt64Array | BigUint64Array>;
type BigArray = BigInt64Array | BigUint64Array;

/** 2 for integers, 3 for floats. */
export function predictorOf(type: DataType): 2 | 3 {
  return sampleFormatOf(type) === 3 ? 3 : 2;
}

/** Of the tile before: a new one each time would be garbage as soon as it is compressed. */
let spare = new ArrayBuffer(0);

/**
 * `planes`: rows * columns pixels of each band, one band after the other. Pixels beyond the image repeat its last
 * column and row: they compress to almost nothing. The bytes are good until the next call.
 */
export function predictTile(planes: PixelArray, samples: number, type: DataType, size: TileSize): Uint8Array {
  const { rows, tileWidth, tileHeight } = size;
  const stride = tileWidth * samples;
  const length = stride * tileHeight * bytesPerPixel(type);
  if (spare.byteLength !== length) spare = new ArrayBuffer(length);
  const bytes = new Uint8Array(spare);
  const tile = viewPixels(type, bytes);
  if (size.columns < tileWidth) bytes.fill(0);
  if (predictorOf(type) === 3) predictFloats(planes, bytes, samples, size, bytesPerPixel(type) / 4);
  else if (bytesPerPixel(type) === 8) predictBig(planes as BigArray, tile as BigArray, samples, size);
  else predictIntegers(planes as NumberArray, tile as NumberArray, samples, size);
  for (let row = rows; row < tileHeight; row += 1) {
    copyPixels(tile, tile.subarray((rows - 1) * stride, rows * stride), row * stride);
  }
  return bytes;
}

/** Differences of a tile whose last column is repeated are 0 beyond it, as the new tile is. */
function predictIntegers(planes: NumberArray, tile: NumberArray, samples: number, size: TileSize): void {
  const { rows, columns, tileWidth } = size;
  for (let row = 0; row < rows; row += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const from = (sample * rows + row) * columns;
      let to = row * tileWidth * samples + sample;
      let before = 0;
      for (let at = from; at < from + columns; at += 1) {
        const value = planes[at]!;
        tile[to] = value - before;
        before = value;
        to += samples;
      }
    }
  }
}

function predictBig(planes: BigArray, tile: BigArray, samples: number, size: TileSize): void {
  const { rows, columns, tileWidth } = size;
  for (let row = 0; row < rows; row += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      const from = (sample * rows + row) * columns;
      let to = row * tileWidth * samples + sample;
      let before = 0n;
      for (let at = from; at < from + columns; at += 1) {
        const value = planes[at]!;
        tile[to] = value - before;
        before = value;
        to += samples;
      }
    }
  }
}

/** Bytes of a row by significance, the most significant of all values first, each minus that of the pixel before. `words`: 32-bit words of a value. */
function predictFloats(
  planes: PixelArray,
  tile: Uint8Array,
  samples: number,
  size: TileSize,
  words: number,
): void {
  const { rows, columns, tileWidth } = size;
  const source = new Uint32Array(planes.buffer, planes.byteOffset, planes.length * words);
  const values = tileWidth * samples;
  for (let row = 0; row < rows; row += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      // What stands before a plane is the lowest byte of the word above, in the row's last column.
      let above = 0;
      for (let word = 0; word < words; word += 1) {
        const from = (sample * rows + row) * columns * words + (words - 1 - word);
        const first = row * values * words * 4 + word * 4 * values + sample;
        const last = spread(source, from, columns, words, tile, first, samples, values);
        const value = source[from]!;
        tile[first] = (value >>> 24) - above;
        tile[first + values] = (value >>> 16) - (last >>> 24);
        tile[first + 2 * values] = (value >>> 8) - (last >>> 16);
        tile[first + 3 * values] = value - (last >>> 8);
        above = last;
      }
    }
  }
}

/** Words of one row and band into four planes of bytes, but for the first; the last word comes back. */
function spread(
  source: Uint32Array,
  from: number,
  columns: number,
  words: number,
  tile: Uint8Array,
  first: number,
  samples: number,
  values: number,
): number {
  let before = source[from]!;
  let to = first;
  for (let column = 1, at = from + words; column < columns; column += 1, at += words) {
    const value = source[at]!;
    to += samples;
    tile[to] = (value >>> 24) - (before >>> 24);
    tile[to + values] = (value >>> 16) - (before >>> 16);
    tile[to + 2 * values] = (value >>> 8) - (before >>> 8);
    tile[to + 3 * values] = value - before;
    before = value;
  }
  return before;
}
