/**
 * TIFF geo tags <-> geokeys, CRS and affine transform. OGC GeoTIFF 1.1 (19-008r4) sections 7.1 and 7.2;
 * PixelIsPoint is shifted by half a pixel as GDAL does.
 */
import { epsgDefinition, epsgOfGeoKeys, GEO_KEY, type GeoKeys } from '../geo/crs.ts';
import { type Directory, numbersOf, TAG, textOf } from './tiff-directory.ts';
import type { Crs, Grid } from './types.ts';
import { proj4OfGeoKeys } from './user-crs.ts';

const NO_CRS: Crs = { epsg: null, geoKeys: {}, proj4: null };

export function readGeoKeys(directory: Directory): GeoKeys {
  const entries = numbersOf(directory, TAG.geoKeyDirectory);
  const doubles = numbersOf(directory, TAG.geoDoubleParams);
  const ascii = textOf(directory, TAG.geoAsciiParams) ?? '';
  const keys: GeoKeys = {};
  for (let index = 4; index + 3 < entries.length && index < 4 + (entries[3] ?? 0) * 4; index += 4) {
    const [key, location, count, value] = entries.subarray(index, index + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    if (location === 0) keys[key] = value;
    else if (location === TAG.geoAsciiParams)
      keys[key] = ascii.slice(value, value + count).replace(/[|\0]+$/, '');
    else {
      const source = location === TAG.geoDoubleParams ? doubles : entries;
      const values = Array.from(source.subarray(value, value + count));
      keys[key] = values.length === 1 ? values[0]! : values;
    }
  }
  return keys;
}

export function crsOfGeoKeys(keys: GeoKeys): Crs {
  if (Object.keys(keys).every((key) => Number(key) === GEO_KEY.rasterType))
    return { ...NO_CRS, geoKeys: keys };
  const epsg = epsgOfGeoKeys(keys);
  const proj4 = epsg === null ? proj4OfGeoKeys(keys) : (epsgDefinition(epsg)?.proj4 ?? null);
  return { epsg, geoKeys: keys, proj4 };
}

/** Affine transform of the pixel corner; null when the file has none (or only ground control points). */
export function readTransform(directory: Directory, keys: GeoKeys): Grid['transform'] | null {
  const transform = rawTransform(directory);
  if (!transform || keys[GEO_KEY.rasterType] !== 2) return transform;
  const [a, b, c, d, e, f] = transform;
  return [a, b, c - (a + b) / 2, d, e, f - (d + e) / 2];
}

function rawTransform(directory: Directory): Grid['transform'] | null {
  const matrix = numbersOf(directory, TAG.modelTransformation);
  if (matrix.length >= 8) {
    const [a, b, , c, d, e, , f] = matrix as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return [a, b, c, d, e, f];
  }
  const [scaleX, scaleY] = numbersOf(directory, TAG.modelPixelScale);
  const [column, row, , x, y] = numbersOf(directory, TAG.modelTiepoint);
  if (!scaleX || !scaleY || column === undefined || row === undefined || x === undefined || y === undefined) {
    return null;
  }
  const e = -Math.abs(scaleY);
  return [scaleX, 0, x - column * scaleX, 0, e, y - row * e];
}

export interface GeoTags {
  shorts: number[];
  doubles: number[];
  ascii: string;
  pixelScale: number[] | null;
  tiepoint: number[] | null;
  matrix: number[] | null;
}

/** Keys whose values GeoTIFF stores as doubles; all others are codes. */
function isDouble(key: number, value: number | number[]): boolean {
  if (Array.isArray(value) || !Number.isInteger(value) || value < 0 || value > 65535) return true;
  return [2055, 2057, 2058, 2059, 2061, 2062, 5120].includes(key) || (key >= 3077 && key <= 3097);
}

/** Everything a COG says of its place. A grid without georeferencing gets no tags. */
export function writeGeoTags(grid: Grid): GeoTags {
  const { geoKeys } = grid.crs;
  const shorts: number[] = [];
  const doubles: number[] = [];
  let ascii = '';
  const keys = Object.keys(geoKeys)
    .map(Number)
    .sort((left, right) => left - right);
  for (const key of keys) {
    const value = geoKeys[key]!;
    if (typeof value === 'string') {
      const text = `${value.replace(/[^\x20-\x7e]/g, '?')}|`;
      shorts.push(key, TAG.geoAsciiParams, text.length, ascii.length);
      ascii += text;
    } else if (isDouble(key, value)) {
      const values = Array.isArray(value) ? value : [value];
      shorts.push(key, TAG.geoDoubleParams, values.length, doubles.length);
      doubles.push(...values);
    } else {
      shorts.push(key, 0, 1, value as number);
    }
  }
  if (keys.length > 0) shorts.unshift(1, 1, keys.some((key) => key === 5120) ? 1 : 0, keys.length);
  return { shorts, doubles, ascii, ...placeTags(grid) };
}

function placeTags(grid: Grid): Pick<GeoTags, 'pixelScale' | 'tiepoint' | 'matrix'> {
  let [a, b, c, d, e, f] = grid.transform;
  if (isUnreferenced(grid)) return { pixelScale: null, tiepoint: null, matrix: null };
  if (grid.crs.geoKeys[GEO_KEY.rasterType] === 2) {
    c += (a + b) / 2;
    f += (d + e) / 2;
  }
  if (b === 0 && d === 0 && a > 0 && e < 0) {
    return { pixelScale: [a, -e, 0], tiepoint: [0, 0, 0, c, f, 0], matrix: null };
  }
  return { pixelScale: null, tiepoint: null, matrix: [a, b, 0, c, d, e, 0, f, 0, 0, 0, 0, 0, 0, 0, 1] };
}

/** The transform that stands for "none", as in GDAL. */
export function isUnreferenced(grid: Pick<Grid, 'transform'>): boolean {
  return grid.transform.join() === '1,0,0,0,1,0';
}
