/**
 * Rows of pixels -> minimum, maximum, mean, population standard deviation and share of valid pixels, in one pass.
 * Sums are kept per row and merged (Chan et al. 1979), so that large rasters lose no precision.
 */
import { isBig } from './pixels.ts';
import type { BandStatistics, LayerBand, PixelArray } from './types.ts';

export interface StatisticsSum {
  add(rows: PixelArray, width: number): void;
  /** `pixels`: how many there are in all. Values are null when none is valid. */
  result(pixels: number): BandStatistics;
}

/** Nodata, NaN and infinities do not count as valid. Values are as stored, before scale and offset. */
export function sumStatistics(nodata: LayerBand['nodata']): StatisticsSum {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  const merge = (n: number, sum: number, rowSquares: (rowMean: number) => number) => {
    const rowMean = sum / n;
    const delta = rowMean - mean;
    const total = count + n;
    squares += rowSquares(rowMean) + (delta * delta * count * n) / total;
    mean += (delta * n) / total;
    count = total;
  };
  const addRow = (row: Exclude<PixelArray, BigInt64Array | BigUint64Array>, skip: number) => {
    let n = 0;
    let sum = 0;
    for (let index = 0; index < row.length; index += 1) {
      const value = row[index]!;
      if (value === skip || value - value !== 0) continue;
      n += 1;
      sum += value;
      if (value < minimum) minimum = value;
      if (value > maximum) maximum = value;
    }
    if (n === 0) return;
    merge(n, sum, (rowMean) => {
      let rest = 0;
      for (let index = 0; index < row.length; index += 1) {
        const value = row[index]!;
        if (value === skip || value - value !== 0) continue;
        rest += (value - rowMean) * (value - rowMean);
      }
      return rest;
    });
  };
  const skip = typeof nodata === 'number' ? nodata : Number.NaN;
  return {
    add(rows, width) {
      for (let at = 0; at < rows.length; at += width) {
        const row = rows.subarray(at, at + width);
        if (!isBig(row)) addRow(row, skip);
        else {
          const valid = Array.from(row as BigInt64Array).filter((value) => value !== nodata);
          addRow(Float64Array.from(valid, Number), Number.NaN);
        }
      }
    },
    result: (pixels) => ({
      minimum: count > 0 ? minimum : null,
      maximum: count > 0 ? maximum : null,
      mean: count > 0 ? mean : null,
      stddev: count > 0 ? Math.sqrt(squares / count) : null,
      valid_percent: pixels > 0 ? (100 * count) / pixels : 0,
    }),
  };
}
