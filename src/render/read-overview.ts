/** COG -> the pixels of all of it, at a size wanted: of the overview that is just as large or larger. */
import { UserError } from '../errors.ts';
import type { ByteSource } from '../raster/bytes.ts';
import { type Image, openImage } from './image.ts';
import { type PictureResampling, type Pixels, resample } from './resample.ts';
import { type KeepBlock, readWindow, type Window, windowBytes } from './window.ts';

/** Decoded bytes for one picture, at most: a file without overviews would be read whole for a thumbnail. */
export const MOST_BYTES = 128 * 1024 * 1024;

export interface Overview extends Pixels {
  image: Image;
}

export interface OverviewOptions {
  /** Indexes among the bands that are no alpha; the first one unless told. */
  bands?: number[];
  resampling?: PictureResampling;
}

export interface Size {
  width: number;
  height: number;
}

/** Size of a picture of the whole: no side above `size`, none enlarged. */
export function pictureSize({ width, height }: Image, size: number): Size {
  const shrink = Math.max(1, width / size, height / size);
  return { width: Math.max(1, Math.round(width / shrink)), height: Math.max(1, Math.round(height / shrink)) };
}

/** Index of the smallest level whose pixels are not larger than `pixel` of the whole image's. */
export function levelFor({ levels, width }: Image, pixel: number): number {
  let found = 0;
  // Sizes are rounded up, so the last of a pixel is forgiven.
  for (const [index, { layout }] of levels.entries()) if (width / layout.width <= pixel * 1.01) found = index;
  return found;
}

/**
 * Pixels of a whole file. Rows go from north to south, whichever way they are stored.
 * @param size pixels of the longer side, at most
 * @throws UserError for files that are broken, or would have to be read almost whole (`MOST_BYTES`)
 */
export async function readOverview(
  bytes: ByteSource,
  size: number,
  options: OverviewOptions = {},
): Promise<Overview> {
  const image = await openImage(bytes);
  return { image, ...(await readWhole(bytes, image, pictureSize(image, size), options)) };
}

/** The same of a file that is open, at a size given. @throws UserError */
export async function readWhole(
  bytes: ByteSource,
  image: Image,
  target: Size,
  { bands = [0], resampling = 'nearest' }: OverviewOptions,
  keep?: KeepBlock,
): Promise<Pixels> {
  const level = levelFor(image, image.width / target.width);
  const { width, height } = image.levels[level]!.layout;
  const window: Window = { column: 0, row: 0, width, height };
  const needed = windowBytes(image, level, window, bands.length);
  if (needed > MOST_BYTES)
    throw new UserError(
      `${bytes.name} has no overview near ${target.width} x ${target.height} pixels: ${Math.round(needed / 2 ** 20)} MiB would be read, accepted are ${MOST_BYTES / 2 ** 20}`,
    );
  const pixels = await readWindow(bytes, image, level, window, bands, keep);
  const places = evenPlaces(image, target, { width, height });
  const shown = bands.map((band) => image.bands[band]!);
  return resample(pixels, window, places, shown, target, resampling);
}

function evenPlaces({ transform }: Image, target: Size, level: Size) {
  const columns = new Float64Array(target.width * target.height);
  const rows = new Float64Array(target.width * target.height);
  const isSouthUp = transform !== null && transform[1] === 0 && transform[3] === 0 && transform[4] > 0;
  for (let y = 0, index = 0; y < target.height; y += 1) {
    const down = ((y + 0.5) * level.height) / target.height;
    const row = isSouthUp ? level.height - down : down;
    for (let x = 0; x < target.width; x += 1, index += 1) {
      columns[index] = ((x + 0.5) * level.width) / target.width;
      rows[index] = row;
    }
  }
  return { columns, rows };
}
