/** A geometry whose positions all have as many numbers, which WKB asks for: the fewest that any has, at most longitude, latitude and height. */
import type { Geometry } from '../geo/geometry.ts';

type Coordinates = number[] | Coordinates[];

const isPosition = (value: Coordinates): value is number[] => typeof value[0] !== 'object';

function fewest(coordinates: Coordinates): number {
  if (isPosition(coordinates)) return coordinates.length || 3;
  return coordinates.reduce((least, each) => Math.min(least, fewest(each)), 3);
}

function cut(coordinates: Coordinates, size: number): Coordinates {
  if (isPosition(coordinates)) return coordinates.slice(0, size).map(Number);
  return coordinates.map((each) => cut(each, size));
}

function fewestOf(geometry: Geometry): number {
  if (geometry.geometries)
    return geometry.geometries.reduce((least, each) => Math.min(least, fewestOf(each)), 3);
  return fewest((geometry as { coordinates: Coordinates }).coordinates);
}

function cutTo(geometry: Geometry, size: number): Geometry {
  if (geometry.geometries)
    return {
      type: geometry.type,
      geometries: geometry.geometries.map((each) => cutTo(each, size)),
    } as Geometry;
  const { type, coordinates } = geometry as { type: string; coordinates: Coordinates };
  return { type, coordinates: cut(coordinates, size) } as Geometry;
}

export const flatGeometry = (geometry: Geometry): Geometry => cutTo(geometry, fewestOf(geometry));
