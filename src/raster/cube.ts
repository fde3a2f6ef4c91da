/** Variables, grids and times of a cube -> STAC datacube v2.3.0 fields. Extents are the outer edges of cells. */
import type { ExtraDimension } from './cf-dimensions.ts';
import type { Crs, CubeDescription, Grid, LayerBand, LayerTime } from './types.ts';

export interface CubeVariable {
  name: string;
  band: LayerBand;
  /** Dimension names, slowest first. */
  dimensions: string[];
  /** Which of them are what. */
  x: string;
  y: string;
  time: string | null;
  extras: ExtraDimension[];
  grid: Grid;
  times: LayerTime[];
  /** WKT from the file, for CRSs without an EPSG code. */
  wkt: string | null;
}

/** Null when there is no variable to describe. */
export function describeCube(variables: CubeVariable[]): CubeDescription | null {
  if (variables.length === 0) return null;
  const dimensions: Record<string, unknown> = {};
  const described: Record<string, unknown> = {};
  for (const variable of variables) {
    const { x, y, time } = variable;
    const [stepX, , west, , stepY, north] = variable.grid.transform;
    const { width, height, crs } = variable.grid;
    const system = referenceSystem(crs, variable.wkt);
    dimensions[x] ??= {
      type: 'spatial',
      axis: 'x',
      extent: [west, edge(west, width, stepX)],
      step: stepX,
      ...system,
    };
    dimensions[y] ??= {
      type: 'spatial',
      axis: 'y',
      extent: [edge(north, height, stepY), north],
      step: -stepY,
      ...system,
    };
    if (time !== null) dimensions[time] ??= temporal(variable.times);
    for (const extra of variable.extras) dimensions[extra.name] ??= additional(extra);
    const { description, unit, nodata, dataType } = variable.band;
    described[variable.name] = {
      dimensions: variable.dimensions,
      type: 'data',
      variable_type: 'data',
      data_type: dataType,
      ...(description !== null && { description }),
      ...(unit !== null && { unit }),
      ...(nodata !== null && { nodata: nodataValue(nodata) }),
    };
  }
  return { 'cube:dimensions': dimensions, 'cube:variables': described };
}

/** first + count * step without the last-bit noise of decimals. */
function edge(first: number, count: number, step: number): number {
  const value = first + count * step;
  const rounded = Math.round(value * 1e9) / 1e9;
  return Math.abs(rounded - value) < 1e-9 ? rounded : value;
}

function referenceSystem(crs: Crs, wkt: string | null): { reference_system?: number | string } {
  if (crs.epsg !== null) return { reference_system: crs.epsg };
  return wkt === null ? {} : { reference_system: wkt };
}

function temporal(times: LayerTime[]): Record<string, unknown> {
  const starts = times.map((time) => time.start ?? time.datetime).sort();
  const ends = times.map((time) => time.end ?? time.datetime).sort();
  return {
    type: 'temporal',
    extent: [starts[0] ?? null, ends.at(-1) ?? null],
    values: times.map((time) => time.datetime),
  };
}

/** Vertical ones are spatial, of axis z. */
function additional({ kind, values, unit, description }: ExtraDimension): Record<string, unknown> {
  return {
    ...(kind === 'vertical' ? { type: 'spatial', axis: 'z' } : { type: kind }),
    ...(description !== null && { description }),
    values,
    ...(unit !== null && { unit }),
  };
}

function nodataValue(nodata: number | bigint | 'nan'): number | string {
  if (nodata === 'nan') return 'nan';
  const number = Number(nodata);
  if (Number.isFinite(number)) return number;
  return number > 0 ? 'inf' : '-inf';
}
