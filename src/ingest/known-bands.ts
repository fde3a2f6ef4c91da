/** Bands of Sentinel-2 and Landsat -> their common names (eo extension 2.0.0) and ground sample distance in metres. */
import type { Metadata } from './mapping.ts';

const band = (name: string | null, gsd: number): Metadata => ({
  ...(name !== null && { 'eo:common_name': name }),
  gsd,
});

const SENTINEL_2: Record<string, Metadata> = {
  B01: band('coastal', 60),
  B02: band('blue', 10),
  B03: band('green', 10),
  B04: band('red', 10),
  B05: band('rededge071', 20),
  B06: band('rededge075', 20),
  B07: band('rededge078', 20),
  B08: band('nir', 10),
  B8A: band('nir08', 20),
  B09: band('nir09', 60),
  B10: band('cirrus', 60),
  B11: band('swir16', 20),
  B12: band('swir22', 20),
};

/** OLI and TIRS of Landsat 8 and 9. */
const OLI: Record<string, Metadata> = {
  B1: band('coastal', 30),
  B2: band('blue', 30),
  B3: band('green', 30),
  B4: band('red', 30),
  B5: band('nir08', 30),
  B6: band('swir16', 30),
  B7: band('swir22', 30),
  B8: band('pan', 15),
  B9: band('cirrus', 30),
  B10: band('lwir11', 100),
  B11: band('lwir12', 100),
};

/** TM and ETM+ of Landsat 4 to 7. */
const TM: Record<string, Metadata> = {
  B1: band('blue', 30),
  B2: band('green', 30),
  B3: band('red', 30),
  B4: band('nir08', 30),
  B5: band('swir16', 30),
  B6: band('lwir', 120),
  B7: band('swir22', 30),
  B8: band('pan', 15),
};
/** Thermal bands of ETM+ are finer than those of TM. */
const ETM: Record<string, Metadata> = { ...TM, B6: band('lwir', 60) };

const LANDSAT: Record<string, Record<string, Metadata>> = { C: OLI, O: OLI, T: TM, E: ETM };

/** "B04", or "B04_20m" of a resolution that the product was resampled to. */
export function sentinel2Band(asset: string): Metadata {
  const [name = '', resolution] = asset.toUpperCase().split('_');
  const { gsd, ...known } = SENTINEL_2[name] ?? {};
  return {
    ...known,
    ...(gsd !== undefined && { gsd: Math.max(gsd as number, Number.parseInt(resolution ?? '0', 10)) }),
  };
}

/** "B4", "SR_B4", "ST_B10". @param sensor letter of the product's name: C, O, T, E */
export function landsatBand(asset: string, sensor: string): Metadata {
  const name = /(?:^|_)(B\d{1,2})(?:_VCID_\d)?$/.exec(asset.toUpperCase())?.[1];
  return (name !== undefined && LANDSAT[sensor.toUpperCase()]?.[name]) || {};
}
