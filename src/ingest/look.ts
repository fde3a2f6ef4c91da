/** A finished COG on disk -> what is told of its pixels besides their statistics: a histogram of each band, and where there are any. */
import type { Footprint } from '../geo/footprint.ts';
import { footprintOfRings } from '../geo/footprint-parts.ts';
import { outline } from '../geo/outline.ts';
import { openBytes } from '../raster/bytes.ts';
import { missingValue, sampleFormatOf } from '../raster/pixels.ts';
import type { BandStatistics, Grid, Layer, LayerBand } from '../raster/types.ts';
import { type Image, openImage } from '../render/image.ts';
import { type NumberArray, readWindow, type WindowPixels } from '../render/window.ts';

/** raster extension 2.0.0, Histogram Object. */
export interface Histogram {
  count: number;
  min: number;
  max: number;
  buckets: number[];
}

export const HISTOGRAMS = ['overview', 'exact', 'none'] as const;
export const FOOTPRINTS = ['grid', 'data'] as const;

export interface LookSettings {
  /** Of an overview (the default), or of every pixel. */
  histogram?: (typeof HISTOGRAMS)[number];
  /** Of the whole grid (the default), or of the pixels that hold data. */
  footprint?: (typeof FOOTPRINTS)[number];
}

export interface Look {
  /** One for each band; null: its pixels are all alike, or it has none. */
  histograms: (Histogram | null)[];
  /** undefined: that of the grid counts; null: there is no data, or no place. */
  footprint?: Footprint | null;
}

const BUCKETS = 32;
/** Longest side of the overview that is looked at, in pixels. */
const LOOKED_AT = 1024;
/** Pixels of a piece where all are read. */
const PIECE = 4_000_000;

type Add = (pixels: NumberArray, opacity: Uint8Array | null) => void;

/** Equal steps from minimum to maximum, both of which count; of few whole numbers a step each. null: there is nothing to tell apart. */
function countInto(
  { dataType, nodata }: LayerBand,
  { minimum, maximum }: BandStatistics,
): { histogram: Histogram; add: Add } | null {
  if (minimum === null || maximum === null || !(maximum > minimum)) return null;
  const isWhole = sampleFormatOf(dataType) !== 3 && maximum - minimum < BUCKETS;
  // A histogram has three buckets at least.
  const count = isWhole ? Math.max(3, maximum - minimum + 1) : BUCKETS;
  const [min, max] = isWhole ? [minimum - 0.5, minimum - 0.5 + count] : [minimum, maximum];
  const buckets = Array.from({ length: count }, () => 0);
  const missing = missingValue(nodata);
  const perUnit = count / (max - min);
  const add: Add = (pixels, opacity) => {
    for (let at = 0; at < pixels.length; at += 1) {
      const value = pixels[at]!;
      // Means of an overview, too, lie between; infinities do not.
      if (value === missing || !(value >= min && value <= max) || opacity?.[at] === 0) continue;
      const bucket = Math.min(count - 1, Math.floor((value - min) * perUnit));
      buckets[bucket] = buckets[bucket]! + 1;
    }
  };
  return { histogram: { count, min, max, buckets }, add };
}

/** The largest level that is no larger than what is looked at; the smallest where all are. */
function lookedAt({ levels }: Image): number {
  const found = levels.findIndex(({ layout }) => Math.max(layout.width, layout.height) <= LOOKED_AT);
  return found < 0 ? levels.length - 1 : found;
}

/** 1 where any band has a value. */
function validOf({ bands, opacity }: WindowPixels, described: readonly LayerBand[]): Uint8Array {
  const valid = new Uint8Array(bands[0]?.length ?? 0);
  for (const [index, pixels] of bands.entries()) {
    const { nodata = null } = described[index] ?? {};
    const missing = missingValue(nodata);
    for (let at = 0; at < pixels.length; at += 1) {
      const value = pixels[at]!;
      if (value !== missing && !Number.isNaN(value) && opacity?.[at] !== 0) valid[at] = 1;
    }
  }
  return valid;
}

function dataFootprint(grid: Grid, pixels: WindowPixels, { layout }: Image['levels'][0], bands: LayerBand[]) {
  const { width, height } = layout;
  // Levels are halves of halves, rounded up.
  const factor = 2 ** Math.round(Math.log2(grid.width / width));
  const rings = outline(validOf(pixels, bands), width, height).map((ring) =>
    ring.map(([column, row]): [number, number] => [
      Math.min(grid.width, column * factor),
      Math.min(grid.height, row * factor),
    ]),
  );
  return rings.length === 0 ? null : footprintOfRings(grid, rings);
}

/**
 * @param path of the COG that was made of the layer
 * @throws UserError when it cannot be read
 */
export async function lookAt(
  path: string,
  { bands, grid }: Pick<Layer, 'bands' | 'grid'>,
  statistics: BandStatistics[],
  { histogram = 'overview', footprint = 'grid' }: LookSettings,
): Promise<Look> {
  const counts = bands.map((band, index) =>
    histogram === 'none' || !statistics[index] ? null : countInto(band, statistics[index]),
  );
  const histograms = counts.map((count) => count?.histogram ?? null);
  const isCounted = counts.some((count) => count !== null);
  if (!isCounted && footprint === 'grid') return { histograms };
  const bytes = await openBytes(path);
  try {
    const image = await openImage(bytes);
    const all = bands.map((_, index) => index);
    const count = ({ bands: pixels, opacity }: WindowPixels) => {
      for (const [index, each] of counts.entries()) each?.add(pixels[index]!, opacity);
    };
    const level = lookedAt(image);
    const { width, height } = image.levels[level]!.layout;
    const isSmall = level === 0;
    const needsLevel = footprint === 'data' || histogram === 'overview' || isSmall;
    const seen = needsLevel
      ? await readWindow(bytes, image, level, { column: 0, row: 0, width, height }, all)
      : null;
    if (isCounted && histogram === 'exact' && !isSmall) {
      const rows = Math.max(512, Math.floor(PIECE / image.width / bands.length / 512) * 512);
      for (let row = 0; row < image.height; row += rows) {
        const piece = { column: 0, row, width: image.width, height: Math.min(rows, image.height - row) };
        count(await readWindow(bytes, image, 0, piece, all));
      }
    } else if (seen) count(seen);
    if (footprint === 'grid' || !seen) return { histograms };
    return { histograms, footprint: dataFootprint(grid, seen, image.levels[level]!, bands) };
  } finally {
    await bytes.close();
  }
}
