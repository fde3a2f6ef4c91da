/** Open files and what is asked for -> pixels of each -> one picture. */
import { ApiError } from '../../errors.ts';
import type { PixelArray } from '../../raster/types.ts';
import type { Image } from '../../render/image.ts';
import type { Tile } from '../../render/mercator.ts';
import { renderPicture } from '../../render/picture.ts';
import { levelFor, MOST_BYTES, pictureSize, readWhole, type Size } from '../../render/read-overview.ts';
import type { PictureResampling, Pixels } from '../../render/resample.ts';
import { type Range, stretchOfPixels, stretchOfType } from '../../render/stretch.ts';
import { planBytes, planTile, readTile } from '../../render/tile.ts';
import { type KeepBlock, readWindow, windowBytes } from '../../render/window.ts';
import { chosenBands, toldStretch } from './layers.ts';
import { type Drawing, type Opened, ofAsset } from './opened.ts';
import { mustFitBands, type PictureParams } from './parameters.ts';
import { noPicture } from './place.ts';

/** Decoded bytes that are read to learn how bright a file is. */
const STRETCH_BYTES = 8 * 1024 * 1024;

/** What is shown of one file. */
interface Shown {
  /** Indexes among its bands. */
  bands: number[];
  /** null: nothing of it is on the tile. */
  pixels: Pixels | null;
  /** One for all of its bands or one each; null: its values have colours of their own. */
  rescale: Range[] | null;
  colorTable: number[] | null;
}

/** A PNG. @throws ApiError NotFound where a file is broken, InvalidParameter, Timeout */
export async function drawPicture(
  { opened, params, tile }: Drawing,
  keepOf: (opened: Opened) => KeepBlock,
): Promise<Buffer> {
  const choices = opened.map(({ named, image }) =>
    opened.length === 1 ? chosenBands(params.bands, named, image) : [0],
  );
  mustFitBands(params, choices.flat().length);
  const size = tile === null ? largest(opened, params.maxSize) : { width: tile.size, height: tile.size };
  const all: Shown[] = [];
  for (const [index, each] of opened.entries())
    all.push(
      await ofAsset(each.named.key, () => show(each, choices[index]!, params, { tile, size }, keepOf(each))),
    );
  return join(all, params, size);
}

const largest = (opened: Opened[], most: number): Size =>
  opened
    .map(({ image }) => pictureSize(image, most))
    .reduce((one, other) => (one.width * one.height >= other.width * other.height ? one : other));

async function show(
  opened: Opened,
  bands: number[],
  params: PictureParams,
  { tile, size }: { tile: Tile | null; size: Size },
  keep: KeepBlock,
): Promise<Shown> {
  const { image } = opened;
  const isPlain = params.colormap === null && params.rescale === null && bands.length === 1;
  const colorTable = isPlain ? image.colorTable : null;
  // Between two indexes there is no colour.
  const resampling = colorTable === null ? params.resampling : 'nearest';
  const read = { opened, bands, resampling, keep };
  const pixels = tile === null ? await readPreview(read, size) : await readOnTile(read, tile);
  const hasColours = colorTable !== null || (params.colormap !== null && params.colormap.kind !== 'ramp');
  if (params.rescale || hasColours || pixels === null)
    return { bands, pixels, rescale: params.rescale, colorTable };
  return { bands, pixels, rescale: await stretchesOf(opened, bands, keep), colorTable };
}

interface Read {
  opened: Opened;
  bands: number[];
  resampling: PictureResampling;
  keep: KeepBlock;
}

const mib = (bytes: number) => Math.ceil(bytes / 1024 / 1024);
const tooMuch = (bytes: number) =>
  `it has no overview near that size, so ${mib(bytes)} MiB of pixels would be read, and ${mib(MOST_BYTES)} are accepted`;

async function readPreview({ opened, bands, resampling, keep }: Read, size: Size): Promise<Pixels> {
  const { image, bytes } = opened;
  const needed = wholeBytes(image, size, bands.length);
  if (needed > MOST_BYTES) throw noPicture(opened.named.key, tooMuch(needed));
  return readWhole(bytes, image, size, { bands, resampling }, keep);
}

function wholeBytes(image: Image, size: Size, bands: number): number {
  const level = levelFor(image, image.width / size.width);
  const { width, height } = image.levels[level]!.layout;
  return windowBytes(image, level, { column: 0, row: 0, width, height }, bands);
}

async function readOnTile({ opened, bands, resampling, keep }: Read, tile: Tile): Promise<Pixels | null> {
  const { image, bytes, where, named } = opened;
  if (where === null) throw noPicture(named.key, 'it does not say where on Earth it is, so it has no tiles');
  const plan = await planTile(image, where, tile);
  if (plan === null) return null;
  const needed = planBytes(image, plan, bands.length);
  if (needed > MOST_BYTES)
    throw new ApiError(
      'InvalidParameter',
      `z is ${tile.z}; accepted is a greater one: of the asset ${named.key} ${tooMuch(needed)}`,
      'z',
    );
  return readTile(bytes, image, plan, bands, resampling, keep);
}

/** What becomes black and what white: as the document says, else as the smallest overview has it, else all of the type. */
async function stretchesOf(
  { image, bytes, named }: Opened,
  bands: number[],
  keep: KeepBlock,
): Promise<Range[]> {
  const isColour = bands.length === 3 && image.bands[0]?.dataType === 'uint8';
  if (isColour) return [[0, 255]];
  const level = image.levels.length - 1;
  const { width, height } = image.levels[level]!.layout;
  const window = { column: 0, row: 0, width, height };
  const isSmall = windowBytes(image, level, window, bands.length) <= STRETCH_BYTES;
  const stretches: Range[] = [];
  for (const band of bands) {
    const about = image.bands[band]!;
    const told = toldStretch(named, band);
    const isRead = told === null && isSmall;
    const values = isRead ? (await readWindow(bytes, image, level, window, [band], keep)).bands[0] : null;
    const seen = values ? stretchOfPixels(values, width, about) : null;
    stretches.push(told ?? seen ?? stretchOfType(about.dataType));
  }
  return stretches;
}

function join(all: Shown[], params: PictureParams, { width, height }: Size): Promise<Buffer> {
  const none = () => new Uint8Array(width * height);
  if (all.every(({ pixels }) => pixels === null))
    return renderPicture([none()], { width, height, valid: none(), rescale: [[0, 1]] });
  const bands = all.flatMap(({ pixels, bands: of }): PixelArray[] => pixels?.bands ?? of.map(none));
  const each = all.flatMap(({ rescale, bands: of }) =>
    of.map((_, index) => rescale?.[index] ?? rescale?.[0]),
  );
  const hasColours = each.every((range) => range === undefined);
  const valid = new Uint8Array(width * height);
  for (const { pixels } of all)
    if (pixels)
      for (let index = 0; index < valid.length; index += 1)
        valid[index] = Math.max(valid[index]!, pixels.opacity[index]!);
  return renderPicture(bands, {
    width,
    height,
    valid,
    rescale:
      params.rescale ?? (hasColours && bands.length === 1 ? null : each.map((range) => range ?? [0, 1])),
    colormap: params.colormap,
    colorTable: all[0]?.colorTable ?? null,
  });
}
