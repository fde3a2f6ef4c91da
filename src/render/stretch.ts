/** What is known of a band -> the values that become the darkest and the brightest of a picture, where none are asked for. */
import { sumStatistics } from '../raster/statistics.ts';
import type { DataType, LayerBand } from '../raster/types.ts';
import type { NumberArray } from './window.ts';

/** Least and greatest value, of stored ones; least < greatest. */
export type Range = [number, number];

/** As documents give them (STAC 1.1 `statistics`): whatever is no number counts as not known. */
export interface KnownStatistics {
  minimum?: unknown;
  maximum?: unknown;
  mean?: unknown;
  stddev?: unknown;
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Two standard deviations about the mean, within minimum and maximum; these where there is no mean. null: not known. */
export function stretchOf({ minimum, maximum, mean, stddev }: KnownStatistics): Range | null {
  const isSpread = isNumber(mean) && isNumber(stddev) && stddev > 0;
  const low = isSpread ? mean - 2 * stddev : Number.NEGATIVE_INFINITY;
  const high = isSpread ? mean + 2 * stddev : Number.POSITIVE_INFINITY;
  const least = isNumber(minimum) ? Math.max(minimum, low) : low;
  const most = isNumber(maximum) ? Math.min(maximum, high) : high;
  if (!Number.isFinite(least) || !Number.isFinite(most) || least > most) return null;
  // One value alone still needs two ends.
  return least === most ? [least, least + 1] : [least, most];
}

/** Of pixels themselves, without those that have no data. null: none has. */
export function stretchOfPixels(pixels: NumberArray, width: number, { nodata }: LayerBand): Range | null {
  const sum = sumStatistics(typeof nodata === 'bigint' ? Number(nodata) : nodata);
  sum.add(pixels, width);
  return stretchOf(sum.result(pixels.length));
}

const LIMITS: Record<DataType, Range> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  uint32: [0, 2 ** 32 - 1],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
  float32: [0, 1],
  float64: [0, 1],
};

/** All that a type can hold; of floats 0 to 1. */
export const stretchOfType = (type: DataType): Range => LIMITS[type];
