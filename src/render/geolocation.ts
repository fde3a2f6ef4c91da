/** Image -> where it is on the Web Mercator map, and longitude and latitude -> its pixels. */
import proj4 from 'proj4';
import { footprint } from '../geo/footprint.ts';
import type { Image } from './image.ts';
import { HALF, latitudeOf, longitudeOf, xOfLongitude, yOfLatitude } from './mercator.ts';

/** Columns and rows with fractions; the outer corner of the first pixel is 0, 0. */
export type Pixel = [column: number, row: number];

export interface Geolocation {
  /** west, south, east, north in degrees; west > east crosses the antimeridian. */
  bounds: [number, number, number, number];
  /** Place in Web Mercator -> pixel; NaN where there is none. */
  toPixel(x: number, y: number): Pixel;
  /** Columns depend on x alone, and rows on y alone. */
  isUpright: boolean;
  /** Metres of Web Mercator that a pixel in the middle of the image has, as the side of a square. */
  resolution: number;
}

const LONGLAT = '+proj=longlat +datum=WGS84 +no_defs';
const isPlainLonglat = (definition: string) =>
  /\+proj=(longlat|latlong)/.test(definition) &&
  /\+(datum=WGS84|ellps=(WGS84|GRS80))/.test(definition) &&
  !/\+(pm|nadgrids|to_meter)=/.test(definition) &&
  !/\+towgs84=(?!(0,?)+( |$))/.test(definition);

/** null: the file does not say where it is, or in no way that proj4 knows. */
export function locate(image: Image): Geolocation | null {
  const { transform, crs, width, height } = image;
  if (transform === null) return null;
  const definition = crs.epsg === 4326 ? LONGLAT : crs.proj4;
  const outline = footprint({ width, height, transform, crs });
  if (!definition || outline === null) return null;
  const [a, b, c, d, e, f] = transform;
  const determinant = a * e - b * d;
  if (determinant === 0 || !Number.isFinite(determinant)) return null;
  const isNorthUp = b === 0 && d === 0;
  const isMercator = crs.epsg === 3857;
  const isLonglat = isPlainLonglat(definition);
  const project = projection(definition, isMercator, isLonglat);
  if (project === null) return null;
  const world = isMercator ? 2 * HALF : /\+proj=(longlat|latlong)/.test(definition) ? 360 : 0;
  const around = isNorthUp && world > 0 ? world / Math.abs(a) : 0;
  const toPixel = (x: number, y: number): Pixel => {
    const [px, py] = project(x, y);
    const column = (e * (px - c) - b * (py - f)) / determinant;
    const row = (a * (py - f) - d * (px - c)) / determinant;
    // Once round the world is the same place: longitudes of the file may go to 360.
    const turns = around > 0 ? Math.floor((column - width / 2) / around + 0.5) : 0;
    return [column - turns * around, row];
  };
  const isUpright = isNorthUp && (isMercator || isLonglat);
  return {
    bounds: outline.bbox,
    toPixel,
    isUpright,
    resolution: middleResolution(image, toPixel, outline.bbox),
  };
}

/** Web Mercator -> the image's CRS. */
function projection(definition: string, isMercator: boolean, isLonglat: boolean) {
  if (isMercator) return (x: number, y: number): Pixel => [x, y];
  if (isLonglat) return (x: number, y: number): Pixel => [longitudeOf(x), latitudeOf(y)];
  let converter: proj4.Converter;
  try {
    converter = proj4(LONGLAT, definition);
  } catch {
    return null;
  }
  return (x: number, y: number): Pixel => {
    try {
      return converter.forward([longitudeOf(x), latitudeOf(y)]) as Pixel;
    } catch {
      return [Number.NaN, Number.NaN];
    }
  };
}

/** At the middle of the bounds, as far as Web Mercator goes. */
function middleResolution(
  { width, height }: Image,
  toPixel: Geolocation['toPixel'],
  [west, south, east, north]: Geolocation['bounds'],
): number {
  const span = east < west ? east + 360 - west : east - west;
  const x = xOfLongitude(west + span / 2);
  const y = (yOfLatitude(Math.max(south, -85)) + yOfLatitude(Math.min(north, 85))) / 2;
  const step = Math.max(1e-3, (xOfLongitude(span) || 1) / Math.max(width, height) / 4);
  const [column, row] = toPixel(x, y);
  const [columnRight, rowRight] = toPixel(x + step, y);
  const [columnDown, rowDown] = toPixel(x, y - step);
  const area = Math.abs((columnRight - column) * (rowDown - row) - (columnDown - column) * (rowRight - row));
  const found = step / Math.sqrt(area);
  if (Number.isFinite(found) && found > 0) return found;
  return xOfLongitude(span) / Math.max(width, 1) || 1;
}
