/**
 * Internal mask of a TIFF -> rows of 0 (no data) and 1. A mask is an image of its own with one bit a pixel, packed by
 * row, the first pixel highest (TIFF 6.0 section 8, NewSubfileType 4), or of 8 bits as some programs write it.
 */
import { UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import { bandReader } from './tiff-blocks.ts';
import { type Directory, numberOf, TAG, type Tiff } from './tiff-directory.ts';

export type ReadMask = (row: number, count: number) => Promise<Uint8Array>;

const kindOf = (directory: Directory) => numberOf(directory, TAG.newSubfileType, 0);

/**
 * Makes readers of the mask of `image`, each with a memory of its own; null: it has none.
 * @throws UserError for masks that are not read
 */
export function maskOf(bytes: ByteSource, tiff: Tiff, image: Directory): (() => ReadMask) | null {
  const mask = tiff.directories.find((directory) => (kindOf(directory) & 5) === 4);
  if (!mask) return null;
  const [width, height] = [TAG.imageWidth, TAG.imageLength].map((tag) => numberOf(mask, tag, 0));
  if (width !== numberOf(image, TAG.imageWidth, 0) || height !== numberOf(image, TAG.imageLength, 0))
    throw new UserError(`it has ${width} x ${height} pixels`);
  const isPacked = numberOf(mask, TAG.bitsPerSample, 1) === 1;
  const readable = isPacked ? asBytes(mask) : mask;
  // Says at once what it cannot read.
  bandReader(bytes, readable, tiff.littleEndian, null);
  return () => {
    const read = bandReader(bytes, readable, tiff.littleEndian, null);
    return async (row, count) => {
      const stored = (await read(0, row, count)) as Uint8Array;
      return isPacked ? unpack(stored, width, count) : stored.map((value) => (value === 0 ? 0 : 1));
    };
  };
}

/** The same blocks, as bytes of 8 pixels each. */
function asBytes(mask: Directory): Directory {
  const packed = new Map(mask);
  for (const tag of [TAG.imageWidth, TAG.tileWidth]) {
    if (mask.has(tag)) packed.set(tag, Float64Array.of(Math.ceil(numberOf(mask, tag, 0) / 8)));
  }
  packed.set(TAG.bitsPerSample, Float64Array.of(8));
  packed.delete(TAG.predictor);
  return packed;
}

function unpack(stored: Uint8Array, width: number, rows: number): Uint8Array {
  const stride = Math.ceil(width / 8);
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      out[row * width + column] = (stored[row * stride + (column >> 3)]! >> (7 - (column & 7))) & 1;
    }
  }
  return out;
}
