/**
 * Pixels of a window and, for each pixel of a picture, where in the level its centre lies -> values of the picture.
 * Places are in pixels of the level; the centre of its first pixel is 0.5, 0.5.
 */
import { setImmediate } from 'node:timers/promises';
import { missingValue } from '../raster/pixels.ts';
import type { LayerBand } from '../raster/types.ts';
import type { NumberArray, Window, WindowPixels } from './window.ts';

export const PICTURE_RESAMPLINGS = ['nearest', 'bilinear'] as const;
export type PictureResampling = (typeof PICTURE_RESAMPLINGS)[number];

/** Where the centre of each pixel of the picture lies, row-major; NaN: nowhere. */
export interface Places {
  columns: Float64Array;
  rows: Float64Array;
}

export interface Pixels {
  width: number;
  height: number;
  /** One array a band, row-major, as stored. */
  bands: NumberArray[];
  /** Of each pixel, 0 to 255; 0 where no band has a value. */
  opacity: Uint8Array;
}

/** Pixels after which others come first: those of a tile are done at once. */
const SLICE = 65_536;

/** Places whose pixels lie outside the window have no value. */
export async function resample(
  pixels: WindowPixels,
  window: Window,
  places: Places,
  bands: LayerBand[],
  size: { width: number; height: number },
  resampling: PictureResampling,
): Promise<Pixels> {
  const opacity = new Uint8Array(size.width * size.height);
  const sample = resampling === 'bilinear' ? sampleBilinear : sampleNearest;
  const values: Float64Array[] = [];
  for (const [index, band] of pixels.bands.entries()) {
    const out = new Float64Array(opacity.length);
    const { nodata = null } = bands[index] ?? {};
    const missing = missingValue(nodata);
    const source = { band, mask: pixels.opacity, missing, window };
    for (let from = 0; from < out.length; from += SLICE) {
      if (from > 0) await setImmediate();
      sample(source, places, out, opacity, { from, to: Math.min(from + SLICE, out.length) });
    }
    values.push(out);
  }
  return { ...size, bands: values, opacity };
}

interface Source {
  band: NumberArray;
  mask: Uint8Array | null;
  /** Value of pixels without data; NaN: none but NaN. */
  missing: number;
  window: Window;
}

/** Pixels of the picture: [from, to). */
interface Slice {
  from: number;
  to: number;
}

function sampleNearest(
  { band, mask, missing, window }: Source,
  { columns, rows }: Places,
  out: Float64Array,
  opacity: Uint8Array,
  { from, to }: Slice,
): void {
  const { width, height } = window;
  for (let index = from; index < to; index += 1) {
    const column = Math.floor(columns[index]! - window.column);
    const row = Math.floor(rows[index]! - window.row);
    if (!(column >= 0 && column < width && row >= 0 && row < height)) continue;
    const at = row * width + column;
    const value = band[at]!;
    if (value === missing || Number.isNaN(value)) continue;
    out[index] = value;
    const opaque = mask === null ? 255 : mask[at]!;
    if (opaque > opacity[index]!) opacity[index] = opaque;
  }
}

/** Of the four nearest pixels that have a value, where these are half of the weight or more. */
function sampleBilinear(
  { band, mask, missing, window }: Source,
  { columns, rows }: Places,
  out: Float64Array,
  opacity: Uint8Array,
  { from, to }: Slice,
): void {
  const { width, height } = window;
  for (let index = from; index < to; index += 1) {
    const x = columns[index]! - window.column - 0.5;
    const y = rows[index]! - window.row - 0.5;
    if (!(x > -1 && x < width && y > -1 && y < height)) continue;
    const column = Math.floor(x);
    const row = Math.floor(y);
    let weights = 0;
    let sum = 0;
    for (let corner = 0; corner < 4; corner += 1) {
      const [dx, dy] = [corner & 1, corner >> 1];
      const weight = (dx ? x - column : 1 - x + column) * (dy ? y - row : 1 - y + row);
      if (weight === 0 || column + dx < 0 || column + dx >= width || row + dy < 0 || row + dy >= height)
        continue;
      const at = (row + dy) * width + column + dx;
      const value = band[at]!;
      if (value === missing || Number.isNaN(value) || mask?.[at] === 0) continue;
      weights += weight;
      sum += weight * value;
    }
    if (weights < 0.5) continue;
    out[index] = sum / weights;
    opacity[index] = 255;
  }
}
