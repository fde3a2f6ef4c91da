/**
 * EPSG code -> proj4 definition and GeoTIFF geokeys, and geokeys -> EPSG code. OGC GeoTIFF 1.1 (19-008r4) section 7.
 * The EPSG index is read from disk, one code at a time. No network.
 */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** GeoTIFF geokeys by numeric key. */
export type GeoKeys = Record<number, number | number[] | string>;

export interface EpsgDefinition {
  code: number;
  name: string;
  /** Longitude and latitude in degrees, as opposed to projected metres or feet. */
  geographic: boolean;
  /** Null where the EPSG index has none (grids, engineering CRSs). */
  proj4: string | null;
}

export const GEO_KEY = {
  modelType: 1024,
  rasterType: 1025,
  citation: 1026,
  geographicType: 2048,
  geogCitation: 2049,
  geodeticDatum: 2050,
  geogAngularUnits: 2054,
  ellipsoid: 2056,
  semiMajorAxis: 2057,
  semiMinorAxis: 2058,
  invFlattening: 2059,
  primeMeridianLong: 2061,
  projectedType: 3072,
  projectedCitation: 3073,
  projection: 3074,
  projMethod: 3075,
  projLinearUnits: 3076,
  projLinearUnitSize: 3077,
} as const;

const USER_DEFINED = 32767;

/** What the EPSG index knows of a code; null when it does not know it. */
export function epsgDefinition(code: number): EpsgDefinition | null {
  if (!Number.isInteger(code) || code <= 0) return null;
  let entry: { kind?: string; name?: string; proj4?: string | null };
  try {
    entry = load(`epsg-index/s/${code}.json`) as typeof entry;
  } catch {
    return null;
  }
  const proj4 = entry.proj4?.trim() || null;
  return {
    code,
    name: entry.name ?? `EPSG:${code}`,
    geographic: /GEOG/.test(entry.kind ?? '') || /\+proj=longlat/.test(proj4 ?? ''),
    proj4,
  };
}

/** Geokeys -> EPSG code of the horizontal CRS; null when it is user-defined or absent. */
export function epsgOfGeoKeys(keys: GeoKeys): number | null {
  const projected = keys[GEO_KEY.projectedType];
  if (isCode(projected)) return projected;
  if (projected !== undefined || keys[GEO_KEY.modelType] === 1) return null;
  const geographic = keys[GEO_KEY.geographicType];
  return isCode(geographic) ? geographic : null;
}

function isCode(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value < USER_DEFINED;
}

/** Geokeys that name an EPSG code, for pixels that are areas. Null when the EPSG index does not know the code. */
export function geoKeysOfEpsg(code: number): GeoKeys | null {
  const definition = epsgDefinition(code);
  if (!definition || code >= USER_DEFINED) return null;
  return {
    [GEO_KEY.modelType]: definition.geographic ? 2 : 1,
    [GEO_KEY.rasterType]: 1,
    [GEO_KEY.citation]: definition.name,
    [definition.geographic ? GEO_KEY.geographicType : GEO_KEY.projectedType]: code,
  };
}

/** An EPSG code as a whole CRS: code, geokeys, proj4. Null when the EPSG index does not know the code. */
export function crsOfEpsg(code: number): { epsg: number; geoKeys: GeoKeys; proj4: string | null } | null {
  const geoKeys = geoKeysOfEpsg(code);
  return geoKeys && { epsg: code, geoKeys, proj4: epsgDefinition(code)?.proj4 ?? null };
}
