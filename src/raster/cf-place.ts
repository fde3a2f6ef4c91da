/** CF variable -> where its dimensions stand and its grid, or why it has none. CF 1.11 sections 4 and 5. */
import { crsOfMapping } from './cf-crs.ts';
import { dimensionName } from './cf-dimensions.ts';
import { type Attributes, type CfFile, findVariable, textAt, type Variable } from './cf-file.ts';
import { axisKind, type GridMapping, lengthFactor, mapGrid, readAxis } from './cf-grid.ts';
import type { Grid } from './types.ts';

/** A data variable and where its dimensions stand. */
export interface Placed {
  variable: Variable;
  x: number;
  y: number;
  time: number | null;
  /** Dimensions that are neither time nor space. */
  extra: number[];
  mapping: GridMapping;
  grid: Grid;
  wkt: string | null;
}

/** Variables that are neither coordinates, nor bounds, nor grid mappings, nor single values. */
export function dataVariables(file: CfFile): Variable[] {
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

/** The dimension of the times that maps are of; another one (of forecast runs) is a dimension like others. */
function timeAmong(coordinates: (Variable | undefined)[], kinds: string[]): number | null {
  const places = kinds.flatMap((kind, index) => (kind === 'time' ? [index] : []));
  const named = places.find(
    (index) => textAt(coordinates[index]?.attributes ?? {}, 'standard_name') === 'time',
  );
  return named ?? places[0] ?? null;
}

/** @returns why it has no grid, as text */
export async function place(file: CfFile, variable: Variable): Promise<Placed | string> {
  const { dimensions, shape } = variable;
  const coordinates = dimensions.map((path) => file.variables.get(path));
  const kinds = coordinates.map((coordinate) => (coordinate ? axisKind(coordinate) : 'other'));
  const x = kinds.findIndex((kind) => kind === 'longitude' || kind === 'x');
  const y = kinds.findIndex((kind) => kind === 'latitude' || kind === 'y');
  if (dimensions.every((path) => path === '')) return 'its dimensions have no names, and so no coordinates';
  if (x < 0 || y < 0) return 'it has no lat/lon or projected x/y dimensions with coordinates';
  const geographic = kinds[x] === 'longitude';
  if (geographic !== (kinds[y] === 'latitude')) return 'its dimensions mix degrees and projected coordinates';
  const time = timeAmong(coordinates, kinds);
  const extra = dimensions.flatMap((_, index) => ([x, y, time].includes(index) ? [] : [index]));
  const empty = shape.indexOf(0);
  if (empty >= 0) return `its dimension '${dimensionName(variable, empty)}' is empty`;
  const name = mappingName(variable.attributes);
  const attributes = name === null ? null : (findVariable(file, variable.path, name)?.attributes ?? null);
  const crs = crsOfMapping(attributes, geographic);
  if (crs === null) return `its grid mapping '${String(attributes?.grid_mapping_name ?? name)}' is not read`;
  const axis = async (index: number) => {
    const coordinate = coordinates[index]!;
    const factor = geographic ? 1 : lengthFactor(coordinate.attributes, attributes ?? {});
    if (factor === null) return `'${coordinate.name}' is in units that are no lengths`;
    if (coordinate.shape.length !== 1 || coordinate.shape[0] !== shape[index])
      return `'${coordinate.name}' is not one coordinate for each step`;
    const bounds = textAt(coordinate.attributes, 'bounds');
    const edges = bounds === null ? undefined : findVariable(file, coordinate.path, bounds);
    return readAxis(coordinate, edges, factor);
  };
  const axisX = await axis(x);
  if (typeof axisX === 'string') return axisX;
  const axisY = await axis(y);
  if (typeof axisY === 'string') return axisY;
  const mapping = mapGrid(axisX, axisY, geographic);
  const wkt =
    attributes === null ? null : (textAt(attributes, 'crs_wkt') ?? textAt(attributes, 'spatial_ref'));
  return { variable, x, y, time, extra, mapping, grid: { ...mapping.grid, crs }, wkt };
}
