/**
 * Dimensions of a variable beside time and space (level, ensemble member, wavelength) -> their values, and the
 * combinations of these that a map is of. CF 1.11 sections 4.3 and 6.1.
 */
import { type CfFile, textAt, type Variable } from './cf-file.ts';
import { safeName } from './names.ts';

export interface ExtraDimension {
  /** Its place among the variable's dimensions. */
  index: number;
  name: string;
  kind: 'vertical' | 'bands' | 'other';
  /** One for each step; the step's number where there is no coordinate. */
  values: (number | string)[];
  unit: string | null;
  description: string | null;
}

/** One step of each extra dimension. */
export interface Combination {
  /** By place among the variable's dimensions. */
  steps: Map<number, number>;
  /** "_level850_number3"; empty where each dimension has a single step. */
  suffix: string;
  /** "level 850 hPa, number 3" */
  label: string;
}

/** Of a suffix that is put together of values, in characters; longer ones count steps instead. */
const LONGEST_SUFFIX = 100;

/** Name of the dimension at a place. */
export function dimensionName({ dimensions }: Variable, index: number): string {
  return dimensions[index]?.split('/').at(-1) || `dim${index}`;
}

/** @throws UserError when its coordinate cannot be read */
export async function readExtra(file: CfFile, variable: Variable, index: number): Promise<ExtraDimension> {
  const length = variable.shape[index]!;
  const path = variable.dimensions[index]!;
  const found = path === '' ? undefined : file.variables.get(path);
  const coordinate = found?.shape.length === 1 && found.shape[0] === length ? found : undefined;
  const name = dimensionName(variable, index);
  const values = (coordinate && (await valuesOf(coordinate))) ?? Array.from({ length }, (_, step) => step);
  return {
    index,
    name,
    kind: coordinate ? kindOf(coordinate) : 'other',
    values,
    unit: coordinate ? textAt(coordinate.attributes, 'units') : null,
    description: coordinate ? textAt(coordinate.attributes, 'long_name') : null,
  };
}

/** Null when they tell no step from another: fill values, or nothing that can be written. */
async function valuesOf(coordinate: Variable): Promise<(number | string)[] | null> {
  if (coordinate.texts) return coordinate.texts();
  if (coordinate.dataType === null) return null;
  const stored = Array.from((await coordinate.values()) as Float64Array, Number);
  if (!stored.every(Number.isFinite)) return null;
  return coordinate.dataType === 'float32' ? stored.map(shortest) : stored;
}

/** The shortest decimal that is the same float32. */
function shortest(value: number): number {
  for (let digits = 1; digits <= 9; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return candidate;
  }
  return value;
}

/** Vertical by axis, `positive` or units of pressure (CF 4.3); spectral bands by standard name. */
function kindOf({ attributes, name }: Variable): ExtraDimension['kind'] {
  const standard = textAt(attributes, 'standard_name') ?? '';
  const units = textAt(attributes, 'units') ?? '';
  if (/wavelength|^sensor_band_identifier$/.test(standard)) return 'bands';
  if (textAt(attributes, 'axis') === 'Z' || textAt(attributes, 'positive') !== null) return 'vertical';
  if (/^(hPa|Pa|kPa|mbar|millibars?|bar|dbar|decibars?|atm)$/.test(units)) return 'vertical';
  if (/^(air_pressure|altitude|height|depth|model_level_number)$/.test(standard)) return 'vertical';
  return /^(band|bands|wavelength)$/i.test(name.split('/').at(-1)!) ? 'bands' : 'other';
}

/** How many combinations there are. */
export const countCombinations = ({ shape }: Variable, places: readonly number[]): number =>
  places.reduce((product, index) => product * shape[index]!, 1);

/** All combinations in the file's order, the last dimension the fastest. */
export function combinationsOf(extras: readonly ExtraDimension[]): Combination[] {
  let lists: number[][] = [[]];
  for (const { values } of extras) {
    lists = lists.flatMap((list) => values.map((_, step) => [...list, step]));
  }
  const several = extras.flatMap(({ values }, at) => (values.length > 1 ? [at] : []));
  return lists.map((list) => ({
    steps: new Map(extras.map(({ index }, at) => [index, list[at]!])),
    suffix: suffixOf(several.map((at) => ({ extra: extras[at]!, step: list[at]! }))),
    label: several.map((at) => labelOf(extras[at]!, list[at]!)).join(', '),
  }));
}

function suffixOf(steps: { extra: ExtraDimension; step: number }[]): string {
  const parts = steps.map(({ extra: { name, values }, step }) => {
    const value = values[step]!;
    const text = typeof value === 'number' ? String(value).replace('+', '') : safeName(value, `${step}`);
    return `_${safeName(name, 'dim')}${text}`;
  });
  const suffix = parts.join('');
  return suffix.length <= LONGEST_SUFFIX ? suffix : steps.map(({ step }) => `_${step}`).join('');
}

function labelOf({ name, values, unit }: ExtraDimension, step: number): string {
  return `${name} ${values[step]}${unit === null || unit === '1' ? '' : ` ${unit}`}`;
}
