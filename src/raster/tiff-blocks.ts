/**
 * TIFF directory + file -> rows of pixels of one band: strips and tiles read, decompressed, un-predicted, put in
 * machine byte order. TIFF 6.0 sections 3, 14, 15; TIFF technical note 3 (predictor 3).
 * Deflate goes through node's zlib (thread pool), LZW through lzw.ts; JPEG, LERC, Zstandard and PackBits through geotiff.js.
 */
import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { getDecoder } from 'geotiff';
import { messageOf, UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import { decodeLzw } from './lzw.ts';
import { copyPixels, fillPixels, makePixels, viewPixels } from './pixels.ts';
import { type Directory, numbersOf, TAG } from './tiff-directory.ts';
import { blockBytes, imageLayout, type TiffLayout } from './tiff-layout.ts';
import { swapBytes, unpackBits, unpredict, widenHalf, ycbcrToRgb } from './tiff-samples.ts';
import type { PixelArray } from './types.ts';
import { sizedFrame } from './zstd-frame.ts';

const inflateBytes = promisify(inflate);

export type ReadBand = (band: number, row: number, count: number) => Promise<PixelArray>;

/**
 * A reader of rows [row, row + count) of a band (0-based), as stored. Blocks of the latest call stay in memory, so
 * that reading a file in order decodes each block once; each reader has its own memory.
 * @throws UserError for types and compressions that are not read, and for missing or broken blocks
 */
export function bandReader(
  bytes: ByteSource,
  directory: Directory,
  littleEndian: boolean,
  nodata: number | bigint | null,
): ReadBand {
  const layout = imageLayout(directory, bytes.name);
  let blocks = new Map<number, Promise<PixelArray>>();
  return async (band, row, count) => {
    const out = makePixels(layout.dataType, count * layout.width);
    const kept = new Map<number, Promise<PixelArray>>();
    const copies: Promise<void>[] = [];
    const firstBlockRow = Math.floor(row / layout.blockHeight);
    const lastBlockRow = Math.floor((row + count - 1) / layout.blockHeight);
    for (let blockRow = firstBlockRow; blockRow <= lastBlockRow; blockRow += 1) {
      for (let blockColumn = 0; blockColumn < layout.across; blockColumn += 1) {
        const plane = layout.planar ? band : 0;
        const index = (plane * layout.down + blockRow) * layout.across + blockColumn;
        const block =
          blocks.get(index) ?? readBlock(bytes, directory, layout, littleEndian, index, blockRow, nodata);
        kept.set(index, block);
        copies.push(
          block.then((pixels) => copyBlock(pixels, out, layout, band, blockRow, blockColumn, row, count)),
        );
      }
    }
    blocks = kept;
    await Promise.all(copies);
    return out;
  };
}

function copyBlock(
  block: PixelArray,
  out: PixelArray,
  layout: TiffLayout,
  band: number,
  blockRow: number,
  blockColumn: number,
  row: number,
  count: number,
): void {
  const { width, blockWidth, blockHeight, samples } = layout;
  const x = blockColumn * blockWidth;
  const columns = Math.min(blockWidth, width - x);
  const top = Math.max(row, blockRow * blockHeight);
  const bottom = Math.min(row + count, (blockRow + 1) * blockHeight, layout.height);
  for (let y = top; y < bottom; y += 1) {
    const from = (y - blockRow * blockHeight) * blockWidth * samples;
    const to = (y - row) * width + x;
    if (samples === 1) {
      copyPixels(out, block.subarray(from, from + columns), to);
    } else {
      for (let column = 0; column < columns; column += 1) {
        out[to + column] = block[from + column * samples + band] as never;
      }
    }
  }
}

async function readBlock(
  bytes: ByteSource,
  directory: Directory,
  layout: TiffLayout,
  littleEndian: boolean,
  index: number,
  blockRow: number,
  nodata: number | bigint | null,
): Promise<PixelArray> {
  const rows = layout.tiled
    ? layout.blockHeight
    : Math.min(layout.blockHeight, layout.height - blockRow * layout.blockHeight);
  const length = rows * layout.blockWidth * layout.samples;
  const offset = layout.offsets[index];
  const size = layout.byteCounts[index];
  if (offset === undefined || size === undefined) {
    throw new UserError(`${bytes.name} is corrupt: block ${index} has no place in the file`);
  }
  if (offset === 0 && size === 0) {
    const empty = makePixels(layout.dataType, length);
    if (nodata !== null) fillPixels(empty, nodata);
    return empty;
  }
  const stored = await bytes.read(offset, size);
  const raw = await decompress(stored, directory, layout, rows).catch((error: unknown) => {
    throw new UserError(`${bytes.name} is corrupt: block ${index} cannot be decoded (${messageOf(error)})`, {
      cause: error,
    });
  });
  const expected = blockBytes(layout, rows);
  if (raw.byteLength < expected) {
    throw new UserError(
      `${bytes.name} is corrupt: block ${index} decodes to ${raw.byteLength} bytes instead of ${expected}`,
    );
  }
  return toPixels(raw.subarray(0, expected), layout, littleEndian);
}

/** Bytes of one block as stored before compression. */
async function decompress(
  stored: Buffer,
  directory: Directory,
  layout: TiffLayout,
  rows: number,
): Promise<Uint8Array> {
  if (layout.compression === 1) return stored;
  const limit = blockBytes(layout, rows);
  if (layout.compression === 5) return decodeLzw(stored, limit);
  if (layout.compression === 8 || layout.compression === 32946) {
    // A block may hold more rows than it should, never without end.
    return inflateBytes(stored, { maxOutputLength: limit * 2 + 65536 });
  }
  const tables = numbersOf(directory, TAG.jpegTables);
  const parameters = {
    tileWidth: layout.blockWidth,
    tileHeight: rows,
    planarConfiguration: layout.planar ? 2 : 1,
    bitsPerSample: Array.from({ length: layout.samples }, () => layout.bits),
    predictor: 1,
    ...(tables.length > 0 && { JPEGTables: Uint8Array.from(tables) }),
    LercParameters: numbersOf(directory, TAG.lercParameters),
  };
  const decoder = await getDecoder(layout.compression, parameters);
  const exact = new Uint8Array(layout.compression === 50000 ? sizedFrame(stored, limit) : stored).buffer;
  return new Uint8Array(await decoder.decode(exact));
}

function toPixels(raw: Uint8Array, layout: TiffLayout, littleEndian: boolean): PixelArray {
  const { dataType, samples, blockWidth, predictor, bits, lossyColour, half, machineOrder } = layout;
  if (bits < 8) return unpackBits(raw, bits, blockWidth * samples);
  const size = bits / 8;
  let bytes = raw;
  if (predictor === 3) {
    unpredict(bytes, 3, size, blockWidth, samples);
  } else {
    if (!littleEndian && !machineOrder && size > 1) swapBytes(bytes, size);
    if (predictor === 2) {
      if (bytes.byteOffset % size !== 0) bytes = bytes.slice();
      unpredict(bytes, 2, size, blockWidth, samples);
    }
  }
  if (lossyColour) ycbcrToRgb(bytes);
  return half ? widenHalf(bytes) : viewPixels(dataType, bytes);
}
