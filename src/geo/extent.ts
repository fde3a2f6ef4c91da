/** GeoJSON geometry -> the box that holds it, in degrees within 180 either side. RFC 7946 5. */
import type { Geometry } from './geometry.ts';

/** west, south, east, north; one that crosses the antimeridian reaches from -180 to 180. */
export type Extent = [number, number, number, number];

function widen(extent: Extent, coordinates: unknown): void {
  if (!Array.isArray(coordinates)) return;
  if (typeof coordinates[0] !== 'number') {
    for (const part of coordinates) widen(extent, part);
    return;
  }
  const [lon, lat] = coordinates as [number, number];
  extent[0] = Math.min(extent[0], lon);
  extent[1] = Math.min(extent[1], lat);
  extent[2] = Math.max(extent[2], lon);
  extent[3] = Math.max(extent[3], lat);
}

function walk(extent: Extent, { coordinates, geometries = [] }: Geometry): void {
  widen(extent, coordinates);
  for (const part of geometries) walk(extent, part);
}

function rawExtent(geometry: Geometry): Extent {
  const extent: Extent = [Infinity, Infinity, -Infinity, -Infinity];
  walk(extent, geometry);
  return extent;
}

/**
 * Whether a geometry crosses the antimeridian as its document's bbox says: with west > east (RFC 7946 5.2) the bbox leaves
 * out the longitudes from east to west, and the geometry has positions on either side of their middle. The geometry is
 * the truth: a point, or what lies on one side only, crosses nothing, whatever the bbox says.
 */
export function crossesAsTold(geometry: Geometry, bbox: unknown): boolean {
  if (!Array.isArray(bbox) || (bbox.length !== 4 && bbox.length !== 6)) return false;
  const [west, east] = [bbox[0] as number, bbox[bbox.length / 2] as number];
  if (!(west > east)) return false;
  const [least, , most] = rawExtent(geometry);
  const middle = (west + east) / 2;
  return least < middle && middle < most;
}

/**
 * @param crosses it crosses the antimeridian, as its document's bbox says
 * @returns null when it has no position
 */
export function extentOf(geometry: Geometry, crosses = false): Extent | null {
  const extent = rawExtent(geometry);
  const [west, south, east, north] = extent;
  if (west > east) return null;
  if (west >= 180 && east > 180) return [west - 360, south, east - 360, north];
  if (east <= -180 && west < -180) return [west + 360, south, east + 360, north];
  const isSplit = crosses || east > 180 || west < -180;
  return isSplit ? [-180, south, 180, north] : extent;
}
