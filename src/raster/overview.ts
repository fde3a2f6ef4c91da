/** Rows of one level -> rows of the next, half as wide and high (rounded up). Nodata and NaN take no part in averages. */
import { isBig, makePixels, sampleFormatOf } from './pixels.ts';
import type { LayerBand, PixelArray, Resampling } from './types.ts';

/** Reduces `rows` rows of `width` pixels to ceil(rows / 2) rows of ceil(width / 2). */
export type Reduce = (pixels: PixelArray, width: number, rows: number) => PixelArray;

type NumberArray = Exclude<PixelArray, BigInt64Array | BigUint64Array>;
type BigArray = BigInt64Array | BigUint64Array;

/**
 * nearest: the upper left pixel of each four. mode: the most frequent valid one, the first of those as frequent. average: mean of the valid ones, integers rounded half up;
 * a mean that happens to equal nodata gives way to the first valid pixel.
 */
export function overviewReducer(band: LayerBand, resampling: Resampling): Reduce {
  return (pixels, width, rows) => {
    const out = makePixels(band.dataType, Math.ceil(width / 2) * Math.ceil(rows / 2));
    if (resampling === 'nearest') takeNearest(pixels, width, rows, out);
    else if (resampling === 'mode') takeMode(pixels, width, rows, out, band.nodata);
    else if (isBig(pixels)) averageBig(pixels, width, rows, out as BigArray, band.nodata);
    else averageNumbers(pixels, width, rows, out as NumberArray, band);
    return out;
  };
}

function takeNearest(pixels: PixelArray, width: number, rows: number, out: PixelArray): void {
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < width; column += 2) {
      out[to] = pixels[row * width + column] as never;
      to += 1;
    }
  }
}

function takeMode(
  pixels: PixelArray,
  width: number,
  rows: number,
  out: PixelArray,
  nodata: LayerBand['nodata'],
): void {
  const isEmpty = (value: number | bigint) =>
    nodata === 'nan' ? Number.isNaN(value) : value === nodata || Number.isNaN(value);
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    const below = row + 1 < rows ? width : 0;
    for (let column = 0; column < width; column += 2) {
      const at = row * width + column;
      const next = column + 1 < width ? 1 : 0;
      out[to] = modeOf(
        pixels[at]!,
        pixels[at + next]!,
        pixels[at + below]!,
        pixels[at + below + next]!,
        isEmpty,
      ) as never;
      to += 1;
    }
  }
}

/** Of four pixels in reading order; where the image ends, two are one. */
function modeOf<T extends number | bigint>(a: T, b: T, c: T, d: T, isEmpty: (value: T) => boolean): T {
  if (a === b && c === d && a === c) return a;
  const valid = [a, b, c, d].filter((value) => !isEmpty(value));
  let best = a;
  let most = 0;
  for (const value of valid) {
    const count = valid.filter((each) => each === value).length;
    if (count > most) [best, most] = [value, count];
  }
  return best;
}

function averageNumbers(
  source: NumberArray,
  width: number,
  rows: number,
  out: NumberArray,
  band: LayerBand,
): void {
  const skip = typeof band.nodata === 'number' ? band.nodata : Number.NaN;
  const integer = sampleFormatOf(band.dataType) !== 3;
  const empty = typeof band.nodata === 'number' ? band.nodata : Number.NaN;
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    const upper = row * width;
    const lower = row + 1 < rows ? upper + width : upper;
    const weigh = lower === upper ? 1 : 2;
    for (let column = 0; column < width; column += 2) {
      const next = column + 1 < width;
      let sum = 0;
      let count = 0;
      let first = empty;
      for (let line = 0; line < weigh; line += 1) {
        const at = (line === 0 ? upper : lower) + column;
        const left = source[at]!;
        if (left !== skip && !Number.isNaN(left)) {
          if (count === 0) first = left;
          sum += left;
          count += 1;
        }
        if (next) {
          const right = source[at + 1]!;
          if (right !== skip && !Number.isNaN(right)) {
            if (count === 0) first = right;
            sum += right;
            count += 1;
          }
        }
      }
      if (count === 0) out[to] = empty;
      else {
        const mean = integer ? Math.floor(sum / count + 0.5) : sum / count;
        out[to] = mean === skip ? first : mean;
      }
      to += 1;
    }
  }
}

function averageBig(
  source: BigArray,
  width: number,
  rows: number,
  out: BigArray,
  nodata: LayerBand['nodata'],
): void {
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < width; column += 2) {
      const valid: bigint[] = [];
      for (let y = row; y < Math.min(row + 2, rows); y += 1) {
        for (let x = column; x < Math.min(column + 2, width); x += 1) {
          const value = source[y * width + x]!;
          if (value !== nodata) valid.push(value);
        }
      }
      const count = BigInt(valid.length);
      if (count === 0n) out[to] = BigInt(nodata as bigint);
      else {
        const sum = valid.reduce((left, right) => left + right, 0n);
        const mean = floorDivide(2n * sum + count, 2n * count);
        out[to] = mean === nodata ? valid[0]! : mean;
      }
      to += 1;
    }
  }
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
