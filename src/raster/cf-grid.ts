/**
 * CF coordinate variables -> pixel grid, and where each of its pixels is stored. CF 1.11 sections 4.1, 4.2 and 5.
 * Coordinates are pixel centres; the transform is of the corner. Row 0 becomes north, longitudes -180..180.
 */
import { type Attributes, numberAt, textAt, type Variable } from './cf-file.ts';
import { copyPixels, makePixels } from './pixels.ts';
import type { DataType, Grid, PixelArray } from './types.ts';

export type AxisKind = 'longitude' | 'latitude' | 'x' | 'y' | 'time' | 'other';

/** An axis as stored: evenly spaced centres. */
export interface Axis {
  first: number;
  step: number;
  length: number;
}

/** What a coordinate variable is, by units, standard name, axis attribute, then by name. */
export function axisKind(variable: Variable): AxisKind {
  const units = textAt(variable.attributes, 'units') ?? '';
  const standard = textAt(variable.attributes, 'standard_name') ?? '';
  const axis = textAt(variable.attributes, 'axis') ?? '';
  const name = variable.name.split('/').at(-1)!.toLowerCase();
  if (/\bsince\b/i.test(units) || standard === 'time') return 'time';
  if (standard.startsWith('grid_')) return 'other';
  if (standard === 'longitude' || /^degrees?_?(east|E)$/.test(units)) return 'longitude';
  if (standard === 'latitude' || /^degrees?_?(north|N)$/.test(units)) return 'latitude';
  if (/^projection_x_/.test(standard) || axis === 'X') return /^lon/.test(name) ? 'longitude' : 'x';
  if (/^projection_y_/.test(standard) || axis === 'Y') return /^lat/.test(name) ? 'latitude' : 'y';
  if (standard !== '' || axis !== '') return 'other';
  if (/^lon(gitude)?$/.test(name)) return 'longitude';
  if (/^lat(itude)?$/.test(name)) return 'latitude';
  if (/^(x|xc|easting)$/.test(name)) return 'x';
  if (/^(y|yc|northing)$/.test(name)) return 'y';
  return 'other';
}

/** Even spacing of a coordinate variable, or the reason why there is none. */
export async function readAxis(
  variable: Variable,
  bounds: Variable | undefined,
  factor: number,
): Promise<Axis | string> {
  const stored = await variable.values();
  const values = Float64Array.from(stored as Float64Array, (value) => Number(value) * factor);
  const length = values.length;
  const first = values[0];
  const last = values[length - 1];
  if (first === undefined || last === undefined) return `dimension '${variable.name}' is empty`;
  if (length === 1) {
    const edges = bounds?.shape[0] === 1 && bounds.shape[1] === 2 ? await bounds.values() : null;
    const step = edges ? (Number(edges[1]) - Number(edges[0])) * factor : 0;
    if (!step) return `'${variable.name}' has a single value and no bounds, so its spacing is unknown`;
    return { first, step, length };
  }
  const largest = Math.max(Math.abs(first), Math.abs(last));
  const precision = largest * (variable.dataType === 'float32' ? 2 ** -22 : 2 ** -48);
  const rawStep = (last - first) / (length - 1);
  if (!Number.isFinite(rawStep) || rawStep === 0) return `'${variable.name}' does not rise or fall`;
  const tolerance = Math.max(Math.abs(rawStep) * 0.01, precision);
  for (let index = 0; index < length; index += 1) {
    if (!(Math.abs(values[index]! - (first + index * rawStep)) <= tolerance)) {
      return `'${variable.name}' is not evenly spaced`;
    }
  }
  const step = snapStep(rawStep, (2 * precision) / (length - 1));
  return { first: snapFirst(first, step, precision), step, length };
}

/** The shortest decimal, or multiple of half a step, that the stored coordinate cannot be told from. */
function snapFirst(first: number, step: number, precision: number): number {
  for (let digits = 0; digits <= 10; digits += 1) {
    const candidate = Number(first.toFixed(digits));
    if (Math.abs(candidate - first) <= precision) return candidate;
  }
  const half = step / 2;
  const multiple = Math.round(first / half) * half;
  return Math.abs(multiple - first) <= precision ? multiple : first;
}

/** The shortest decimal, or whole fraction of a degree, that the stored coordinates cannot tell from the step. */
function snapStep(step: number, tolerance: number): number {
  const allowed = Math.max(tolerance, Math.abs(step) * 1e-12);
  for (let digits = 0; digits <= 10; digits += 1) {
    const candidate = Number(step.toFixed(digits));
    if (candidate !== 0 && Math.abs(candidate - step) <= allowed) return candidate;
  }
  const parts = Math.round(1 / Math.abs(step));
  const fraction = parts > 0 ? Math.sign(step) / parts : 0;
  return fraction !== 0 && Math.abs(fraction - step) <= allowed ? fraction : step;
}

/** Metres in a unit of projected coordinates; null for units that are no lengths. Geostationary radians take the height. */
export function lengthFactor(attributes: Attributes, mapping: Attributes): number | null {
  const units = (textAt(attributes, 'units') ?? 'm').trim();
  if (/^(m|met(er|re)s?|1)$/i.test(units)) return 1;
  if (/^(km|kilomet(er|re)s?)$/i.test(units)) return 1000;
  if (/^rad(ians?)?$/i.test(units)) return numberAt(mapping, 'perspective_point_height');
  return null;
}

export interface GridMapping {
  /** Without CRS. */
  grid: Pick<Grid, 'width' | 'height' | 'transform'>;
  /** Rows [row, row + count) of the grid -> the same rows as stored, and back in the grid's order. */
  storedRows(row: number, count: number): [number, number];
  arrange(stored: PixelArray, count: number, dataType: DataType): PixelArray;
}

/** Axes as stored -> grid with row 0 in the north and column 0 in the west. */
export function mapGrid(x: Axis, y: Axis, geographic: boolean): GridMapping {
  const flipY = y.step > 0;
  const flipX = x.step < 0;
  const width = x.length;
  const height = y.length;
  const stepX = Math.abs(x.step);
  const stepY = Math.abs(y.step);
  let west = tidy(Math.min(x.first, x.first + x.step * (width - 1)) - stepX / 2);
  const north = tidy(Math.max(y.first, y.first + y.step * (height - 1)) + stepY / 2);
  let roll = 0;
  if (geographic) {
    const spansGlobe = stepX * width > 360 - stepX / 2;
    const centre = west + stepX / 2;
    if (west >= 180 - 1e-9) west = tidy(west - 360);
    else if (spansGlobe && west + stepX * width > 180 + stepX) {
      // The first column whose centre lies at or beyond 180 becomes the westernmost.
      roll = Math.ceil((180 - centre) / stepX - 1e-9);
      west = tidy(west + roll * stepX - 360);
    }
  }
  return {
    grid: { width, height, transform: [stepX, 0, west, 0, -stepY, north] },
    storedRows: (row, count) => (flipY ? [height - row - count, height - row] : [row, row + count]),
    arrange(stored, count, dataType) {
      if (!flipY && !flipX && roll === 0) return stored;
      const out = makePixels(dataType, stored.length);
      for (let row = 0; row < count; row += 1) {
        const from = (flipY ? count - 1 - row : row) * width;
        const line = stored.subarray(from, from + width);
        if (flipX) line.reverse();
        copyPixels(out, line.subarray(roll), row * width);
        if (roll > 0) copyPixels(out, line.subarray(0, roll), row * width + width - roll);
      }
      return out;
    },
  };
}

/** Sums of decimals without their last-bit noise. */
function tidy(value: number): number {
  const rounded = Math.round(value * 1e10) / 1e10;
  return Math.abs(rounded - value) < 1e-11 * Math.max(1, Math.abs(value)) ? rounded : value;
}
