/** CF grid mapping -> CRS. CF 1.11 section 5.6 and appendix F; crs_wkt and spatial_ref as GDAL and rioxarray write them. */
import { crsOfEpsg } from '../geo/crs.ts';
import { type Attributes, textAt } from './cf-file.ts';
import type { Crs } from './types.ts';
import { crsOfGridMapping } from './user-crs.ts';

const NONE: Crs = { epsg: null, geoKeys: {}, proj4: null };

/** Null when the mapping names a CRS that cannot be told in GeoTIFF; without a mapping, lat/lon is EPSG:4326. */
export function crsOfMapping(mapping: Attributes | null, geographic: boolean): Crs | null {
  if (mapping === null) return geographic ? (crsOfEpsg(4326) ?? NONE) : NONE;
  const code = epsgOfMapping(mapping);
  const known = code === null ? null : crsOfEpsg(code);
  if (known) return known;
  const user = crsOfGridMapping(mapping);
  if (user) {
    const plain = user.geoKeys[1024] === 2 && user.geoKeys[2048] === 4326;
    return plain ? (crsOfEpsg(4326) ?? NONE) : { epsg: null, ...user };
  }
  return geographic && !mapping.grid_mapping_name ? (crsOfEpsg(4326) ?? NONE) : null;
}

/** Code of the whole CRS, not of the datum or ellipsoid inside it. */
function epsgOfMapping(mapping: Attributes): number | null {
  for (const name of ['crs_wkt', 'spatial_ref']) {
    const wkt = textAt(mapping, name);
    const found = wkt && /(?:AUTHORITY|ID)\s*\[\s*"EPSG"\s*,\s*"?(\d+)"?\s*\]\s*\]\s*$/i.exec(wkt);
    if (found) return Number(found[1]);
    const short = wkt && /^\s*(?:EPSG:)(\d+)\s*$/i.exec(wkt);
    if (short) return Number(short[1]);
  }
  for (const name of ['epsg_code', 'epsg', 'EPSG_code', 'EPSG']) {
    const value = mapping[name];
    const found = /(\d{4,6})\s*$/.exec(String(Array.isArray(value) ? value[0] : (value ?? '')));
    if (found) return Number(found[1]);
  }
  return null;
}
