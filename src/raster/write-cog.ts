/**
 * Layer -> Cloud-Optimized GeoTIFF, in one pass and a few tile rows of memory. OGC COG (21-026), GDAL's COG layout.
 * Tiles of each level are spooled beside the target, then joined behind the header: smallest overview first.
 */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { cogHeader } from './cog-header.ts';
import { type CogLevel, openLevel, tileSize, writeFully } from './cog-level.ts';
import { compressorOf } from './compress.ts';
import { bytesPerPixel } from './pixels.ts';
import { givePixels } from './spare-pixels.ts';
import { sumStatistics } from './statistics.ts';
import { makeTileBudget } from './tile-budget.ts';
import { THREADS } from './tile-pool.ts';
import type { CogOptions, CogResult, Layer } from './types.ts';

const COPY_BYTES = 4 * 1024 * 1024;
/** Of tiles that wait or are encoded, whatever their size. */
const TILE_BYTES = 4 * 1024 * 1024;
const MOST_TILE_BYTES = 96 * 1024 * 1024;

/**
 * Writes `path` (by way of `${path}.part`; nothing is left behind on failure). The same layer gives the same bytes.
 * Defaults: deflate level 6, tiles of 512, averaged overviews until both sides fit one tile. Bands of one layer must
 * share their type. BigTIFF when the file passes 4 GB.
 * @throws what the layer's reader throws, the signal's reason, and the system's errors on a full disk
 */
export async function writeCog(layer: Layer, path: string, options: CogOptions = {}): Promise<CogResult> {
  const { signal, blockSize = 512, compression = 'deflate' } = options;
  const resampling = options.resampling ?? (layer.colorTable ? 'mode' : 'average');
  compressorOf(compression, options.level);
  if (!Number.isInteger(blockSize) || blockSize < 32 || blockSize % 32 !== 0 || blockSize > 4096) {
    throw new RangeError(`blockSize ${blockSize} is no multiple of 32 from 32 to 4096`);
  }
  const first = layer.bands[0];
  if (!first || layer.bands.some((band) => band.dataType !== first.dataType)) {
    throw new RangeError(`layer ${layer.key} must have bands of one type`);
  }
  signal?.throwIfAborted();
  const part = `${path}.part`;
  const levels: CogLevel[] = [];
  const budget = makeTileBudget(roomFor(layer, blockSize));
  const sums = layer.bands.map((band) => sumStatistics(band.nodata));
  try {
    const sizes = levelSizes(layer.grid.width, layer.grid.height, blockSize);
    for (let index = sizes.length - 1; index >= 0; index -= 1) {
      const [width, height] = sizes[index]!;
      const [tileWidth, tileHeight] = tileSize(width, height, blockSize);
      const opened = await openLevel(
        `${part}-${index}`,
        { width, height, tileWidth, tileHeight },
        {
          bands: layer.bands.map(({ dataType, nodata }) => ({ dataType, nodata })),
          hasMask: layer.readMask !== undefined,
          compression,
          level: options.level,
          resampling,
          signal,
          budget,
          count: index > 0 ? null : (moments) => sums.forEach((sum, band) => void sum.merge(moments[band]!)),
        },
        levels[0] ?? null,
      );
      levels.unshift(opened);
    }
    await fill(layer, levels[0]!, signal);
    for (const one of levels) await one.finish();
    for (const one of levels) await one.close();
    const pixels = layer.grid.width * layer.grid.height;
    const statistics = sums.map((sum) => sum.result(pixels));
    const { header } = cogHeader(layer, levels, statistics, {
      compression,
      bigTiff: options.bigTiff ?? false,
    });
    const { bytes, sha256 } = await join(part, header, levels, signal);
    await rename(part, path);
    return { bytes, sha256, statistics, overviews: sizes.slice(1) };
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    for (const one of levels) {
      await one.close().catch(() => undefined);
      await rm(one.spool, { force: true });
    }
  }
}

/** Full size first, then halves until one tile holds all. */
function levelSizes(width: number, height: number, blockSize: number): [number, number][] {
  const sizes: [number, number][] = [[width, height]];
  for (let [w, h] = [width, height]; w > blockSize || h > blockSize; ) {
    [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    sizes.push([w, h]);
  }
  return sizes;
}

/** Bytes of tiles at a time: a tile for each thread, and one that is cut meanwhile. */
function roomFor(layer: Layer, blockSize: number): number {
  const tile = blockSize * blockSize * layer.bands.length * bytesPerPixel(layer.bands[0]!.dataType);
  return Math.max(TILE_BYTES, Math.min(tile * (THREADS + 1), MOST_TILE_BYTES));
}

/** Reads the layer a tile row at a time, while the last tiles of the row before are encoded. */
async function fill(layer: Layer, level: CogLevel, signal: AbortSignal | undefined): Promise<void> {
  const { width, height } = layer.grid;
  for (let row = 0; row < height; row += level.tileHeight) {
    signal?.throwIfAborted();
    const count = Math.min(level.tileHeight, height - row);
    const [mask, ...bands] = await Promise.all([
      layer.readMask?.(row, count),
      ...layer.bands.map((_band, index) => layer.readRows(index, row, count)),
    ]);
    if ([mask, ...bands].some((pixels) => pixels && pixels.length !== width * count))
      throw new RangeError(`layer ${layer.key} gave too few pixels`);
    await level.push({ bands, mask: mask ?? null, count });
    givePixels(...bands);
  }
}

/** Header and levels, smallest overview first, into one file; hashed on the way. */
async function join(
  part: string,
  header: Buffer,
  levels: CogLevel[],
  signal: AbortSignal | undefined,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  const out = await open(part, 'w');
  let bytes = 0;
  const write = async (chunk: Buffer) => {
    bytes += chunk.length;
    // Hashed while the system writes.
    const writing = writeFully(out, chunk);
    hash.update(chunk);
    await writing;
  };
  try {
    await write(header);
    // No longer than what it is to hold: large buffers, a few of them for each small file, keep the garbage collector busy.
    const longest = levels.reduce((most, { bytes }) => Math.max(most, bytes), 1);
    const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, longest));
    for (const level of levels.toReversed()) {
      const spool = await open(level.spool, 'r');
      try {
        for (;;) {
          signal?.throwIfAborted();
          const { bytesRead } = await spool.read(buffer, 0, buffer.length, null);
          if (bytesRead === 0) break;
          await write(buffer.subarray(0, bytesRead));
        }
      } finally {
        await spool.close();
      }
    }
  } finally {
    await out.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
