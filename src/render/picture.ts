/** Values of one or three bands -> colours -> PNG. One band without a colormap is grey, two bytes a pixel; else there are four. */
import sharp from 'sharp';
import { isBig } from '../raster/pixels.ts';
import type { PixelArray } from '../raster/types.ts';
import { type Colormap, tableColormap } from './colormap.ts';
import type { Range } from './stretch.ts';
import type { NumberArray } from './window.ts';

export interface PictureOptions {
  width: number;
  height: number;
  /** Of each pixel, 0 (transparent) to 255; null: all is opaque. */
  valid: Uint8Array | null;
  /**
   * Values that become 0 and 255, of each band or one for all; values outside become these. Needed but for colours of single
   * values and intervals, which without it are of values as they are, and with it of whole numbers from 0 to 255.
   */
  rescale: Range[] | null;
  /** Of one band. */
  colormap?: Colormap | null;
  /** The file's own colours of one band's indexes, where no `colormap` is given: `Layer.colorTable`. */
  colorTable?: number[] | null;
}

/**
 * @param bands one or three, row-major, width * height values each
 * @throws RangeError where bands and options do not fit each other
 */
export async function renderPicture(bands: PixelArray[], options: PictureOptions): Promise<Buffer> {
  const { data, channels } = colourPixels(bands, options);
  const raw = { width: options.width, height: options.height, channels };
  const space = channels === 2 ? 'b-w' : 'srgb';
  return sharp(data, { raw }).toColourspace(space).png({ compressionLevel: 6 }).toBuffer();
}

/** The same before it is encoded. @throws RangeError */
export function colourPixels(
  bands: PixelArray[],
  { width, height, valid, rescale, colormap: given = null, colorTable = null }: PictureOptions,
): { data: Uint8Array; channels: 2 | 4 } {
  const colormap = given ?? (colorTable === null ? null : tableColormap(colorTable));
  if (bands.length !== 3 && bands.length !== 1) throw new RangeError('a picture has one band or three');
  if (bands.some((band) => band.length !== width * height))
    throw new RangeError('a band is not of the picture’s size');
  if (bands.length === 3 && colormap) throw new RangeError('a colormap is for one band');
  const numbers = bands.map((band) =>
    isBig(band) ? Float64Array.from(band as BigInt64Array, Number) : band,
  );
  const [first] = numbers as [NumberArray];
  if (colormap && colormap.kind !== 'ramp' && rescale === null)
    return { data: applyColours(first, colormap, valid), channels: 4 };
  const ranges = rescale ?? [];
  if (ranges.length !== 1 && ranges.length !== bands.length)
    throw new RangeError('rescale is for one band or for each');
  const bytes = numbers.map((band, index) => toBytes(band, ranges[index] ?? ranges[0]!));
  if (!colormap) return interleave(bytes, valid);
  return { data: applyColours(bytes[0]!, colormap, valid), channels: 4 };
}

/** NaN becomes 0. */
function toBytes(band: NumberArray, [least, most]: Range): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(band.length);
  const factor = 255 / (most - least);
  // A clamped array rounds, and holds what is outside to 0 and 255.
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (band[index]! - least) * factor;
  return bytes;
}

function interleave(bands: Uint8ClampedArray[], valid: Uint8Array | null) {
  const channels = bands.length === 1 ? (2 as const) : (4 as const);
  const data = new Uint8Array(bands[0]!.length * channels);
  // What is transparent has one colour, whatever was beneath: it compresses better.
  for (const [channel, band] of bands.entries())
    for (let index = 0, to = channel; index < band.length; index += 1, to += channels)
      if (valid === null || valid[index] !== 0) data[to] = band[index]!;
  for (let index = 0, to = channels - 1; to < data.length; index += 1, to += channels)
    data[to] = valid === null ? 255 : valid[index]!;
  return { data, channels };
}

function applyColours(
  band: NumberArray | Uint8ClampedArray,
  colormap: Colormap,
  valid: Uint8Array | null,
): Uint8Array {
  const data = new Uint8Array(band.length * 4);
  const colourOf = lookup(colormap);
  for (let index = 0; index < band.length; index += 1) {
    const opaque = valid === null ? 255 : valid[index]!;
    if (opaque === 0) continue;
    const colour = colourOf(band[index]!);
    if (colour === null) continue;
    const to = index * 4;
    data[to] = colour[0]!;
    data[to + 1] = colour[1]!;
    data[to + 2] = colour[2]!;
    data[to + 3] = Math.round((colour[3]! * opaque) / 255);
  }
  return data;
}

/** null: it has no colour, and is transparent. */
function lookup(colormap: Colormap): (value: number) => ArrayLike<number> | null {
  if (colormap.kind === 'values') return (value) => colormap.colours.get(value) ?? null;
  if (colormap.kind === 'ramp') {
    const colours = Array.from({ length: 256 }, (_, index) =>
      colormap.table.subarray(index * 4, index * 4 + 4),
    );
    return (value) => colours[value] ?? null;
  }
  const { intervals } = colormap;
  return (value) => {
    let [low, high] = [0, intervals.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (intervals[middle]!.least <= value) low = middle + 1;
      else high = middle;
    }
    const found = intervals[low - 1];
    return found && value < found.most ? found.colour : null;
  };
}
