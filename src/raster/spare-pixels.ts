/**
 * Arrays of pixels that are done with -> the memory of the next ones. The garbage collector counts large arrays
 * little and frees them late: without this, rows of a large raster take twice the memory.
 */
import { bytesPerPixel, viewPixels } from './pixels.ts';
import type { DataType, PixelArray } from './types.ts';

/** Of spare arrays, in all. */
const MOST_BYTES = 48 * 1024 * 1024;

const spare: ArrayBufferLike[] = [];
/** What may come back: memory of others is left alone. */
const lent = new WeakSet<ArrayBufferLike>();
let held = 0;

/** `length` pixels of whatever value. */
export function takePixels(type: DataType, length: number): PixelArray {
  const bytes = length * bytesPerPixel(type);
  // One that is far too large would be missed elsewhere.
  const at = spare.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= bytes * 1.25 + 4096);
  const buffer = spare.splice(at, at < 0 ? 0 : 1)[0];
  if (buffer) held -= buffer.byteLength;
  return lend(viewPixels(type, new Uint8Array(buffer ?? new ArrayBuffer(bytes), 0, bytes)));
}

/** Pixels that were not taken here, and may come here. */
export function lend(pixels: PixelArray): PixelArray {
  lent.add(pixels.buffer);
  return pixels;
}

/** Nobody reads them any more. */
export function givePixels(...all: PixelArray[]): void {
  for (const { buffer } of all) {
    if (!lent.delete(buffer) || held + buffer.byteLength > MOST_BYTES) continue;
    held += buffer.byteLength;
    spare.push(buffer);
  }
}
