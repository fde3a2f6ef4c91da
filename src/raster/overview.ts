/** Rows of one level -> rows of the next, half as wide and high (rounded up). Nodata, NaN and masked pixels take no part. */
import { isBig, makePixels, sampleFormatOf } from './pixels.ts';
import type { DataType, LayerBand, PixelArray, Resampling } from './types.ts';

type NumberArray = Exclude<PixelArray, BigInt64Array | BigUint64Array>;
type BigArray = BigInt64Array | BigUint64Array;

/** What of a band says how it is made smaller. */
export type Sampled = Pick<LayerBand, 'dataType' | 'nodata'>;

/** Pixels of a level: `rows` rows of `width`; `mask` is 0 where there is none, or null where all are valid. */
interface Source<T extends PixelArray> {
  pixels: T;
  width: number;
  rows: number;
  mask: Uint8Array | null;
}

/**
 * `rows` rows of `width` pixels -> ceil(rows / 2) rows of ceil(width / 2).
 * nearest: the upper left pixel of each four, or the first one that the mask has. mode: the most frequent valid one, the
 * first of those as frequent. average: mean of the valid ones, integers rounded half up; a mean that happens to equal
 * nodata gives way to the first valid pixel. Where none of four is valid: nodata, NaN or 0, of modes the first.
 */
export function reduceRows(
  pixels: PixelArray,
  width: number,
  rows: number,
  mask: Uint8Array | null,
  { dataType, nodata }: Sampled,
  resampling: Resampling,
): PixelArray {
  const out = makePixels(dataType, Math.ceil(width / 2) * Math.ceil(rows / 2));
  const source = { pixels, width, rows, mask };
  if (resampling === 'nearest') takeNearest(source, out);
  else if (resampling === 'mode') takeMode(source, out, nodata);
  else if (isBig(pixels)) averageBig({ ...source, pixels }, out as BigArray, nodata);
  else if (isPlain(dataType) && nodata === null && !mask)
    averageSmall({ ...source, pixels }, out as NumberArray);
  else averageNumbers({ ...source, pixels }, out as NumberArray, dataType, nodata);
  return out;
}

/** A pixel of the next level is valid where any of its four is. */
export function reduceMask(mask: Uint8Array, width: number, rows: number): Uint8Array {
  const out = new Uint8Array(Math.ceil(width / 2) * Math.ceil(rows / 2));
  forFours(width, rows, (to, a, b, c, d) => {
    out[to] = mask[a]! | mask[b]! | mask[c]! | mask[d]!;
  });
  return out;
}

/** Each four in reading order: where it goes, and where its pixels are. Where the image ends, two are one. */
function forFours(
  width: number,
  rows: number,
  visit: (to: number, a: number, b: number, c: number, d: number) => void,
): void {
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    const below = row + 1 < rows ? width : 0;
    for (let column = 0; column < width; column += 2) {
      const at = row * width + column;
      const next = column + 1 < width ? 1 : 0;
      visit(to, at, at + next, at + below, at + below + next);
      to += 1;
    }
  }
}

function takeNearest({ pixels, width, rows, mask }: Source<PixelArray>, out: PixelArray): void {
  forFours(width, rows, (to, a, b, c, d) => {
    const valid = mask ? [a, b, c, d].find((at) => mask[at] !== 0) : a;
    out[to] = pixels[valid ?? a] as never;
  });
}

function takeMode(
  { pixels, width, rows, mask }: Source<PixelArray>,
  out: PixelArray,
  nodata: LayerBand['nodata'],
): void {
  const isValid = (at: number) => {
    const value = pixels[at]!;
    return value !== nodata && !Number.isNaN(value) && mask?.[at] !== 0;
  };
  forFours(width, rows, (to, a, b, c, d) => {
    const first = pixels[a]!;
    if (first === pixels[b] && first === pixels[c] && first === pixels[d]) {
      out[to] = first as never;
      return;
    }
    const valid = [a, b, c, d].filter(isValid).map((at) => pixels[at]!);
    let best = first;
    let most = 0;
    for (const value of valid) {
      const count = valid.filter((each) => each === value).length;
      if (count > most) [best, most] = [value, count];
    }
    out[to] = best as never;
  });
}

/** Sums of four of them are 32-bit integers. */
function isPlain(type: DataType): boolean {
  return ['uint8', 'int8', 'uint16', 'int16'].includes(type);
}

function averageSmall({ pixels, width, rows }: Source<NumberArray>, out: NumberArray): void {
  let to = 0;
  for (let row = 0; row < rows; row += 2) {
    const below = row + 1 < rows ? width : 0;
    const end = row * width + width;
    for (let at = row * width; at < end; at += 2) {
      const next = at + 1 < end ? at + 1 : at;
      out[to] = (pixels[at]! + pixels[next]! + pixels[at + below]! + pixels[next + below]! + 2) >> 2;
      to += 1;
    }
  }
}

function averageNumbers(
  { pixels, width, rows, mask }: Source<NumberArray>,
  out: NumberArray,
  dataType: DataType,
  nodata: LayerBand['nodata'],
): void {
  const skip = typeof nodata === 'number' ? nodata : Number.NaN;
  const integer = sampleFormatOf(dataType) !== 3;
  let to = 0;
  // Not by forFours: a call for each four takes three times as long.
  for (let row = 0; row < rows; row += 2) {
    const below = row + 1 < rows ? width : 0;
    for (let column = 0; column < width; column += 2) {
      const at = row * width + column;
      const next = column + 1 < width ? 1 : 0;
      const a = pixels[at]!;
      const b = pixels[at + next]!;
      const c = pixels[at + below]!;
      const d = pixels[at + below + next]!;
      let sum = a + b + c + d;
      let count = 4;
      let first = a;
      const isWhole = a !== skip && b !== skip && c !== skip && d !== skip && !Number.isNaN(sum);
      if (!isWhole || mask) {
        sum = 0;
        count = 0;
        first = skip;
        for (const place of [at, at + next, at + below, at + below + next]) {
          const value = pixels[place]!;
          if (value === skip || Number.isNaN(value) || mask?.[place] === 0) continue;
          if (count === 0) first = value;
          sum += value;
          count += 1;
        }
      }
      const mean = integer ? Math.floor(sum / count + 0.5) : sum / count;
      out[to] = count === 0 || mean === skip ? first : mean;
      to += 1;
    }
  }
}

function averageBig(
  { pixels, width, rows, mask }: Source<BigArray>,
  out: BigArray,
  nodata: LayerBand['nodata'],
): void {
  const isValid = (at: number) => pixels[at] !== nodata && mask?.[at] !== 0;
  forFours(width, rows, (to, a, b, c, d) => {
    const valid = [a, b, c, d].filter(isValid).map((at) => pixels[at]!);
    const count = BigInt(valid.length);
    if (count === 0n) {
      out[to] = typeof nodata === 'bigint' ? nodata : 0n;
      return;
    }
    const sum = valid.reduce((left, right) => left + right, 0n);
    const mean = floorDivide(2n * sum + count, 2n * count);
    out[to] = mean === nodata ? valid[0]! : mean;
  });
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
