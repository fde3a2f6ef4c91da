/**
 * Pixel grid -> footprint in WGS 84: GeoJSON geometry and bbox. RFC 7946 sections 3.1.6, 3.1.9 and 5.2.
 * Projected edges are curved in lon/lat, so each is followed by 21 points.
 */
import proj4 from 'proj4';
import type { Corner } from './outline.ts';

/** As much of a raster's grid as this needs. `transform` is affine row-major, outer corner of pixel (0, 0) first. */
export interface FootprintGrid {
  width: number;
  height: number;
  transform: readonly [number, number, number, number, number, number];
  crs: { epsg: number | null; proj4: string | null };
}

type Position = [number, number];

export interface Footprint {
  geometry:
    | { type: 'Polygon'; coordinates: Position[][] }
    | { type: 'MultiPolygon'; coordinates: Position[][][] };
  /** west, south, east, north in degrees; west > east crosses the antimeridian. */
  bbox: [number, number, number, number];
}

/** Along a side of the whole grid; shorter sides of a ring have as many as their length asks for. */
const POINTS_AN_EDGE = 21;

/** [xmin, ymin, xmax, ymax] of the outer edges, CRS units. */
export function projectedBbox(grid: FootprintGrid): [number, number, number, number] {
  const corners = ringPoints(grid, gridRing(grid), 2);
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/**
 * Lon/lat footprint, exterior ring counterclockwise, 7 decimals. Null without georeferencing or a usable CRS.
 * @param ring corners of a part of the grid, in pixels; the whole grid unless told
 */
export function footprint(grid: FootprintGrid, ring: Corner[] = gridRing(grid)): Footprint | null {
  const definition = grid.crs.epsg === 4326 ? '+proj=longlat +datum=WGS84 +no_defs' : grid.crs.proj4;
  if (!definition || grid.transform.join() === '1,0,0,0,1,0') return null;
  const geographic = /\+proj=(longlat|latlong)/.test(definition);
  const edge = ringPoints(grid, ring, geographic ? 2 : POINTS_AN_EDGE);
  if (geographic && !/\+pm=|\+towgs84=|\+nadgrids=/.test(definition)) return fromRing(edge, null);
  let converter: proj4.Converter;
  try {
    converter = proj4(definition, 'WGS84');
  } catch {
    return null;
  }
  const [xmin, ymin, xmax, ymax] = projectedBbox(grid);
  const tolerance = Math.hypot(xmax - xmin, ymax - ymin) * 1e-3;
  const roundWorld = /\+proj=(sinu|moll|robin|eqearth)/.test(definition);
  const lonLats = edge
    .map((point) => toLonLat(converter, point, roundWorld, tolerance))
    .filter((point) => point !== null);
  if (lonLats.length < 4) return null;
  return fromRing(unwrap(lonLats), geographic ? null : poleInside(grid, ring, converter));
}

/** Corners of the whole grid. */
function gridRing({ width, height }: FootprintGrid): Corner[] {
  return [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ];
}

/** Points along a ring, so many for the longest side of the grid with its ends, in CRS units; the ring is left open. */
function ringPoints(
  { width, height, transform }: FootprintGrid,
  corners: Corner[],
  points: number,
): Position[] {
  const [a, b, c, d, e, f] = transform;
  const ring: Position[] = [];
  for (const [index, [fromColumn, fromRow]] of corners.entries()) {
    const [toColumn, toRow] = corners[(index + 1) % corners.length]!;
    const share = Math.max(Math.abs(toColumn - fromColumn) / width, Math.abs(toRow - fromRow) / height);
    const steps = Math.max(1, Math.ceil((points - 1) * share - 1e-9));
    for (let step = 0; step < steps; step += 1) {
      const column = fromColumn + ((toColumn - fromColumn) * step) / steps;
      const row = fromRow + ((toRow - fromRow) * step) / steps;
      ring.push([a * column + b * row + c, d * column + e * row + f]);
    }
  }
  return ring;
}

/** Null where the projection has no such place: what comes out must lead back to the same x and y. */
function toLonLat(converter: proj4.Converter, point: Position, roundWorld: boolean, tolerance: number) {
  try {
    const [lon, lat] = converter.forward([...point]) as Position;
    if (!Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lat) > 90 + 1e-6) return null;
    // Pseudocylindrical maps have blank corners: a MODIS tile there ends at the antimeridian.
    if (roundWorld && Math.abs(lon) > 180) return [Math.sign(lon) * 180, lat] as Position;
    const [x, y] = converter.inverse([lon, lat]) as Position;
    const away = Math.hypot(x - point[0], y - point[1]);
    return away <= tolerance ? ([lon, lat] as Position) : null;
  } catch {
    return null;
  }
}

/** Longitudes made continuous: no step is longer than half the globe. */
function unwrap(points: Position[]): Position[] {
  const out: Position[] = [];
  for (const [lon, lat] of points) {
    const before = out.at(-1);
    const shift = before ? Math.round((before[0] - lon) / 360) * 360 : 0;
    out.push([lon + shift, lat]);
  }
  return out;
}

/** Net turns of the ring round the pole: -1, 0 or 1. */
function turns(ring: Position[]): number {
  const first = ring[0]![0];
  const last = ring.at(-1)![0];
  return Math.round((last - first) / 360);
}

function poleInside(
  { transform }: FootprintGrid,
  ring: Corner[],
  converter: proj4.Converter,
): 'north' | 'south' | null {
  const [a, b, c, d, e, f] = transform;
  const determinant = a * e - b * d;
  for (const [pole, lat] of [['north', 90] as const, ['south', -90] as const]) {
    try {
      const [x, y] = converter.inverse([0, lat]) as Position;
      const column = (e * (x - c) - b * (y - f)) / determinant;
      const row = (a * (y - f) - d * (x - c)) / determinant;
      if (isInside(ring, column, row)) return pole;
    } catch {
      // The projection has no such point, so the grid does not hold it.
    }
  }
  return null;
}

/** Even-odd rule. */
function isInside(ring: Corner[], column: number, row: number): boolean {
  let inside = false;
  for (const [index, [x, y]] of ring.entries()) {
    const [nextX, nextY] = ring[(index + 1) % ring.length]!;
    if (y > row !== nextY > row && column < x + ((nextX - x) * (row - y)) / (nextY - y)) inside = !inside;
  }
  return inside;
}

/** Open ring of continuous longitudes -> footprint. */
function fromRing(ring: Position[], pole: 'north' | 'south' | null): Footprint {
  const clamped = ring.map(([lon, lat]) => [lon, Math.max(-90, Math.min(90, lat))] as Position);
  const lats = clamped.map(([, lat]) => lat);
  const closed = unwrap([...clamped, clamped[0]!]);
  if (pole !== null && turns(closed) !== 0) return polar(closed, pole);
  const lons = clamped.map(([lon]) => lon);
  const south = Math.min(...lats);
  const north = Math.max(...lats);
  const west = Math.min(...lons);
  const east = Math.max(...lons);
  if (east - west >= 360 - 1e-9) {
    return polygon(
      [
        [-180, south],
        [180, south],
        [180, north],
        [-180, north],
      ],
      [-180, south, 180, north],
    );
  }
  const shift = -Math.floor((west + 180 + 1e-9) / 360) * 360;
  const moved = clamped.map(([lon, lat]) => [lon + shift, lat] as Position);
  if (east + shift <= 180 + 1e-9) {
    return polygon(moved, [west + shift, south, east + shift, north]);
  }
  const parts = [clip(moved, 1), clip(moved, -1).map(([lon, lat]) => [lon - 360, lat] as Position)];
  return {
    geometry: { type: 'MultiPolygon', coordinates: parts.map((part) => [finish(part)]) },
    bbox: roundAll([west + shift, south, east + shift - 360, north]),
  };
}

/** A ring round a pole, cut at the antimeridian and led along it to the pole. */
function polar(closed: Position[], pole: 'north' | 'south'): Footprint {
  const points = closed.slice(0, -1);
  const eastward = closed.at(-1)![0] > closed[0]![0];
  const ordered = eastward ? points : points.reverse();
  const turned = ordered.map(([lon, lat]) => [lon - 360 * Math.floor((lon + 180) / 360), lat] as Position);
  let start = 0;
  for (let index = 1; index < turned.length; index += 1) {
    if (turned[index]![0] < turned[start]![0]) start = index;
  }
  const walk = [...turned.slice(start), ...turned.slice(0, start)];
  const first = walk[0]!;
  const last = walk.at(-1)!;
  const gap = first[0] + 360 - last[0];
  const lat = gap === 0 ? first[1] : last[1] + ((first[1] - last[1]) * (180 - last[0])) / gap;
  const edge = pole === 'north' ? 90 : -90;
  const ring: Position[] = [[-180, lat], ...walk, [180, lat], [180, edge], [-180, edge]];
  const lats = ring.map(([, y]) => y);
  return polygon(ring, [-180, Math.min(...lats), 180, Math.max(...lats)]);
}

/** Sutherland-Hodgman against the meridian 180: the part west of it (side 1) or east of it (side -1). */
function clip(ring: Position[], side: 1 | -1): Position[] {
  const out: Position[] = [];
  for (let index = 0; index < ring.length; index += 1) {
    const from = ring[index]!;
    const to = ring[(index + 1) % ring.length]!;
    const fromIn = (180 - from[0]) * side >= 0;
    const toIn = (180 - to[0]) * side >= 0;
    if (fromIn) out.push(from);
    if (fromIn !== toIn) {
      const share = (180 - from[0]) / (to[0] - from[0]);
      out.push([180, from[1] + (to[1] - from[1]) * share]);
    }
  }
  return out;
}

function polygon(ring: Position[], bbox: [number, number, number, number]): Footprint {
  return { geometry: { type: 'Polygon', coordinates: [finish(ring)] }, bbox: roundAll(bbox) };
}

/** Rounded, without repeated points, counterclockwise, closed. */
function finish(ring: Position[]): Position[] {
  const rounded = ring.map(([lon, lat]) => [round(lon), round(lat)] as Position);
  const points = rounded.filter(([lon, lat], index) => {
    const before = rounded[(index + rounded.length - 1) % rounded.length]!;
    return rounded.length === 1 || lon !== before[0] || lat !== before[1];
  });
  let area = 0;
  for (let index = 0; index < points.length; index += 1) {
    const [x, y] = points[index]!;
    const [nextX, nextY] = points[(index + 1) % points.length]!;
    area += x * nextY - nextX * y;
  }
  if (area < 0) points.reverse();
  return [...points, points[0]!];
}

function roundAll(bbox: [number, number, number, number]): [number, number, number, number] {
  return [round(bbox[0]), round(bbox[1]), round(bbox[2]), round(bbox[3])];
}

function round(degrees: number): number {
  const rounded = Math.round(degrees * 1e7) / 1e7;
  return rounded === 0 ? 0 : rounded;
}
