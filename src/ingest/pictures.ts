/**
 * `--thumbnail`: COGs of an Item in the store -> a small and a larger PNG beside them. Red, green and blue where its assets tell
 * them, else its first asset. render extension 2.0.0 says how they were drawn.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { LayerBand } from '../raster/types.ts';
import { namedColormap } from '../render/colormap.ts';
import { renderPicture } from '../render/picture.ts';
import { type Overview, readOverview } from '../render/read-overview.ts';
import { type Range, stretchOf, stretchOfPixels, stretchOfType } from '../render/stretch.ts';
import type { AssetStore } from '../s3/types.ts';
import { PNG_TYPE } from '../stac/media-type.ts';
import type { ItemPictures, StoredPicture } from './describe.ts';
import { pictureKey, storeKey } from './part-names.ts';
import { drawnOf, type PICTURES } from './picture-assets.ts';
import type { Scene } from './source.ts';
import { bandsOf, type Part } from './to-asset.ts';
import { groupParts, type SceneFile } from './to-item.ts';

/** Pixels of the longer side, at most. */
const SIZES: Record<(typeof PICTURES)[number], number> = { thumbnail: 256, overview: 1024 };

/** Raised when the same COGs are drawn in another way. */
const DRAWING = 1;

export interface PictureContext {
  collectionId: string;
  store: AssetStore;
  workFolder: string;
  signal: AbortSignal;
  onUpload(bytes: number): void;
  onFault(message: string): void;
}

const COLOURS = ['red', 'green', 'blue'];

/** What a part is to the eye: a colour's name, or the asset's. */
function colourOf(part: Part): string {
  const [band] = bandsOf(part);
  return String(band?.['eo:common_name'] ?? part.asset).toLowerCase();
}

/** The parts that are drawn: three of one band each, or one. */
function chooseParts(parts: readonly Part[]): Part[] {
  const single = parts.filter(({ layer }) => layer.bands.length === 1);
  const colours = COLOURS.map((colour) => single.find((part) => colourOf(part) === colour));
  if (colours.every((part) => part !== undefined)) return colours;
  const [first] = parts;
  return first ? [first] : [];
}

/** Indexes of the bands of one file that are drawn: those that are named as colours, or the first. */
function chooseBands({ layer: { bands } }: Part): number[] {
  const named = COLOURS.map((colour) => bands.findIndex(({ name }) => name.toLowerCase() === colour));
  if (named.every((index) => index >= 0)) return named;
  const isPicture =
    (bands.length === 3 || bands.length === 4) && bands.every(({ dataType }) => dataType === 'uint8');
  return isPicture ? [0, 1, 2] : [0];
}

const inputsOf = (parts: readonly Part[]) =>
  createHash('sha256')
    .update(JSON.stringify([DRAWING, parts.map(({ layer, asset }) => [asset, layer.cog.sha256, layer.key])]))
    .digest('hex');

/** Whether all Items of a scene have the pictures that would be drawn of them now. */
export function isDrawn(scene: Scene, files: readonly SceneFile[]): boolean {
  const drawn = drawnOf(files);
  return [...groupParts(scene, [...files])].every(([id, parts]) => {
    const chosen = chooseParts(parts);
    return chosen.length === 0 || isInPlace(chosen) || drawn[id]?.of === inputsOf(chosen);
  });
}

const isInPlace = (parts: readonly Part[]) => parts.some(({ layer }) => layer.inPlace);

/** How one picture is drawn, in the words of the render extension. */
interface Drawing {
  assets: string[];
  bidx?: number[];
  rescale?: Range[];
  colormap_name?: string;
}

function rangeOf(part: Part, band: number, overview: Overview, at: number): Range {
  const shown = overview.image.bands[band] as LayerBand;
  const { statistics } = part.layer.bands[band] ?? {};
  return (
    (statistics && stretchOf(statistics)) ??
    stretchOfPixels(overview.bands[at]!, overview.width, shown) ??
    stretchOfType(shown.dataType)
  );
}

/** What is seen as brightness: light, and echoes of radar. */
const SEEN = /^(?:red|green|blue|nir|pan|visual|vv|vh|hh|hv)/i;

/** Measured, and no brightness: shown in colours. */
function isQuantity(part: Part): boolean {
  const [band] = part.layer.bands;
  const isReal = band?.dataType.startsWith('float') || (band?.scale ?? null) !== null;
  return isReal && !SEEN.test(part.asset) && bandsOf(part)[0]?.['eo:common_name'] === undefined;
}

interface Drawn {
  png: Buffer;
  drawing: Drawing;
}

/** One band, or three of one file or of three. Files of other grids (60 m beside 10 m) are drawn at the size of the first. */
async function draw(
  read: (part: Part, size: number, bands: number[]) => Promise<Overview>,
  parts: Part[],
  size: number,
): Promise<Drawn> {
  const [first] = parts as [Part];
  const wanted = parts.length === 1 ? chooseBands(first) : [0];
  const seen: { part: Part; overview: Overview }[] = [];
  for (const part of parts) seen.push({ part, overview: await read(part, size, wanted) });
  const { overview } = seen[0]!;
  const { width, height, image } = overview;
  const colorTable = parts.length === 1 && wanted.length === 1 ? image.colorTable : null;
  const isSame = seen.every((each) => each.overview.width === width && each.overview.height === height);
  const shown = isSame ? seen : seen.slice(0, 1);
  const bands = shown.flatMap((each) => each.overview.bands);
  const rescale = shown.flatMap((each) =>
    wanted.map((band, at) => rangeOf(each.part, band, each.overview, at)),
  );
  const colormap_name = bands.length === 1 && isQuantity(first) ? 'viridis' : undefined;
  const valid = shown
    .map((each) => each.overview.opacity)
    .reduce((one, other) => one.map((each, at) => Math.max(each, other[at] as number)));
  const png = await renderPicture(bands, {
    width,
    height,
    valid,
    rescale: colorTable === null ? rescale : null,
    colormap: colormap_name === undefined ? null : namedColormap(colormap_name),
    colorTable,
  });
  const drawing: Drawing = {
    assets: shown.map(({ part }) => part.asset),
    ...(first.layer.bands.length > 1 && { bidx: wanted.map((band) => band + 1) }),
    ...(colorTable === null && { rescale }),
    ...(colormap_name !== undefined && { colormap_name }),
  };
  return { png, drawing };
}

async function store(
  png: Buffer,
  key: string,
  folder: string,
  context: PictureContext,
): Promise<StoredPicture> {
  const { store: to, signal, onUpload } = context;
  const sha256 = createHash('sha256').update(png).digest('hex');
  const picture = { bytes: png.length, sha256 };
  if (await to.has(key, png.length, sha256)) return picture;
  const path = join(folder, 'picture.png');
  await writeFile(path, png);
  await to.put({ key, path, ...picture, contentType: PNG_TYPE, signal });
  onUpload(png.length);
  return picture;
}

/**
 * Draws what is not drawn yet, and notes it in the description of the scene's first file. A picture that cannot be drawn is told,
 * and its Item made all the same; the next run tries again.
 */
export async function drawPictures(scene: Scene, files: SceneFile[], context: PictureContext): Promise<void> {
  const before = drawnOf(files);
  const now: Record<string, ItemPictures> = {};
  const folder = await mkdtemp(join(context.workFolder, 'pictures-'));
  const read = async ({ layer, file }: Part, size: number, bands: number[]) => {
    const bytes = await context.store.openRanges(
      storeKey(context.collectionId, scene, file, layer),
      context.signal,
    );
    return readOverview(bytes, size, { bands, resampling: 'bilinear' }).finally(() => bytes.close());
  };
  const make = async (id: string, chosen: Part[], of: string): Promise<ItemPictures> => {
    const made = async (kind: (typeof PICTURES)[number]) => {
      const { png, drawing } = await draw(read, chosen, SIZES[kind]);
      const key = pictureKey(context.collectionId, scene, id, kind);
      return { stored: await store(png, key, folder, context), drawing };
    };
    const [thumbnail, overview] = [await made('thumbnail'), await made('overview')];
    return { thumbnail: thumbnail.stored, overview: overview.stored, render: { ...overview.drawing }, of };
  };
  try {
    for (const [id, parts] of groupParts(scene, files)) {
      context.signal.throwIfAborted();
      const chosen = chooseParts(parts);
      if (chosen.length === 0 || isInPlace(chosen)) continue;
      const of = inputsOf(chosen);
      try {
        now[id] = before[id]?.of === of ? before[id] : await make(id, chosen, of);
      } catch (error) {
        context.signal.throwIfAborted();
        context.onFault(`${id} has no picture: ${messageOf(error).split('\n')[0]}`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const { description } of files) delete description.pictures;
  const [first] = files;
  if (first) first.description.pictures = now;
}
