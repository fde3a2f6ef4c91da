/** Path -> RasterFile, by content: the magic bytes decide, never the name. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { UserError } from '../errors.ts';
import { type ByteSource, openBytes } from './bytes.ts';
import { openCf } from './cf-layers.ts';
import { openNetcdf3 } from './netcdf3-file.ts';
import { openGeoTiff } from './open-geotiff.ts';
import type { OpenOptions, RasterFile } from './types.ts';

const READ = 'GeoTIFF, NetCDF and Zarr are read';

/** What a file is by its first bytes (latin1). */
const MAGIC: [string, string][] = [
  ['II*\0', 'tiff'],
  ['II+\0', 'tiff'],
  ['MM\0*', 'tiff'],
  ['MM\0+', 'tiff'],
  ['\x89HDF\r\n\x1a\n', 'hdf5'],
  ['CDF\x01', 'netcdf3'],
  ['CDF\x02', 'netcdf3'],
  ['CDF\x05', 'netcdf3'],
  ['\x0e\x03\x13\x01', 'an HDF4 file'],
  ['GRIB', 'a GRIB file'],
  ['\0\0\0\x0cjP  ', 'a JPEG 2000 image'],
  ['\xff\x4f\xff\x51', 'a JPEG 2000 codestream'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['\x89PNG', 'a PNG image'],
  ['PK\x03\x04', 'a zip archive'],
  ['\x1f\x8b', 'a gzip file'],
  ['%PDF', 'a PDF document'],
  ['SIMPLE  =', 'a FITS file'],
  ['{', 'a text file (JSON)'],
  ['<', 'a text file (XML or HTML)'],
];

const READABLE = ['tiff', 'netcdf3', 'hdf5'];

/** Could a file of this name be a raster that is read? For planning without opening. */
export function isRasterName(name: string): boolean {
  return /\.(tiff?|gtiff?|nc4?|h5|hdf5|cdf|zarr)$/i.test(name);
}

/** @returns its name, for people where it is not read; null: not known */
export function kindOfBytes(
  head: Buffer,
): { name: string; isRead: true } | { name: string | null; isRead: false } {
  const text = head.toString('latin1', 0, 16);
  const name = MAGIC.find(([magic]) => text.startsWith(magic))?.[1] ?? null;
  if (name !== null && READABLE.includes(name)) return { name, isRead: true };
  return { name, isRead: false };
}

/**
 * Opens a raster. One layer for each COG to be; close it when done.
 * @throws UserError that says what the file is when it is not read, or what is wrong with it
 */
export async function openRaster(path: string, options: OpenOptions = {}): Promise<RasterFile> {
  if ((await stat(path).catch(() => null))?.isDirectory()) return openFolder(path, options);
  return openRasterBytes(await openBytes(path), path, options);
}

/**
 * The same of bytes that may lie elsewhere; they are closed with the raster, or when it cannot be opened.
 * @param path the same file on disk, which HDF5 needs; null: it is not there
 */
export async function openRasterBytes(
  bytes: ByteSource,
  path: string | null,
  options: OpenOptions,
): Promise<RasterFile> {
  const { name, size } = bytes;
  const close = async (error: unknown): Promise<never> => {
    await bytes.close();
    throw error;
  };
  const head = await bytes.read(0, Math.min(16, size)).catch(close);
  if (size === 0) return close(new UserError(`${name} is empty; ${READ}`));
  const kind = kindOfBytes(head);
  if (kind.name === 'tiff') return openGeoTiff(bytes, options);
  if (kind.name === 'netcdf3') return openCf(await openNetcdf3(bytes), options);
  await bytes.close();
  if (kind.name === 'hdf5' && path !== null) {
    // 20 MB that GeoTIFFs need not spend.
    const { openHdf5 } = await import('./hdf5-file.ts');
    return openCf(await openHdf5(path), options);
  }
  throw new UserError(`${name} is ${kind.name ?? 'no raster this program knows'}; ${READ}`);
}

async function openFolder(path: string, options: OpenOptions): Promise<RasterFile> {
  const name = basename(path);
  const { isZarrStore, openFolderStore } = await import('./zarr-store.ts');
  if (!(await isZarrStore(path))) throw new UserError(`${name} is a folder and no Zarr store; ${READ}`);
  const { openZarr } = await import('./zarr-file.ts');
  return openCf(await openZarr(await openFolderStore(path, name)), options);
}
