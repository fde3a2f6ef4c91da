/**
 * CF file -> layers, one a variable, time step and combination of other dimensions, north-up, values still packed.
 * CF 1.11. What lies on no regular grid is left out and told in `warnings`.
 */
import { UserError } from '../errors.ts';
import { describeBand } from './cf-band.ts';
import {
  type Combination,
  combinationsOf,
  countCombinations,
  dimensionName,
  type ExtraDimension,
  readExtra,
} from './cf-dimensions.ts';
import { type CfFile, textsOf, type Variable } from './cf-file.ts';
import { axisKind } from './cf-grid.ts';
import { dataVariables, type Placed, place } from './cf-place.ts';
import { compactInstant } from './cf-time.ts';
import { coverageTime, readTimes, scalarTime } from './cf-times.ts';
import { type CubeVariable, describeCube } from './cube.ts';
import { safeName, takeName } from './names.ts';
import { transposePixels, viewPixels } from './pixels.ts';
import type { DataType, Layer, LayerBand, LayerTime, OpenOptions, RasterFile } from './types.ts';

/** COGs that one file may become, and bands that one COG may have. */
const MOST_LAYERS = 50_000;
const MOST_BANDS = 4096;

/** What all variables of a file add to. */
interface Gathered {
  layers: Layer[];
  cube: CubeVariable[];
  warnings: string[];
  assets: Set<string>;
  keys: Set<string>;
}

/**
 * Closes the file when the raster is closed, or holds no layers.
 * @throws UserError for broken files, unknown variables in `only`, calendars that are not read, and files without any grid
 */
export async function openCf(file: CfFile, options: OpenOptions): Promise<RasterFile> {
  try {
    const gathered: Gathered = { layers: [], cube: [], warnings: [], assets: new Set(), keys: new Set() };
    for (const variable of wantedVariables(file, options.only)) {
      const placed = await place(file, variable);
      if (typeof placed === 'string') {
        gathered.warnings.push(`variable '${variable.name}' is left out: ${placed}`);
      } else await addLayers(file, placed, options, gathered);
    }
    const { layers, cube, warnings } = gathered;
    if (layers.length === 0) {
      throw new UserError(
        `${file.name} holds no variable on a regular grid${warnings.length > 0 ? `: ${warnings.join('; ')}` : ''}`,
      );
    }
    return {
      format: file.format,
      mediaType: file.mediaType,
      layers,
      cube: describeCube(cube),
      isWholeCube: options.cube === 'item' && cube.some(({ times }) => times.length > 1),
      attributes: textsOf(file.attributes),
      warnings,
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function wantedVariables(file: CfFile, only: string[] | undefined): Variable[] {
  const candidates = dataVariables(file);
  const names = candidates.map((variable) => variable.name);
  for (const name of only ?? []) {
    if (!names.includes(name)) {
      throw new UserError(`there is no variable '${name}'; ${file.name} has ${names.join(', ')}`);
    }
  }
  return candidates.filter((variable) => only?.includes(variable.name) ?? true);
}

async function timesOf(
  file: CfFile,
  { variable, time }: Placed,
  warnings: string[],
): Promise<(LayerTime | null)[]> {
  const coordinate = time === null ? undefined : file.variables.get(variable.dimensions[time]!);
  if (coordinate) return readTimes(file, coordinate, warnings);
  const hasTimeAxis = [...file.variables.values()].some((one) => axisKind(one) === 'time');
  const alone = await scalarTime(file, variable, warnings);
  return [alone ?? (hasTimeAxis ? null : coverageTime(file.attributes))];
}

/** @throws UserError when a variable would become more than is sane */
function mustBeFew(
  file: CfFile,
  { variable, extra, time }: Placed,
  { inBands, isWhole }: { inBands: boolean; isWhole: boolean },
  before: number,
): void {
  const combinations = countCombinations(variable, extra);
  const steps = time === null ? 1 : variable.shape[time]!;
  const counted = [...extra, ...(time === null ? [] : [time])]
    .filter((index) => variable.shape[index] !== 1)
    .map((index) => `${variable.shape[index]} ${dimensionName(variable, index)}`)
    .join(' x ');
  const bands = (inBands ? combinations : 1) * (isWhole ? steps : 1);
  if (bands > MOST_BANDS) {
    const option = isWhole ? '--cube item' : '--dimensions bands';
    throw new UserError(
      `${file.name} would become COGs of ${bands} bands (variable '${variable.name}': ${counted}), at most ${MOST_BANDS} are made; split the file, or leave out ${option}`,
    );
  }
  const layers = before + (steps * combinations) / bands;
  if (layers <= MOST_LAYERS) return;
  const way = !inBands && before + steps <= MOST_LAYERS ? '--dimensions bands makes fewer, or ' : '';
  throw new UserError(
    `${file.name} would become ${layers} COGs (variable '${variable.name}': ${counted}), at most ${MOST_LAYERS} are made of one file; ${way}split the file`,
  );
}

async function addLayers(
  file: CfFile,
  placed: Placed,
  { dimensions, cube: asked }: OpenOptions,
  { layers, cube, warnings, assets, keys }: Gathered,
): Promise<void> {
  const { variable } = placed;
  const inBands = dimensions === 'bands';
  const isWhole = asked === 'item';
  mustBeFew(file, placed, { inBands, isWhole }, layers.length);
  const band = describeBand(variable);
  const times = await timesOf(file, placed, warnings);
  const extras: ExtraDimension[] = [];
  for (const index of placed.extra) extras.push(await readExtra(file, variable, index));
  const combinations = combinationsOf(extras);
  const base = safeName(variable.name, 'variable');
  const whole = combinations.length === 1 || inBands ? takeName(base, assets) : base;
  const named = combinations.map((combination) => ({
    combination,
    band: combination.suffix === '' ? band : bandOf(band, combination),
  }));
  for (const group of inBands ? [named] : named.map((each) => [each])) {
    const suffix = inBands ? '' : group[0]!.combination.suffix;
    const asset = suffix === '' ? whole : takeName(base + suffix, assets);
    if (isWhole && times.length > 1) {
      layers.push(toWholeLayer(placed, takeName(asset, keys), asset, group, times));
      continue;
    }
    times.forEach((time, step) => {
      const key = time === null ? asset : `${asset}_${compactInstant(time.datetime)}`;
      layers.push(toLayer(placed, takeName(key, keys), asset, group, time, step));
    });
  }
  cube.push(toCubeVariable(placed, whole, band, extras, times));
}

const bandOf = (band: LayerBand, { suffix, label }: Combination): LayerBand => ({
  ...band,
  name: band.name + suffix,
  description: `${band.description ?? band.name}, ${label}`,
});

function toLayer(
  placed: Placed,
  key: string,
  asset: string,
  group: { combination: Combination; band: LayerBand }[],
  time: LayerTime | null,
  step: number,
): Layer {
  const { variable, grid } = placed;
  const { dataType } = group[0]!.band;
  return {
    key,
    asset,
    grid,
    bands: group.map(({ band }) => band),
    time,
    metadata: layerMetadata(variable, time),
    readRows: (band, row, count) =>
      readRows(placed, dataType, step, group[band]!.combination.steps, row, count),
  };
}

/** All times in bands of one, in the file's order. */
function toWholeLayer(
  placed: Placed,
  key: string,
  asset: string,
  group: { combination: Combination; band: LayerBand }[],
  times: (LayerTime | null)[],
): Layer {
  const told = times.filter((time) => time !== null);
  const start = told.map((time) => time.start ?? time.datetime).sort()[0]!;
  const end = told
    .map((time) => time.end ?? time.datetime)
    .sort()
    .at(-1)!;
  const time = { datetime: start, start, end };
  const names = new Set<string>();
  const bands = times.flatMap((each) =>
    group.map(({ band }) => ({
      ...band,
      name: takeName(`${band.name}_${compactInstant(each?.datetime ?? '')}`, names),
      description: `${band.description ?? band.name}, ${each?.datetime}`,
    })),
  );
  return {
    ...{ key, asset, grid: placed.grid, bands, time },
    metadata: layerMetadata(placed.variable, time),
    readRows: (band, row, count) => {
      const { combination, band: described } = group[band % group.length]!;
      const step = Math.floor(band / group.length);
      return readRows(placed, described.dataType, step, combination.steps, row, count);
    },
  };
}

async function readRows(
  { variable, x, y, time, mapping }: Placed,
  dataType: DataType,
  step: number,
  steps: Map<number, number>,
  row: number,
  count: number,
) {
  const [from, to] = mapping.storedRows(row, count);
  const stored = await variable.slice(
    variable.shape.map((length, index): [number, number] => {
      if (index === y) return [from, to];
      if (index === x) return [0, length];
      const at = index === time ? step : (steps.get(index) ?? 0);
      return [at, at + 1];
    }),
  );
  const pixels =
    dataType === variable.dataType
      ? stored
      : viewPixels(dataType, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  return mapping.arrange(x < y ? transposePixels(pixels, dataType, count) : pixels, count, dataType);
}

function toCubeVariable(
  { variable, x, y, time, grid, wkt }: Placed,
  name: string,
  band: LayerBand,
  extras: ExtraDimension[],
  times: (LayerTime | null)[],
): CubeVariable {
  return {
    name,
    band,
    dimensions: variable.dimensions.map((_, index) => dimensionName(variable, index)),
    x: dimensionName(variable, x),
    y: dimensionName(variable, y),
    time: time === null ? null : dimensionName(variable, time),
    extras,
    grid,
    times: times.filter((each) => each !== null),
    wkt,
  };
}

/** What GDAL keeps with a file: texts of the variable, and its time in STAC's words. */
function layerMetadata(variable: Variable, time: LayerTime | null): Record<string, string> {
  const out = textsOf(variable.attributes);
  for (const name of ['coordinates', 'grid_mapping', 'units', '_Unsigned']) delete out[name];
  if (time) {
    out.datetime = time.datetime;
    if (time.start !== undefined && time.end !== undefined) {
      out.start_datetime = time.start;
      out.end_datetime = time.end;
    }
  }
  return out;
}
