/** Layer and COG -> what is remembered of them as JSON: Items can be made of it again without reading a pixel. */
import { type Footprint, footprint, projectedBbox } from '../geo/footprint.ts';
import type {
  BandStatistics,
  CogResult,
  Grid,
  Layer,
  LayerBand,
  LayerTime,
  RasterFile,
} from '../raster/types.ts';
import type { Histogram, Look } from './look.ts';

export interface BandDescription {
  name: string;
  dataType: string;
  /** As STAC writes it: a number, "nan", or null. A bigint that no number holds is text. */
  nodata: number | string | null;
  scale: number | null;
  offset: number | null;
  unit: string | null;
  description: string | null;
  statistics: BandStatistics | null;
  /** Of its pixels, or of an overview's. */
  histogram?: Histogram;
}

/** What was made and is in the lake as well, byte by byte. */
export interface LakeFile {
  scope: string;
  name: string;
  adler32: string;
  md5: string;
}

export interface LayerDescription {
  key: string;
  asset: string;
  time: LayerTime | null;
  /** Rows, columns. */
  shape: [number, number];
  transform: number[];
  epsg: number | null;
  /** Length of a pixel's sides in metres; null where the CRS has no lengths (degrees) or is unknown. */
  resolution: number | null;
  /** xmin, ymin, xmax, ymax in CRS units. */
  projBbox: number[];
  footprint: Footprint | null;
  bands: BandDescription[];
  metadata: Record<string, string>;
  cog: { bytes: number; sha256: string; lake?: LakeFile };
  /** The original itself, where it lies; its sha256 is not known ('') then. */
  inPlace?: true;
  /** It is a whole Zarr store, in place. */
  zarr?: {
    version: 2 | 3;
    isConsolidated: boolean;
    /** RSEs that have all of its parts beneath one root. */
    rses: string[];
  };
}

/** A picture in the store. */
export interface StoredPicture {
  bytes: number;
  sha256: string;
}

/** Pictures of one Item. */
export interface ItemPictures {
  thumbnail: StoredPicture;
  overview: StoredPicture;
  /** render extension, Render Object. */
  render: Record<string, unknown>;
  /** What they were drawn of, and in which way: other inputs are drawn anew. */
  of: string;
}

export interface FileDescription {
  mediaType: string;
  cube: RasterFile['cube'];
  attributes: Record<string, string>;
  warnings: string[];
  layers: LayerDescription[];
  /** Items of its scene that are in the lake as files, by their ids. */
  stac?: Record<string, LakeFile>;
  /** Pictures of Items of its scene, by their ids. */
  pictures?: Record<string, ItemPictures>;
  /** Version of rucio-stac that made its COGs; undefined: an earlier release, or none were made. */
  software?: string;
}

function describeBand(
  band: LayerBand,
  statistics: BandStatistics | undefined,
  histogram: Histogram | null | undefined,
): BandDescription {
  const { name, dataType, nodata, scale, offset, unit, description } = band;
  const isBig = typeof nodata === 'bigint';
  const written = isBig ? (Number.isSafeInteger(Number(nodata)) ? Number(nodata) : String(nodata)) : nodata;
  return {
    name,
    dataType,
    nodata: written,
    scale,
    offset,
    unit,
    description,
    statistics: statistics ?? null,
    ...(histogram && { histogram }),
  };
}

const METRES: Record<string, number> = { m: 1, km: 1000, ft: 0.3048, 'us-ft': 1200 / 3937 };

/** Of the mean pixel, in metres. */
function resolutionOf({ transform, crs }: Grid): number | null {
  if (crs.proj4 === null || /\+proj=(?:longlat|latlong)\b/.test(crs.proj4)) return null;
  const [, factor] = /\+to_meter=([\d.eE+-]+)/.exec(crs.proj4) ?? [];
  const [, unit = 'm'] = /\+units=(\S+)/.exec(crs.proj4) ?? [];
  const metres = factor === undefined ? METRES[unit] : Number(factor);
  if (metres === undefined || !Number.isFinite(metres)) return null;
  const [a, b, , d, e] = transform;
  return metres * Math.sqrt(Math.hypot(a, d) * Math.hypot(b, e));
}

/** What a COG made of a layer is. */
export function describeLayer(layer: Layer, cog: CogResult, look?: Look): LayerDescription {
  const { key, asset, time, grid, bands, metadata } = layer;
  return {
    key,
    asset,
    time,
    shape: [grid.height, grid.width],
    transform: grid.transform,
    epsg: grid.crs.epsg,
    resolution: resolutionOf(grid),
    projBbox: projectedBbox(grid),
    // Without any data, all of it is told: it must be somewhere.
    footprint: look?.footprint ?? footprint(grid),
    bands: bands.map((band, index) => describeBand(band, cog.statistics[index], look?.histograms[index])),
    metadata,
    cog: { bytes: cog.bytes, sha256: cog.sha256 },
  };
}
