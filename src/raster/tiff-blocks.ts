/**
 * TIFF directory + file -> rows of pixels of one band: strips and tiles read, decoded (decode-block.ts, in whatever
 * thread is free) and put together.
 */
import { messageOf, UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import type { BlockCoding } from './decode-block.ts';
import { copyPixels, fillPixels, makePixels, viewPixels } from './pixels.ts';
import { givePixels, lend, takePixels } from './spare-pixels.ts';
import { type Directory, numbersOf, TAG } from './tiff-directory.ts';
import { imageLayout, type TiffLayout } from './tiff-layout.ts';
import { decodeSomewhere, isThreadError } from './tile-pool.ts';
import type { PixelArray } from './types.ts';

export type ReadBand = (band: number, row: number, count: number) => Promise<PixelArray>;

interface Kept {
  pixels: Promise<PixelArray>;
  /** Bands that have not come to its last row yet. */
  left: number;
  /** Copies of it that are asked for. */
  waiting: number;
}

/**
 * A reader of rows [row, row + count) of a band (0-based), as stored. Blocks of the latest call stay in memory until
 * all their bands are read, so that reading a file in order decodes each block once; each reader has its own memory.
 * @throws UserError for types and compressions that are not read, and for missing or broken blocks
 */
export function bandReader(
  bytes: ByteSource,
  directory: Directory,
  littleEndian: boolean,
  nodata: number | bigint | null,
): ReadBand {
  const layout = imageLayout(directory, bytes.name);
  const coding = codingOf(directory, layout, littleEndian);
  let blocks = new Map<number, Kept>();
  return async (band, row, count) => {
    const out = takePixels(layout.dataType, count * layout.width);
    const kept = new Map<number, Kept>();
    const copies: Promise<void>[] = [];
    const firstBlockRow = Math.floor(row / layout.blockHeight);
    const lastBlockRow = Math.floor((row + count - 1) / layout.blockHeight);
    for (let blockRow = firstBlockRow; blockRow <= lastBlockRow; blockRow += 1) {
      const isEnd = row + count >= Math.min((blockRow + 1) * layout.blockHeight, layout.height);
      for (let blockColumn = 0; blockColumn < layout.across; blockColumn += 1) {
        const plane = layout.planar ? band : 0;
        const index = (plane * layout.down + blockRow) * layout.across + blockColumn;
        const block = blocks.get(index) ?? {
          pixels: readBlock(bytes, layout, coding, index, blockRow, nodata),
          left: layout.samples,
          waiting: 0,
        };
        block.waiting += 1;
        if (isEnd) block.left -= 1;
        if (block.left > 0) kept.set(index, block);
        copies.push(
          block.pixels.then((pixels) => {
            copyBlock(pixels, out, layout, band, blockRow, blockColumn, row, count);
            block.waiting -= 1;
            if (block.left === 0 && block.waiting === 0) givePixels(pixels);
          }),
        );
      }
    }
    blocks = kept;
    await Promise.all(copies);
    return out;
  };
}

/** How an image's blocks are decoded. */
export function codingOf(directory: Directory, layout: TiffLayout, littleEndian: boolean): BlockCoding {
  const { compression, predictor, blockWidth, samples, bits, dataType, half, lossyColour, planar } = layout;
  return {
    ...{ compression, predictor, blockWidth, samples, bits, dataType, half, lossyColour, planar },
    swapped: !littleEndian && !layout.machineOrder,
    jpegTables: Array.from(numbersOf(directory, TAG.jpegTables)),
    lercParameters: Array.from(numbersOf(directory, TAG.lercParameters)),
  };
}

/** Blocks hold their bands one after the other. */
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
  const plane = samples === 1 ? 0 : (block.length / samples) * band;
  for (let y = top; y < bottom; y += 1) {
    const from = plane + (y - blockRow * blockHeight) * blockWidth;
    copyPixels(out, block.subarray(from, from + columns), (y - row) * width + x);
  }
}

/**
 * Pixels of one block as stored, its bands one after the other; of a block without a place in the file, nodata.
 * @param index among all blocks of the image, `blockRow` its row among them
 * @throws UserError for a missing or broken block
 */
export async function readBlock(
  bytes: ByteSource,
  layout: TiffLayout,
  coding: BlockCoding,
  index: number,
  blockRow: number,
  nodata: number | bigint | null,
): Promise<PixelArray> {
  const rows = layout.tiled
    ? layout.blockHeight
    : Math.min(layout.blockHeight, layout.height - blockRow * layout.blockHeight);
  const offset = layout.offsets[index];
  const size = layout.byteCounts[index];
  if (offset === undefined || size === undefined) {
    throw new UserError(`${bytes.name} is corrupt: block ${index} has no place in the file`);
  }
  if (offset === 0 && size === 0) {
    const empty = makePixels(layout.dataType, rows * layout.blockWidth * layout.samples);
    if (nodata !== null) fillPixels(empty, nodata);
    return empty;
  }
  const stored = await bytes.read(offset, size);
  const pixels = takePixels(layout.dataType, rows * layout.blockWidth * layout.samples);
  const into = new Uint8Array(pixels.buffer, 0, pixels.byteLength);
  const decoded = await decodeSomewhere({ kind: 'decode', stored, into, rows, coding }).catch(
    (error: unknown) => {
      if (isThreadError(error)) throw error;
      throw new UserError(
        `${bytes.name} is corrupt: block ${index} cannot be decoded (${messageOf(error)})`,
        { cause: error },
      );
    },
  );
  return lend(viewPixels(layout.dataType, decoded));
}
