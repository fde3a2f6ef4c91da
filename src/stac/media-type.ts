/** Media types of the documents and files that this program gives out. */

export const JSON_TYPE = 'application/json';
export const GEOJSON_TYPE = 'application/geo+json';
export const COG_TYPE = 'image/tiff; application=geotiff; profile=cloud-optimized';
export const PNG_TYPE = 'image/png';
export const SCHEMA_TYPE = 'application/schema+json';
