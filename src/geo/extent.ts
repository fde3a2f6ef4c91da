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

/**
 * @param crosses the document's bbox says that it crosses the antimeridian
 * @returns null when it has no position
 */
export function extentOf(geometry: Geometry, crosses = false): Extent | null {
  const extent: Extent = [Infinity, Infinity, -Infinity, -Infinity];
  walk(extent, geometry);
  const [west, south, east, north] = extent;
  if (west > east) return null;
  if (west >= 180 && east > 180) return [west - 360, south, east - 360, north];
  if (east <= -180 && west < -180) return [west + 360, south, east + 360, north];
  const isSplit = crosses || east > 180 || west < -180;
  return isSplit ? [-180, south, 180, north] : extent;
}
