/**
 * What a raster file is made of, whatever its format: layers, each of which becomes one Cloud-Optimized GeoTIFF.
 * Pixel arrays are row-major, row 0 first as stored in the layer's grid (north-up after `openRaster`).
 */

export type DataType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'uint64'
  | 'int64'
  | 'float32'
  | 'float64';

export type PixelArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** Coordinate reference system, as far as the file tells it. All null and empty: the file has none. */
export interface Crs {
  /** EPSG code, or null when the CRS is user-defined. */
  epsg: number | null;
  /** GeoTIFF geokeys to write, by numeric key; what a GeoTIFF source had is kept as it was. */
  geoKeys: Record<number, number | number[] | string>;
  /** Definition that proj4 understands, for footprints; null when unknown. */
  proj4: string | null;
}

/** Pixel grid. `transform` is row-major affine [a, b, c, d, e, f]: x = a*column + b*row + c, y = d*column + e*row + f, outer corner of pixel (0, 0) at column = row = 0. CRS units. */
export interface Grid {
  width: number;
  height: number;
  transform: [number, number, number, number, number, number];
  crs: Crs;
}

export interface LayerBand {
  /** Band or variable name as the file tells it ("VV", "t2m"); `band1`, `band2`, ... where it does not. */
  name: string;
  dataType: DataType;
  /** Value of pixels without data; 'nan' for NaN; null when there is none. bigint only for (u)int64. */
  nodata: number | bigint | 'nan' | null;
  /** value = stored * scale + offset; null when the stored value is the value. */
  scale: number | null;
  offset: number | null;
  unit: string | null;
  description: string | null;
}

/** Instant or interval as RFC 3339 in UTC. `start` and `end` only where the file has bounds. */
export interface LayerTime {
  datetime: string;
  start?: string;
  end?: string;
}

/** One COG to be: one band of a GeoTIFF, or one variable at one time step (and level, ...) of a cube. */
export interface Layer {
  /** Unique in the file, stable between runs; names the COG ("VV", "t2m_20240101T000000Z"). */
  key: string;
  /** STAC asset key: band or variable name. */
  asset: string;
  grid: Grid;
  bands: LayerBand[];
  /** null when the file does not say. */
  time: LayerTime | null;
  /** TIFF ColorMap of a band of indexes: 2^bits reds, then greens, then blues, from 0 to 65535; undefined: none. */
  colorTable?: number[];
  /** GDAL-style metadata of the whole layer (TIFF tag 42112 and friends), kept in the COG. */
  metadata: Record<string, string>;
  /** Rows [row, row + count) of band `band` (0-based), count * width values, which are the caller's to change. */
  readRows(band: number, row: number, count: number): Promise<PixelArray>;
  /** The mask of all bands, where the file has one: 0 for pixels without data, count * width values. */
  readMask?(row: number, count: number): Promise<Uint8Array>;
}

/** Dimension of a cube as the datacube extension wants it (v2.3.0). */
export interface CubeDescription {
  'cube:dimensions': Record<string, unknown>;
  'cube:variables': Record<string, unknown>;
}

export interface RasterFile {
  format: 'GeoTIFF' | 'NetCDF' | 'Zarr';
  mediaType: string;
  layers: Layer[];
  /** null for files that are no cubes. */
  cube: CubeDescription | null;
  /** Global attributes worth telling (title, institution, ...), strings only. */
  attributes: Record<string, string>;
  /** What was left out and why, for the report ("variable 'crs' has no lat/lon dimensions"). */
  warnings: string[];
  close(): Promise<void>;
}

export const DIMENSIONS = ['assets', 'bands'] as const;
export type Dimensions = (typeof DIMENSIONS)[number];

export interface OpenOptions {
  /** Keep a multi-band GeoTIFF as one layer. Default: one layer a band, which stackstac needs. */
  multiband?: boolean;
  /** What steps of dimensions beside time and space become: a layer each (the default), or a band each of one. */
  dimensions?: Dimensions;
  /** Only these variables or bands, by name. */
  only?: string[];
}

export interface BandStatistics {
  minimum: number | null;
  maximum: number | null;
  mean: number | null;
  stddev: number | null;
  /** Pixels with data, in percent. */
  valid_percent: number;
}

export const COMPRESSIONS = ['deflate', 'lzw', 'zstd'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** nearest: one of four pixels. average: of quantities. mode: the most frequent, of classes. */
export const RESAMPLINGS = ['average', 'mode', 'nearest'] as const;
export type Resampling = (typeof RESAMPLINGS)[number];

export interface CogOptions {
  /** Default deflate. zstd where the runtime has it (Node 22.15 and later). */
  compression?: Compression;
  /** Of deflate, 1 to 9 (6); of zstd, 1 to 22 (9). */
  level?: number;
  blockSize?: number;
  /** Of overviews. Default average; mode for indexes of a colour table. */
  resampling?: Resampling;
  /** BigTIFF even where classic TIFF would do. Default: only beyond 4 GB. */
  bigTiff?: boolean;
  signal?: AbortSignal;
}

export interface CogResult {
  bytes: number;
  /** Hex. */
  sha256: string;
  /** One for each band, over the valid pixels, of stored values (before scale and offset). */
  statistics: BandStatistics[];
  /** Width and height of each overview, largest first. */
  overviews: [number, number][];
}
