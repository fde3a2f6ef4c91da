/** Tiles of WebMercatorQuad (OGC Two Dimensional Tile Matrix Set 2.0, annex D.1) and places on them. Metres of EPSG:3857. */

/** Half of the world's width. */
export const HALF = Math.PI * 6_378_137;

export interface Tile {
  z: number;
  /** Columns from the west, rows from the north. */
  x: number;
  y: number;
  /** Pixels of a side. */
  size: number;
}

export interface TilePlace {
  /** Upper left corner. */
  west: number;
  north: number;
  /** Metres of a pixel. */
  resolution: number;
}

export function placeOfTile({ z, x, y, size }: Tile): TilePlace {
  const side = (2 * HALF) / 2 ** z;
  return { west: x * side - HALF, north: HALF - y * side, resolution: side / size };
}

export const longitudeOf = (x: number): number => (x / HALF) * 180;
export const latitudeOf = (y: number): number => (Math.atan(Math.sinh((y / HALF) * Math.PI)) * 180) / Math.PI;

export const xOfLongitude = (longitude: number): number => (longitude / 180) * HALF;
/** Finite at the poles, too: far beyond the map. */
export function yOfLatitude(latitude: number): number {
  const radians = (Math.max(-89.9999, Math.min(89.9999, latitude)) * Math.PI) / 180;
  return (Math.asinh(Math.tan(radians)) / Math.PI) * HALF;
}

/** The first zoom whose pixels (256 a tile) are no larger, but for a hundredth. */
export function zoomOf(resolution: number): number {
  return Math.max(0, Math.ceil(Math.log2((2 * HALF) / 256 / resolution) - 0.015));
}
