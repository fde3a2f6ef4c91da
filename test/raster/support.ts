/** Fixtures on disk, what GDAL and xarray read in them (expected.json), and whole layers as one array. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BandStatistics, Layer, PixelArray } from '../../src/raster/types.ts';

export interface ExpectedTiff {
  format: 'GeoTIFF';
  width: number;
  height: number;
  count: number;
  dtype: string;
  epsg: number | null;
  transform: number[];
  nodata: number | string | null;
  descriptions: (string | null)[];
  scales: number[];
  offsets: number[];
  units: (string | null)[];
  tags: Record<string, string>;
  sha256: string[];
  statistics: BandStatistics[];
  footprint?: { bbox: number[]; area: number };
  /** Of one byte a pixel, 1 where there is data. */
  mask?: string;
}

export interface ExpectedVariable {
  /** As the file names it; its key also names the steps of other dimensions. */
  variable: string;
  dtype: string;
  nodata: number | string | null;
  scale: number | null;
  offset: number | null;
  unit: string | null;
  transform: number[];
  width: number;
  height: number;
  times: (string | null)[];
  sha256: string[];
  statistics: BandStatistics[];
}

export interface ExpectedCube {
  format: 'NetCDF' | 'Zarr';
  epsg: number | null;
  variables: Record<string, ExpectedVariable>;
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    if (folder === dirname(folder)) throw new Error('no package-lock.json above this test');
    folder = dirname(folder);
  }
  return folder;
}

export const ROOT = packageRoot();
const FIXTURES = join(ROOT, 'test/raster/fixtures');

export const fixture = (name: string): string => join(FIXTURES, name);

export const EXPECTED = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Record<
  string,
  ExpectedTiff | ExpectedCube
>;

export const tiffs = (): [string, ExpectedTiff][] =>
  Object.entries(EXPECTED).filter((entry): entry is [string, ExpectedTiff] => entry[1].format === 'GeoTIFF');

export const cubes = (): [string, ExpectedCube][] =>
  Object.entries(EXPECTED).filter((entry): entry is [string, ExpectedCube] => entry[1].format !== 'GeoTIFF');

export function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'raster-'));
}

/** A whole band, read in uneven pieces, so that row windows are exercised too. */
export async function readBand(layer: Layer, band: number): Promise<PixelArray> {
  const pieces: PixelArray[] = [];
  let size = 7;
  for (let row = 0; row < layer.grid.height; row += pieces.at(-1)!.length / layer.grid.width) {
    pieces.push(await layer.readRows(band, row, Math.min(size, layer.grid.height - row)));
    size = size * 2 + 1;
  }
  const out = pieces[0]!.constructor as { new (length: number): PixelArray };
  const whole = new out(layer.grid.width * layer.grid.height);
  let at = 0;
  for (const piece of pieces) {
    (whole as Uint8Array).set(piece as Uint8Array, at);
    at += piece.length;
  }
  return whole;
}

/** A whole mask, in uneven pieces. @throws TypeError where there is none */
export async function readMask(layer: Layer): Promise<Uint8Array> {
  const { width, height } = layer.grid;
  const whole = new Uint8Array(width * height);
  for (let row = 0, size = 5; row < height; row += size, size = size * 2 + 1) {
    whole.set(await layer.readMask!(row, Math.min(size, height - row)), row * width);
  }
  return whole;
}

export function sha256(pixels: PixelArray): string {
  return createHash('sha256')
    .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
    .digest('hex');
}

/** Nodata as expected.json writes it. */
export function plainNodata(nodata: number | bigint | 'nan' | null): number | string | null {
  if (typeof nodata !== 'bigint') return nodata;
  return Number(nodata);
}

/** Numbers alike to about 1e-9 of their size. */
export function near(actual: number, expected: number, share = 1e-9): boolean {
  return Math.abs(actual - expected) <= share * Math.max(1, Math.abs(expected));
}
