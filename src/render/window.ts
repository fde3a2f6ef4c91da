/** A part of one level -> its pixels, of the blocks that it touches alone. Blocks are got from whoever keeps them. */
import type { ByteSource } from '../raster/bytes.ts';
import { bytesPerPixel, copyPixels, isBig, makePixels } from '../raster/pixels.ts';
import { codingOf, readBlock } from '../raster/tiff-blocks.ts';
import type { TiffLayout } from '../raster/tiff-layout.ts';
import type { PixelArray } from '../raster/types.ts';
import type { Image, Plane } from './image.ts';

/** Pixels of a level: columns [column, column + width), rows [row, row + height), all of them inside. */
export interface Window {
  column: number;
  row: number;
  width: number;
  height: number;
}

export type NumberArray = Exclude<PixelArray, BigInt64Array | BigUint64Array>;

/** What was read: a band each, row-major, as stored; 64-bit integers as doubles. */
export interface WindowPixels {
  bands: NumberArray[];
  /** 0: nothing there; 255: wholly opaque. null: the file has neither mask nor alpha. */
  opacity: Uint8Array | null;
}

export interface BlockPlace {
  /** 0: the image itself. */
  level: number;
  isMask: boolean;
  index: number;
  /** Decoded. */
  bytes: number;
}

/** Gives a block that is kept, or has it read. */
export type KeepBlock = (place: BlockPlace, read: () => Promise<PixelArray>) => Promise<PixelArray>;

/** Blocks that are read from the file at a time. */
const AT_A_TIME = 8;

interface BlockRange {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function blocksOf({ blockWidth, blockHeight }: TiffLayout, window: Window): BlockRange {
  return {
    left: Math.floor(window.column / blockWidth),
    right: Math.floor((window.column + window.width - 1) / blockWidth),
    top: Math.floor(window.row / blockHeight),
    bottom: Math.floor((window.row + window.height - 1) / blockHeight),
  };
}

const blockBytes = ({ blockWidth, blockHeight, samples, dataType }: TiffLayout) =>
  blockWidth * blockHeight * samples * bytesPerPixel(dataType);

/** Bytes that are decoded for a window of some bands. */
export function windowBytes(image: Image, level: number, window: Window, bands: number): number {
  const { layout } = image.levels[level]!;
  const { left, right, top, bottom } = blocksOf(layout, window);
  const planes = layout.planar ? bands + (image.alpha === null ? 0 : 1) : 1;
  return (right - left + 1) * (bottom - top + 1) * planes * blockBytes(layout);
}

/**
 * @param bands indexes among `image.bands`
 * @throws UserError for broken blocks
 */
export async function readWindow(
  bytes: ByteSource,
  image: Image,
  level: number,
  window: Window,
  bands: number[],
  keep: KeepBlock = (_, read) => read(),
): Promise<WindowPixels> {
  const { mask, ...plane } = image.levels[level]!;
  const nodata = image.bands[0]?.nodata ?? null;
  const fill = nodata === 'nan' ? null : nodata;
  const reader = { bytes, littleEndian: image.littleEndian, fill, level, keep };
  const { alpha } = image;
  const samples = bands.map((band) => (alpha !== null && band >= alpha ? band + 1 : band));
  const all = alpha === null ? samples : [...samples, alpha];
  const read = await readSamples(reader, plane, window, all, false);
  const shown = read.slice(0, bands.length).map(toNumbers);
  if (alpha !== null) return { bands: shown, opacity: toOpacity(toNumbers(read.at(-1)!)) };
  if (mask === null) return { bands: shown, opacity: null };
  return { bands: shown, opacity: await readMask(reader, mask, window) };
}

interface Reader {
  bytes: ByteSource;
  littleEndian: boolean;
  fill: number | bigint | null;
  level: number;
  keep: KeepBlock;
}

/** One array a sample of `samples`, the size of the window. */
async function readSamples(
  { bytes, littleEndian, fill, level, keep }: Reader,
  { directory, layout }: Plane,
  window: Window,
  samples: number[],
  isMask: boolean,
): Promise<PixelArray[]> {
  const out = samples.map(() => makePixels(layout.dataType, window.width * window.height));
  const coding = codingOf(directory, layout, littleEndian);
  const { left, right, top, bottom } = blocksOf(layout, window);
  const jobs: (() => Promise<void>)[] = [];
  const planes = layout.planar ? samples : [0];
  for (const [order, plane] of planes.entries())
    for (let blockRow = top; blockRow <= bottom; blockRow += 1)
      for (let blockColumn = left; blockColumn <= right; blockColumn += 1) {
        const index = (plane * layout.down + blockRow) * layout.across + blockColumn;
        jobs.push(async () => {
          const block = await keep({ level, isMask, index, bytes: blockBytes(layout) }, () =>
            readBlock(bytes, layout, coding, index, blockRow, fill),
          );
          const at = { blockRow, blockColumn };
          if (layout.planar) copyBlock(block, out[order]!, layout, window, at, 0);
          else
            for (const [each, target] of out.entries())
              copyBlock(block, target, layout, window, at, samples[each]!);
        });
      }
  for (let at = 0; at < jobs.length; at += AT_A_TIME)
    await Promise.all(jobs.slice(at, at + AT_A_TIME).map((job) => job()));
  return out;
}

function copyBlock(
  block: PixelArray,
  out: PixelArray,
  { blockWidth, blockHeight, samples }: TiffLayout,
  window: Window,
  { blockRow, blockColumn }: { blockRow: number; blockColumn: number },
  sample: number,
): void {
  const left = Math.max(window.column, blockColumn * blockWidth);
  const right = Math.min(window.column + window.width, (blockColumn + 1) * blockWidth);
  const top = Math.max(window.row, blockRow * blockHeight);
  const bottom = Math.min(window.row + window.height, (blockRow + 1) * blockHeight);
  // Blocks hold their bands one after the other.
  const plane = samples === 1 ? 0 : (block.length / samples) * sample;
  for (let row = top; row < bottom; row += 1) {
    const from = plane + (row - blockRow * blockHeight) * blockWidth + left - blockColumn * blockWidth;
    const to = (row - window.row) * window.width + left - window.column;
    copyPixels(out, block.subarray(from, from + right - left), to);
  }
}

/** Bitmap -> a byte a pixel; the first pixel is the highest bit. */
async function readMask(reader: Reader, mask: Plane, window: Window): Promise<Uint8Array> {
  const first = Math.floor(window.column / 8);
  const width = Math.floor((window.column + window.width - 1) / 8) - first + 1;
  const packed = { ...window, column: first, width };
  const [bits] = await readSamples({ ...reader, fill: null }, mask, packed, [0], true);
  const opacity = new Uint8Array(window.width * window.height);
  for (let row = 0; row < window.height; row += 1)
    for (let column = 0; column < window.width; column += 1) {
      const bit = window.column + column - first * 8;
      const byte = bits![row * width + (bit >> 3)] as number;
      if ((byte >> (7 - (bit & 7))) & 1) opacity[row * window.width + column] = 255;
    }
  return opacity;
}

function toNumbers(pixels: PixelArray): NumberArray {
  if (!isBig(pixels)) return pixels;
  const numbers = new Float64Array(pixels.length);
  for (let index = 0; index < numbers.length; index += 1) numbers[index] = Number(pixels[index]);
  return numbers;
}

function toOpacity(alpha: NumberArray): Uint8Array {
  if (alpha instanceof Uint8Array) return alpha;
  return Uint8Array.from(alpha, (value: number) => (value > 0 ? 255 : 0));
}
