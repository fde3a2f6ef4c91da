/** Image and tile -> the level and the window that the tile needs, and then its pixels. */
import type { ByteSource } from '../raster/bytes.ts';
import type { Geolocation } from './geolocation.ts';
import type { Image } from './image.ts';
import type { Tile } from './mercator.ts';
import { levelFor } from './read-overview.ts';
import { type PictureResampling, type Pixels, type Places, resample } from './resample.ts';
import { warp } from './warp.ts';
import { type KeepBlock, readWindow, type Window, windowBytes } from './window.ts';

export interface TilePlan {
  tile: Tile;
  level: number;
  /** Of the level. */
  window: Window;
  /** In pixels of the level. */
  places: Places;
}

/** null: the image is not on the tile. Reads nothing. */
export async function planTile(image: Image, where: Geolocation, tile: Tile): Promise<TilePlan | null> {
  const places = await warp(image, where, tile);
  if (places === null) return null;
  const level = levelFor(image, stepOf(places, tile.size, image));
  const { width, height } = image.levels[level]!.layout;
  scale(places.columns, width / image.width);
  scale(places.rows, height / image.height);
  const across = extent(places.columns, places.rows, width, height);
  const down = extent(places.rows, places.columns, height, width);
  if (across === null || down === null) return null;
  const window = {
    column: across.first,
    row: down.first,
    width: across.last - across.first + 1,
    height: down.last - down.first + 1,
  };
  return { tile, level, window, places };
}

/** Bytes that a plan decodes for some bands. */
export const planBytes = (image: Image, { level, window }: TilePlan, bands: number): number =>
  windowBytes(image, level, window, bands);

/** @throws UserError for broken blocks */
export async function readTile(
  bytes: ByteSource,
  image: Image,
  { tile, level, window, places }: TilePlan,
  bands: number[],
  resampling: PictureResampling,
  keep: KeepBlock,
): Promise<Pixels> {
  const pixels = await readWindow(bytes, image, level, window, bands, keep);
  const shown = bands.map((band) => image.bands[band]!);
  return resample(pixels, window, places, shown, { width: tile.size, height: tile.size }, resampling);
}

/** Pixels of the image from one pixel of the tile to the next, in the middle of what is seen of it. */
function stepOf({ columns, rows }: Places, size: number, { width, height }: Image): number {
  let sum = 0;
  let count = 0;
  // Every fourth is enough.
  for (let y = 0; y + 1 < size; y += 4)
    for (let x = 0; x + 1 < size; x += 4) {
      const at = y * size + x;
      const [column, row] = [columns[at]!, rows[at]!];
      if (!(column > -1 && column <= width && row > -1 && row <= height)) continue;
      const area = Math.abs(
        (columns[at + 1]! - column) * (rows[at + size]! - row) -
          (columns[at + size]! - column) * (rows[at + 1]! - row),
      );
      if (!Number.isFinite(area)) continue;
      sum += area;
      count += 1;
    }
  return count === 0 ? 1 : Math.sqrt(sum / count);
}

function scale(values: Float64Array, factor: number): void {
  if (factor === 1) return;
  for (let index = 0; index < values.length; index += 1) values[index]! *= factor;
}

/** First and last pixel that is seen along one axis, and its neighbour at either side. null: none. */
function extent(along: Float64Array, other: Float64Array, size: number, otherSize: number) {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let index = 0; index < along.length; index += 1) {
    const value = along[index]!;
    const beside = other[index]!;
    if (!(value > -0.5 && value < size + 0.5 && beside > -0.5 && beside < otherSize + 0.5)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) return null;
  const first = Math.max(0, Math.floor(least - 0.5));
  const last = Math.min(size - 1, Math.floor(most + 0.5));
  return first > last ? null : { first, last };
}
