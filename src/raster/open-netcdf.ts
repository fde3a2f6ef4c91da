/**
 * NetCDF-4 file -> layers, one a variable and time step, north-up, values still packed. CF 1.11; NetCDF-4 on HDF5.
 * What lies on no regular grid is left out and told in `warnings`.
 */
import { UserError } from '../errors.ts';
import { crsOfMapping } from './cf-crs.ts';
import { axisKind, type GridMapping, lengthFactor, mapGrid, readAxis } from './cf-grid.ts';
import { compactInstant } from './cf-time.ts';
import { type CubeVariable, describeCube } from './cube.ts';
import { type Attributes, type Hdf5File, numberAt, openHdf5, textAt, type Variable } from './hdf5-file.ts';
import { safeName, takeName } from './names.ts';
import { coverageTime, findVariable, readTimes, scalarTime } from './netcdf-times.ts';
import { nodataOf, viewPixels } from './pixels.ts';
import type { DataType, Grid, Layer, LayerBand, LayerTime, OpenOptions, RasterFile } from './types.ts';

const UNSIGNED: Partial<Record<DataType, DataType>> = {
  int8: 'uint8',
  int16: 'uint16',
  int32: 'uint32',
  int64: 'uint64',
};

/** A data variable and where its dimensions stand. */
interface Placed {
  variable: Variable;
  x: number;
  y: number;
  time: number | null;
  mapping: GridMapping;
  grid: Grid;
  wkt: string | null;
}

/** @throws UserError for broken files, unknown variables in `only`, calendars that are not read, and files without any grid */
export async function openNetcdf(path: string, options: OpenOptions): Promise<RasterFile> {
  const file = await openHdf5(path);
  try {
    const warnings: string[] = [];
    const candidates = dataVariables(file);
    const names = candidates.map((variable) => variable.name);
    for (const name of options.only ?? []) {
      if (!names.includes(name)) {
        throw new UserError(`there is no variable '${name}'; ${file.name} has ${names.join(', ')}`);
      }
    }
    const wanted = candidates.filter((variable) => options.only?.includes(variable.name) ?? true);
    const layers: Layer[] = [];
    const cube: CubeVariable[] = [];
    const takenAssets = new Set<string>();
    for (const variable of wanted) {
      const placed = place(file, variable);
      if (typeof placed === 'string') {
        warnings.push(`variable '${variable.name}' is left out: ${placed}`);
        continue;
      }
      addLayers(file, placed, takeName(safeName(variable.name, 'variable'), takenAssets), layers, cube);
    }
    if (layers.length === 0) {
      throw new UserError(
        `${file.name} holds no variable on a regular grid${warnings.length > 0 ? `: ${warnings.join('; ')}` : ''}`,
      );
    }
    return {
      format: 'NetCDF',
      mediaType: 'application/netcdf',
      layers,
      cube: describeCube(cube),
      attributes: textsOf(file.attributes),
      warnings,
      close: async () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Variables that are neither coordinates, nor bounds, nor grid mappings, nor single values. */
function dataVariables(file: Hdf5File): Variable[] {
  const apart = new Set<Variable | undefined>();
  for (const variable of file.variables.values()) {
    const { attributes, path } = variable;
    if (variable.dimensions.length === 1 && variable.dimensions[0] === path) apart.add(variable);
    for (const name of ['bounds', 'climatology']) {
      const other = textAt(attributes, name);
      if (other !== null) apart.add(findVariable(file, path, other));
    }
    const mapping = mappingName(attributes);
    if (mapping !== null) apart.add(findVariable(file, path, mapping));
    for (const name of (textAt(attributes, 'coordinates') ?? '').split(/\s+/)) {
      if (name !== '') apart.add(findVariable(file, path, name));
    }
  }
  return [...file.variables.values()].filter(
    (variable) => !apart.has(variable) && variable.shape.length >= 2 && variable.dataType !== null,
  );
}

function mappingName(attributes: Attributes): string | null {
  return textAt(attributes, 'grid_mapping')?.trim().split(/[\s:]/)[0] || null;
}

/** Grid of a variable, or why it has none. */
function place(file: Hdf5File, variable: Variable): Placed | string {
  const { dimensions, shape } = variable;
  const coordinates = dimensions.map((path) => file.variables.get(path));
  const kinds = coordinates.map((coordinate) => (coordinate ? axisKind(coordinate) : 'other'));
  const x = kinds.findIndex((kind) => kind === 'longitude' || kind === 'x');
  const y = kinds.findIndex((kind) => kind === 'latitude' || kind === 'y');
  if (x < 0 || y < 0) return 'it has no lat/lon or projected x/y dimensions with coordinates';
  if (x < y) return 'its x dimension comes before its y dimension';
  const geographic = kinds[x] === 'longitude';
  if (geographic !== (kinds[y] === 'latitude')) return 'its dimensions mix degrees and projected coordinates';
  const timeAt = kinds.indexOf('time');
  const extra = dimensions.findIndex((_, index) => ![x, y, timeAt].includes(index) && shape[index] !== 1);
  if (extra >= 0) {
    const name = dimensions[extra]!.split('/').at(-1) || `${extra}`;
    return `its dimension '${name}' has ${shape[extra]} steps beside time and space`;
  }
  const name = mappingName(variable.attributes);
  const attributes = name === null ? null : (findVariable(file, variable.path, name)?.attributes ?? null);
  const crs = crsOfMapping(attributes, geographic);
  if (crs === null) return `its grid mapping '${String(attributes?.grid_mapping_name ?? name)}' is not read`;
  const axes = [x, y].map((index) => {
    const coordinate = coordinates[index]!;
    const factor = geographic ? 1 : lengthFactor(coordinate.attributes, attributes ?? {});
    if (factor === null) return `'${coordinate.name}' is in units that are no lengths`;
    const bounds = textAt(coordinate.attributes, 'bounds');
    return readAxis(
      coordinate,
      bounds === null ? undefined : findVariable(file, coordinate.path, bounds),
      factor,
    );
  });
  const [axisX, axisY] = axes;
  if (typeof axisX !== 'object') return axisX ?? 'no x axis';
  if (typeof axisY !== 'object') return axisY ?? 'no y axis';
  const mapping = mapGrid(axisX, axisY, geographic);
  const wkt =
    attributes === null ? null : (textAt(attributes, 'crs_wkt') ?? textAt(attributes, 'spatial_ref'));
  return { variable, x, y, time: timeAt < 0 ? null : timeAt, mapping, grid: { ...mapping.grid, crs }, wkt };
}

function addLayers(
  file: Hdf5File,
  placed: Placed,
  asset: string,
  layers: Layer[],
  cube: CubeVariable[],
): void {
  const { variable, grid } = placed;
  const band = describeBand(variable);
  const timeVariable =
    placed.time === null ? undefined : file.variables.get(variable.dimensions[placed.time]!);
  const hasTimeAxis = [...file.variables.values()].some((one) => axisKind(one) === 'time');
  const alone = () => scalarTime(file, variable) ?? (hasTimeAxis ? null : coverageTime(file.attributes));
  const times: (LayerTime | null)[] = timeVariable ? readTimes(file, timeVariable) : [alone()];
  const taken = new Set<string>();
  times.forEach((time, step) => {
    const key = time === null ? asset : `${asset}_${compactInstant(time.datetime)}`;
    layers.push({
      key: takeName(key, taken),
      asset,
      grid,
      bands: [band],
      time,
      metadata: layerMetadata(variable, time),
      readRows: (_band, row, count) => readRows(placed, band.dataType, step, row, count),
    });
  });
  const name = (index: number) => variable.dimensions[index]!.split('/').at(-1)!;
  cube.push({
    name: asset,
    band,
    dimensions: {
      x: name(placed.x),
      y: name(placed.y),
      time: placed.time === null ? null : name(placed.time),
    },
    grid,
    times: times.filter((time) => time !== null),
    wkt: placed.wkt,
  });
}

async function readRows(placed: Placed, dataType: DataType, step: number, row: number, count: number) {
  const { variable, x, y, time, mapping } = placed;
  const [from, to] = mapping.storedRows(row, count);
  const stored = variable.slice(
    variable.shape.map((length, index): [number, number] => {
      if (index === y) return [from, to];
      if (index === x) return [0, length];
      return index === time ? [step, step + 1] : [0, 1];
    }),
  );
  const pixels =
    dataType === variable.dataType
      ? stored
      : viewPixels(dataType, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
  return mapping.arrange(pixels, count, dataType);
}

function describeBand(variable: Variable): LayerBand {
  const { attributes } = variable;
  const unsigned = String(attributes._Unsigned ?? '').toLowerCase() === 'true';
  const storedType = variable.dataType!;
  const dataType = (unsigned ? UNSIGNED[storedType] : undefined) ?? storedType;
  const fill = attributes._FillValue ?? attributes.missing_value;
  const first = Array.isArray(fill) ? fill[0] : fill;
  let nodata: LayerBand['nodata'] = first === undefined ? null : nodataOf(first, dataType);
  if (dataType !== storedType && first !== undefined && Number(first) < 0) {
    const bits = storedType === 'int8' ? 8 : storedType === 'int16' ? 16 : storedType === 'int32' ? 32 : 64;
    nodata = nodataOf(BigInt.asUintN(bits, BigInt(first)), dataType);
  }
  const scale = numberAt(attributes, 'scale_factor');
  const offset = numberAt(attributes, 'add_offset');
  const packed = scale !== null || offset !== null;
  const name = variable.name.split('/').at(-1)!;
  return {
    name,
    dataType,
    nodata,
    scale: packed ? (scale ?? 1) : null,
    offset: packed ? (offset ?? 0) : null,
    unit: textAt(attributes, 'units'),
    description: textAt(attributes, 'long_name') ?? textAt(attributes, 'standard_name') ?? name,
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

function textsOf(attributes: Attributes): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string' && value !== '') out[name] = value;
  }
  return out;
}
