/**
 * Pixels -> minimum, maximum, mean, population standard deviation and share of valid pixels.
 * Sums are kept per tile or row and merged (Chan et al. 1979), so that large rasters lose no precision.
 */
import { isBig } from './pixels.ts';
import type { BandStatistics, LayerBand, PixelArray } from './types.ts';

type NumberArray = Exclude<PixelArray, BigInt64Array | BigUint64Array>;

/** Of some valid pixels; `squares` are of distances from the mean. */
export interface Moments {
  count: number;
  mean: number;
  squares: number;
  minimum: number;
  maximum: number;
}

export interface StatisticsSum {
  add(rows: PixelArray, width: number): void;
  merge(moments: Moments): void;
  /** `pixels`: how many there are in all. Values are null when none is valid. */
  result(pixels: number): BandStatistics;
}

/** So many pixels of 16 bits at most have sums of squares that a double holds exactly. */
const EXACT_PIXELS = 2 ** 20;

/** Nodata, NaN and infinities do not count as valid, nor what is 0 in the mask. Values are as stored, before scale and offset. */
export function momentsOf(
  pixels: PixelArray,
  width: number,
  nodata: LayerBand['nodata'],
  mask: Uint8Array | null = null,
): Moments {
  const valid = mask ? pixels.filter((_value: unknown, at: number) => mask[at] !== 0) : pixels;
  const skip = typeof nodata === 'number' ? nodata : Number.NaN;
  if (isBig(valid)) {
    const numbers = Array.from(valid as BigInt64Array).filter((value) => value !== nodata);
    return ofRows(Float64Array.from(numbers, Number), width, Number.NaN);
  }
  const isSmall = valid.BYTES_PER_ELEMENT < 4 && valid.length <= EXACT_PIXELS;
  return isSmall ? ofIntegers(valid, skip) : ofRows(valid, width, skip);
}

function ofIntegers(pixels: NumberArray, skip: number): Moments {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  // Of a type that no pixel has: compared as integers.
  const empty = Number.isNaN(skip) ? 0x7fffffff : skip;
  for (let at = 0; at < pixels.length; at += 1) {
    const value = pixels[at]!;
    if (value === empty) continue;
    count += 1;
    sum += value;
    squares += value * value;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const mean = count > 0 ? sum / count : 0;
  return { count, mean, squares: Math.max(0, squares - sum * mean), minimum, maximum };
}

/** Two passes over each row, while it is in the cache. */
function ofRows(pixels: NumberArray, width: number, skip: number): Moments {
  const all = none();
  for (let start = 0; start < pixels.length; start += width) {
    const end = Math.min(start + width, pixels.length);
    let count = 0;
    let sum = 0;
    for (let at = start; at < end; at += 1) {
      const value = pixels[at]!;
      if (value === skip || value - value !== 0) continue;
      count += 1;
      sum += value;
      if (value < all.minimum) all.minimum = value;
      if (value > all.maximum) all.maximum = value;
    }
    const mean = count > 0 ? sum / count : 0;
    let squares = 0;
    for (let at = start; at < end; at += 1) {
      const value = pixels[at]!;
      if (value === skip || value - value !== 0) continue;
      squares += (value - mean) * (value - mean);
    }
    addTo(all, { ...all, count, mean, squares });
  }
  return all;
}

const none = (): Moments => ({
  count: 0,
  mean: 0,
  squares: 0,
  minimum: Number.POSITIVE_INFINITY,
  maximum: Number.NEGATIVE_INFINITY,
});

function addTo(all: Moments, { count, mean, squares, minimum, maximum }: Moments): void {
  if (count === 0) return;
  const delta = mean - all.mean;
  const total = all.count + count;
  all.squares += squares + (delta * delta * all.count * count) / total;
  all.mean += (delta * count) / total;
  all.count = total;
  all.minimum = Math.min(all.minimum, minimum);
  all.maximum = Math.max(all.maximum, maximum);
}

export function sumStatistics(nodata: LayerBand['nodata']): StatisticsSum {
  const all = none();
  return {
    add: (rows, width) => addTo(all, momentsOf(rows, width, nodata)),
    merge: (moments) => addTo(all, moments),
    result: (pixels) => {
      const { count, mean, squares, minimum, maximum } = all;
      return {
        minimum: count > 0 ? minimum : null,
        maximum: count > 0 ? maximum : null,
        mean: count > 0 ? mean : null,
        stddev: count > 0 ? Math.sqrt(squares / count) : null,
        valid_percent: pixels > 0 ? (100 * count) / pixels : 0,
      };
    },
  };
}
