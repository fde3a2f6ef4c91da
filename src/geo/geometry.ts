/** GeoJSON geometries: checked before SQL sees them, because a failing GEOS call on the embedded database gives no rows and no error. RFC 7946 3.1. */

import { shown } from './shown.ts';

export interface Geometry {
  type: string;
  coordinates?: unknown;
  geometries?: Geometry[];
}

/** Points that one geometry may have in a search. */
const MOST_POSITIONS = 100_000;
const DEEPEST_COLLECTION = 8;

/** Dimensions of `coordinates`: 0 a position, 1 a list of them, ... */
const DEPTH: Record<string, number> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3,
};

interface Walk {
  /** Positions are longitude and latitude. */
  inDegrees: boolean;
  positions: number;
  path: string;
}

function checkPosition(value: unknown, walk: Walk): string | null {
  if (!Array.isArray(value) || value.length < 2) return `${walk.path}: a position has 2 or 3 numbers`;
  if (!value.every((part) => typeof part === 'number' && Number.isFinite(part))) {
    return `${walk.path}: ${shown(value)} is no position of numbers`;
  }
  walk.positions++;
  if (!walk.inDegrees) return null;
  const [lon, lat] = value as [number, number];
  if (lat < -90 || lat > 90)
    return `${walk.path}: latitude ${lat} is beyond 90 degrees (positions are lon, lat)`;
  if (lon < -360 || lon > 360) return `${walk.path}: longitude ${lon} is beyond 360 degrees`;
  return null;
}

function isClosed(ring: unknown[]): boolean {
  const [first, last] = [ring[0], ring.at(-1)] as [number[], number[]];
  return first[0] === last[0] && first[1] === last[1];
}

function checkCoordinates(value: unknown, depth: number, type: string, walk: Walk): string | null {
  if (depth === 0) return checkPosition(value, walk);
  if (!Array.isArray(value) || value.length === 0) return `${walk.path}: expected a list that is not empty`;
  const { path } = walk;
  for (const [index, part] of value.entries()) {
    walk.path = `${path}[${index}]`;
    const fault = checkCoordinates(part, depth - 1, type, walk);
    if (fault) return fault;
  }
  walk.path = path;
  if (depth !== 1) return null;
  if (type.endsWith('Polygon')) {
    if (value.length < 4) return `${path}: a ring has at least 4 positions`;
    if (!isClosed(value)) return `${path}: the ring is not closed (first and last position differ)`;
  }
  if (type.endsWith('LineString') && value.length < 2) return `${path}: a line has at least 2 positions`;
  return null;
}

function check(geometry: unknown, depth: number, walk: Walk): string | null {
  if (typeof geometry !== 'object' || geometry === null || Array.isArray(geometry)) {
    return `${walk.path || 'geometry'}: expected a GeoJSON geometry object`;
  }
  const { type, coordinates, geometries } = geometry as Geometry;
  const { path } = walk;
  if (type === 'GeometryCollection') {
    if (!Array.isArray(geometries)) return `${path}geometries: expected a list of geometries`;
    if (depth >= DEEPEST_COLLECTION) return `${path}geometries: nested deeper than ${DEEPEST_COLLECTION}`;
    for (const [index, part] of geometries.entries()) {
      walk.path = `${path}geometries[${index}].`;
      const fault = check(part, depth + 1, walk);
      if (fault) return fault;
    }
    return null;
  }
  const dimensions = typeof type === 'string' && Object.hasOwn(DEPTH, type) ? DEPTH[type] : undefined;
  if (dimensions === undefined) {
    return `${path}type: ${shown(type)} is none of ${Object.keys(DEPTH).join(', ')}, GeometryCollection`;
  }
  walk.path = `${path}coordinates`;
  return checkCoordinates(coordinates, dimensions, type, walk);
}

function faultOf(geometry: unknown, inDegrees: boolean): string | null {
  const walk: Walk = { inDegrees, positions: 0, path: '' };
  const fault = check(geometry, 0, walk);
  if (fault) return fault;
  return walk.positions > MOST_POSITIONS
    ? `it has ${walk.positions} positions, at most ${MOST_POSITIONS} are accepted`
    : null;
}

/** What is wrong with a GeoJSON geometry, with the path of the fault, or null when nothing is. */
export const geometryFault = (geometry: unknown): string | null => faultOf(geometry, true);

/** The same for a geometry of any CRS, whose numbers may be metres. */
export const shapeFault = (geometry: unknown): string | null => faultOf(geometry, false);

type Position = number[];

function plainCoordinates(value: unknown, depth: number): unknown {
  if (depth === 0) return (value as Position).slice(0, 3);
  return (value as unknown[]).map((part) => plainCoordinates(part, depth - 1));
}

/** A checked geometry without foreign members and fourth numbers: PostGIS takes "Coordinates" for "coordinates", and reads `crs`. */
export function plainGeometry({ type, coordinates, geometries }: Geometry): Geometry {
  if (geometries !== undefined && type === 'GeometryCollection') {
    return { type, geometries: geometries.map(plainGeometry) };
  }
  return { type, coordinates: plainCoordinates(coordinates, DEPTH[type] as number) };
}

/** Each list of positions of a checked geometry; a position that stands alone is a list of one. */
function positionLists({ type, coordinates, geometries }: Geometry): Position[][] {
  if (type === 'GeometryCollection') return (geometries ?? []).flatMap(positionLists);
  if (type === 'Point') return [[coordinates as Position]];
  if (type === 'MultiPoint') return (coordinates as Position[]).map((position) => [position]);
  const depth = DEPTH[type] as number;
  return depth === 1
    ? [coordinates as Position[]]
    : ((coordinates as unknown[]).flat(depth - 2) as Position[][]);
}

/**
 * What of a checked geometry lies on longitude 180 or -180, said with both, for they are one place; null when nothing does.
 */
export function onAntimeridian(geometry: Geometry): Geometry | null {
  const points: number[] = [];
  const edges: [number, number][] = [];
  for (const positions of positionLists(geometry)) {
    for (const [index, [lon, lat]] of (positions as [number, number][]).entries()) {
      if (Math.abs(lon) !== 180) continue;
      points.push(lat);
      const next = positions[index + 1] as [number, number] | undefined;
      if (next?.[0] === lon && next[1] !== lat) edges.push([lat, next[1]]);
    }
  }
  if (points.length === 0) return null;
  const sides = [180, -180];
  const parts: Geometry[] = [
    { type: 'MultiPoint', coordinates: sides.flatMap((lon) => points.map((lat) => [lon, lat])) },
  ];
  if (edges.length > 0) {
    const lines = sides.flatMap((lon) => edges.map((edge) => edge.map((lat) => [lon, lat])));
    parts.push({ type: 'MultiLineString', coordinates: lines });
  }
  return { type: 'GeometryCollection', geometries: parts };
}
