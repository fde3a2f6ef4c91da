/**
 * Projections without an EPSG code: GeoTIFF geokeys (GeoTIFF 1.1 section 7.4) or a CF grid mapping
 * (CF 1.11 appendix F) -> one description -> proj4 text and geokeys.
 */
import { epsgDefinition, GEO_KEY, type GeoKeys } from '../geo/crs.ts';

type Method = 'tmerc' | 'merc' | 'lcc' | 'laea' | 'aea' | 'stere' | 'eqc' | 'sinu' | 'longlat';

interface Projection {
  method: Method;
  lat0: number;
  lon0: number;
  parallel1: number | null;
  parallel2: number | null;
  scale: number | null;
  /** In the CRS's own unit. */
  x0: number;
  y0: number;
  /** Metres in one unit of the axes. */
  unit: number;
  /** proj4 words for datum or ellipsoid. */
  earth: string;
  ellipsoid: { a: number; inverseFlattening: number } | null;
}

const METHODS: Record<number, Method> = {
  1: 'tmerc',
  7: 'merc',
  8: 'lcc',
  9: 'lcc',
  10: 'laea',
  11: 'aea',
  15: 'stere',
  17: 'eqc',
  24: 'sinu',
};
const CF_METHODS: Record<string, Method> = {
  latitude_longitude: 'longlat',
  transverse_mercator: 'tmerc',
  mercator: 'merc',
  lambert_conformal_conic: 'lcc',
  lambert_azimuthal_equal_area: 'laea',
  albers_conical_equal_area: 'aea',
  polar_stereographic: 'stere',
  sinusoidal: 'sinu',
};
const ELLIPSOIDS: Record<number, string> = {
  7004: 'bessel',
  7008: 'clrk66',
  7012: 'clrk80',
  7019: 'GRS80',
  7022: 'intl',
  7024: 'krass',
  7030: 'WGS84',
  7043: 'WGS72',
};
const LINEAR_UNITS: Record<number, number> = { 9001: 1, 9002: 0.3048, 9003: 1200 / 3937, 9036: 1000 };

/** Null when the method is not among those known here. */
export function proj4OfGeoKeys(keys: GeoKeys): string | null {
  const earth = earthOfGeoKeys(keys);
  const utm = numberAt(keys, GEO_KEY.projection);
  if (utm !== null && earth && ((utm > 16000 && utm <= 16060) || (utm > 16100 && utm <= 16160))) {
    return `+proj=utm +zone=${utm % 100}${utm > 16100 ? ' +south' : ''} ${earth} +units=m +no_defs`;
  }
  const method = keys[GEO_KEY.modelType] === 2 ? 'longlat' : METHODS[numberAt(keys, GEO_KEY.projMethod) ?? 0];
  if (!method || !earth) return wktOfCitation(keys);
  const first = (...candidates: number[]) => {
    for (const key of candidates) {
      const value = numberAt(keys, key);
      if (value !== null) return value;
    }
    return null;
  };
  const units = numberAt(keys, GEO_KEY.projLinearUnits);
  return proj4Of({
    method,
    lat0: first(3081, 3085, 3089) ?? 0,
    lon0: first(3095, 3080, 3084, 3088) ?? 0,
    parallel1: first(3078),
    parallel2: first(3079),
    scale: first(3092, 3093),
    x0: first(3082, 3086, 3090) ?? 0,
    y0: first(3083, 3087, 3091) ?? 0,
    unit: LINEAR_UNITS[units ?? 9001] ?? first(GEO_KEY.projLinearUnitSize) ?? 1,
    earth,
    ellipsoid: null,
  });
}

function earthOfGeoKeys(keys: GeoKeys): string | null {
  const geographic = numberAt(keys, GEO_KEY.geographicType);
  if (geographic !== null && geographic !== 32767) {
    const words = epsgDefinition(geographic)?.proj4?.match(/\+(datum|ellps|towgs84|pm|a|b|R|rf)=\S+/g);
    if (words) return words.join(' ');
  }
  const a = numberAt(keys, GEO_KEY.semiMajorAxis);
  if (a !== null) {
    const inverse = numberAt(keys, GEO_KEY.invFlattening);
    const b = numberAt(keys, GEO_KEY.semiMinorAxis);
    if (inverse) return `+a=${a} +rf=${inverse}`;
    return `+a=${a} +b=${b ?? a}`;
  }
  const ellipsoid = ELLIPSOIDS[numberAt(keys, GEO_KEY.ellipsoid) ?? 0];
  return ellipsoid ? `+ellps=${ellipsoid}` : null;
}

/** GDAL and ArcGIS put WKT into a citation where geokeys have no words for the projection. */
function wktOfCitation(keys: GeoKeys): string | null {
  for (const key of [GEO_KEY.projectedCitation, GEO_KEY.citation, GEO_KEY.geogCitation]) {
    const text = keys[key];
    const found = typeof text === 'string' ? /ESRI PE String = (.*)$/s.exec(text) : null;
    if (found?.[1]) return found[1];
  }
  return null;
}

function numberAt(keys: GeoKeys, key: number): number | null {
  const value = keys[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function proj4Of(projection: Projection): string {
  const { method, lat0, lon0, parallel1, parallel2, scale, unit, earth } = projection;
  if (method === 'longlat') return `+proj=longlat ${earth} +no_defs`;
  const words = [`+proj=${method}`];
  const add = (name: string, value: number | null) => {
    if (value !== null) words.push(`+${name}=${value}`);
  };
  if (method === 'stere') {
    // Polar variant: NatOriginLat is the latitude of true scale.
    add('lat_0', lat0 < 0 ? -90 : 90);
    if (Math.abs(lat0) < 90) add('lat_ts', lat0);
  } else if (method === 'lcc' && parallel1 === null) {
    add('lat_0', lat0);
    add('lat_1', lat0);
  } else if (method !== 'sinu') {
    add('lat_0', lat0);
    if (method === 'merc' || method === 'eqc') add('lat_ts', parallel1);
    else {
      add('lat_1', parallel1);
      add('lat_2', parallel2 ?? (method === 'lcc' || method === 'aea' ? parallel1 : null));
    }
  }
  add('lon_0', lon0);
  add('k_0', scale);
  add('x_0', projection.x0 * unit);
  add('y_0', projection.y0 * unit);
  words.push(earth, unit === 1 ? '+units=m' : `+to_meter=${unit}`, '+no_defs');
  return words.join(' ');
}

/** Attributes of a CF grid mapping variable. */
export type CfAttributes = Record<string, unknown>;

/** CF parameters -> geokeys and proj4; null for mappings that GeoTIFF cannot tell (rotated pole, geostationary). */
export function crsOfGridMapping(attributes: CfAttributes): { geoKeys: GeoKeys; proj4: string } | null {
  const method = CF_METHODS[String(attributes.grid_mapping_name)];
  if (!method) return null;
  const number = (...names: string[]) => {
    for (const name of names) {
      const value = attributes[name];
      if (typeof value === 'number') return value;
      if (Array.isArray(value) && typeof value[0] === 'number') return value[0];
    }
    return null;
  };
  const parallels = attributes.standard_parallel;
  const ellipsoid = ellipsoidOf(number);
  const flat = ellipsoid.inverseFlattening === 0;
  const projection: Projection = {
    method,
    lat0: number('latitude_of_projection_origin') ?? 0,
    lon0:
      number(
        'longitude_of_central_meridian',
        'longitude_of_projection_origin',
        'straight_vertical_longitude_from_pole',
      ) ?? 0,
    parallel1: number('standard_parallel'),
    parallel2: Array.isArray(parallels) && typeof parallels[1] === 'number' ? parallels[1] : null,
    scale: number('scale_factor_at_central_meridian', 'scale_factor_at_projection_origin'),
    x0: number('false_easting') ?? 0,
    y0: number('false_northing') ?? 0,
    unit: 1,
    earth: isWgs84(ellipsoid)
      ? '+datum=WGS84'
      : flat
        ? `+R=${ellipsoid.a}`
        : `+a=${ellipsoid.a} +rf=${ellipsoid.inverseFlattening}`,
    ellipsoid,
  };
  if (method === 'stere') projection.lat0 = projection.parallel1 ?? projection.lat0;
  if (method === 'stere' && projection.parallel1 !== null) projection.scale = null;
  return { geoKeys: geoKeysOf(projection), proj4: proj4Of(projection) };
}

function ellipsoidOf(number: (...names: string[]) => number | null): {
  a: number;
  inverseFlattening: number;
} {
  const radius = number('earth_radius');
  if (radius !== null) return { a: radius, inverseFlattening: 0 };
  const a = number('semi_major_axis') ?? 6378137;
  const inverse = number('inverse_flattening');
  if (inverse !== null) return { a, inverseFlattening: inverse };
  const b = number('semi_minor_axis');
  if (b === null) return { a, inverseFlattening: a === 6378137 ? 298.257223563 : 0 };
  return { a, inverseFlattening: a === b ? 0 : a / (a - b) };
}

function isWgs84({ a, inverseFlattening }: { a: number; inverseFlattening: number }): boolean {
  return a === 6378137 && Math.abs(inverseFlattening - 298.257223563) < 1e-8;
}

function geoKeysOf(projection: Projection): GeoKeys {
  const { method, lat0, lon0, parallel1, parallel2, x0, y0, scale, ellipsoid } = projection;
  const keys: GeoKeys = { [GEO_KEY.modelType]: method === 'longlat' ? 2 : 1, [GEO_KEY.rasterType]: 1 };
  if (ellipsoid && isWgs84(ellipsoid)) keys[GEO_KEY.geographicType] = 4326;
  else if (ellipsoid) {
    keys[GEO_KEY.geographicType] = 32767;
    keys[GEO_KEY.geogCitation] = 'GCS Name = unknown|Datum = unknown|Ellipsoid = unknown|Primem = Greenwich';
    keys[GEO_KEY.geodeticDatum] = 32767;
    keys[GEO_KEY.ellipsoid] = 32767;
    keys[GEO_KEY.semiMajorAxis] = ellipsoid.a;
    if (ellipsoid.inverseFlattening > 0) keys[GEO_KEY.invFlattening] = ellipsoid.inverseFlattening;
    else keys[GEO_KEY.semiMinorAxis] = ellipsoid.a;
    keys[GEO_KEY.primeMeridianLong] = 0;
  }
  keys[GEO_KEY.geogAngularUnits] = 9102;
  if (method === 'longlat') return keys;
  const code = methodCode(projection);
  Object.assign(keys, {
    [GEO_KEY.projectedType]: 32767,
    [GEO_KEY.projection]: 32767,
    [GEO_KEY.projMethod]: code,
    [GEO_KEY.projLinearUnits]: 9001,
  });
  const add = (key: number, value: number | null) => {
    if (value !== null) keys[key] = value;
  };
  add(code === 8 ? 3084 : code === 10 || code === 17 || code === 24 ? 3088 : code === 15 ? 3095 : 3080, lon0);
  if (code !== 24) add(code === 8 ? 3085 : code === 10 || code === 17 ? 3089 : 3081, lat0);
  add(code === 8 ? 3086 : 3082, x0);
  add(code === 8 ? 3087 : 3083, y0);
  if (code === 8 || code === 11 || code === 17 || code === 7) {
    add(3078, parallel1);
    if (code !== 17 && code !== 7) add(3079, parallel2 ?? parallel1);
  }
  if (code === 1 || code === 9 || code === 15 || (code === 7 && parallel1 === null)) add(3092, scale ?? 1);
  return keys;
}

function methodCode(projection: Projection): number {
  if (projection.method === 'lcc') return projection.parallel1 === null ? 9 : 8;
  const found = Object.entries(METHODS).find(([, method]) => method === projection.method);
  return Number(found?.[0] ?? 0);
}
