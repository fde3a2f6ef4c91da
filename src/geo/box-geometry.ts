/** Boxes -> GeoJSON. RFC 7946 5; a box that crosses the antimeridian becomes two polygons (3.1.9). */
import { splitBbox, toBbox } from './bbox.ts';
import type { Geometry } from './geometry.ts';

/** GeoJSON of a box that does not cross the antimeridian; a box without width or height is a line or a point. */
export function boxGeometry([west, south, east, north]: [number, number, number, number]): Geometry {
  if (west === east && south === north) return { type: 'Point', coordinates: [west, south] };
  if (west === east || south === north) {
    return {
      type: 'LineString',
      coordinates: [
        [west, south],
        [east, north],
      ],
    };
  }
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: 'Polygon', coordinates: [ring] };
}

/** A document's bbox -> GeoJSON; null when it is none. */
export function placeOf(bbox: unknown): Geometry | null {
  if (!Array.isArray(bbox) || !bbox.every((edge) => typeof edge === 'number')) return null;
  try {
    const parts = splitBbox(toBbox(bbox)).map(boxGeometry);
    const [first] = parts;
    return parts.length === 1 && first ? first : { type: 'GeometryCollection', geometries: parts };
  } catch {
    return null;
  }
}
