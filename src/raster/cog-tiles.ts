/**
 * A tile row of pixels -> compressed tiles. TIFF 6.0 sections 14 and 15, predictors 2 (integers) and 3 (floats).
 * `encodeTile` is free of state, so that it can move to a worker thread.
 */
import type { Compress } from './compress.ts';
import { bytesPerPixel, copyPixels, makePixels, sampleFormatOf } from './pixels.ts';
import type { DataType, PixelArray } from './types.ts';

export interface TileShape {
  /** Of the level, pixels. */
  width: number;
  tileWidth: number;
  tileHeight: number;
  dataType: DataType;
}

/** 2 for integers, 3 for floats. */
export function predictorOf(type: DataType): 2 | 3 {
  return sampleFormatOf(type) === 3 ? 3 : 2;
}

/** Tile `column` of a tile row that has `rows` rows; `bands` hold one array each, and are interleaved by pixel. */
export async function encodeTile(
  bands: PixelArray[],
  rows: number,
  column: number,
  shape: TileShape,
  compress: Compress,
): Promise<Uint8Array> {
  const tile = cutTile(bands, rows, column, shape);
  const bytes =
    predictorOf(shape.dataType) === 3
      ? predictFloat(tile, shape, bands.length)
      : predictHorizontal(tile, shape, bands.length);
  return compress(bytes);
}

/** Pixels beyond the image repeat its last column and row: they compress to almost nothing. */
function cutTile(bands: PixelArray[], rows: number, column: number, shape: TileShape): PixelArray {
  const { width, tileWidth, tileHeight, dataType } = shape;
  const samples = bands.length;
  const tile = makePixels(dataType, tileWidth * tileHeight * samples);
  const x = column * tileWidth;
  const columns = Math.min(tileWidth, width - x);
  const stride = tileWidth * samples;
  for (let row = 0; row < rows; row += 1) {
    const to = row * stride;
    const from = row * width + x;
    if (samples === 1) {
      copyPixels(tile, bands[0]!.subarray(from, from + columns), to);
      if (columns < tileWidth) tile.fill(tile[to + columns - 1] as never, to + columns, to + tileWidth);
      continue;
    }
    for (let sample = 0; sample < samples; sample += 1) {
      const band = bands[sample]!;
      for (let index = 0; index < tileWidth; index += 1) {
        tile[to + index * samples + sample] = band[from + Math.min(index, columns - 1)] as never;
      }
    }
  }
  for (let row = rows; row < tileHeight; row += 1)
    tile.copyWithin(row * stride, (rows - 1) * stride, rows * stride);
  return tile;
}

function predictHorizontal(tile: PixelArray, shape: TileShape, samples: number): Uint8Array {
  const stride = shape.tileWidth * samples;
  if (tile instanceof BigUint64Array || tile instanceof BigInt64Array) {
    for (let row = 0; row < tile.length; row += stride) {
      for (let at = row + stride - 1; at >= row + samples; at -= 1)
        tile[at] = tile[at]! - tile[at - samples]!;
    }
  } else differences(tile, stride, samples);
  return new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
}

function differences(
  tile: Exclude<PixelArray, BigInt64Array | BigUint64Array>,
  stride: number,
  samples: number,
): void {
  for (let row = 0; row < tile.length; row += stride) {
    for (let at = row + stride - 1; at >= row + samples; at -= 1) tile[at] = tile[at]! - tile[at - samples]!;
  }
}

function predictFloat(tile: PixelArray, shape: TileShape, samples: number): Uint8Array {
  const size = bytesPerPixel(shape.dataType);
  const values = shape.tileWidth * samples;
  const stride = values * size;
  const source = new Uint8Array(tile.buffer, tile.byteOffset, tile.byteLength);
  const out = new Uint8Array(source.length);
  for (let row = 0; row < source.length; row += stride) {
    for (let plane = 0; plane < size; plane += 1) {
      const to = row + plane * values;
      const from = row + size - 1 - plane;
      for (let value = 0; value < values; value += 1) out[to + value] = source[from + value * size]!;
    }
    for (let at = row + stride - 1; at >= row + samples; at -= 1) out[at] = out[at]! - out[at - samples]!;
  }
  return out;
}
