/**
 * Rows of one resolution level -> compressed tiles in a spool file, and rows for the next level. Tiles are framed as
 * the ghost area says: size before (4 bytes), last 4 bytes repeated after.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { LevelPlace } from './cog-header.ts';
import { encodeTile, type TileShape } from './cog-tiles.ts';
import type { Compress } from './compress.ts';
import type { Reduce } from './overview.ts';
import { bytesPerPixel, copyPixels, makePixels } from './pixels.ts';
import type { TileBudget } from './tile-budget.ts';
import type { DataType, PixelArray } from './types.ts';

export interface LevelOptions {
  dataType: DataType;
  bands: number;
  compress: Compress;
  reducers: Reduce[];
  signal: AbortSignal | undefined;
  /** Of all levels of a COG together. */
  budget: TileBudget;
}

export interface CogLevel extends LevelPlace {
  spool: string;
  /** The next `rows` rows of every band, in order; they may be changed once this is done, when some tiles are still compressed. */
  push(bands: PixelArray[], rows: number): Promise<void>;
  /** All tiles are in the spool then. @throws what has gone wrong since the last `push` */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Sizes of a level and its tiles. rio-cogeo takes a tile as wide as a tall image for a strip, so that is avoided. */
export function tileSize(width: number, height: number, blockSize: number): [number, number] {
  const round16 = (size: number) => Math.ceil(size / 16) * 16;
  if (width <= blockSize && height <= blockSize) return [round16(width), round16(height)];
  return width === blockSize ? [blockSize / 2, blockSize / 2] : [blockSize, blockSize];
}

export async function openLevel(
  spool: string,
  size: { width: number; height: number; tileWidth: number; tileHeight: number },
  options: LevelOptions,
  next: CogLevel | null,
): Promise<CogLevel> {
  const { width, height, tileWidth, tileHeight } = size;
  const shape: TileShape = {
    width,
    tileWidth,
    tileHeight,
    dataType: options.dataType,
  };
  const handle = await open(spool, 'w');
  const level: CogLevel = {
    ...size,
    offsets: [],
    byteCounts: [],
    bytes: 0,
    spool,
    push,
    finish: () => written,
    close,
  };
  const across = Math.ceil(width / tileWidth);
  let written: Promise<void> = Promise.resolve();
  let pending: PixelArray[] = [];
  let pendingRows = 0;
  let seen = 0;

  async function push(bands: PixelArray[], rows: number): Promise<void> {
    let taken = 0;
    while (taken < rows) {
      const whole = pendingRows === 0 && taken === 0 && (rows === tileHeight || seen + rows === height);
      if (whole && rows <= tileHeight) {
        seen += rows;
        await flush(bands, rows);
        return;
      }
      if (pending.length === 0) pending = bands.map(() => makePixels(options.dataType, width * tileHeight));
      const count = Math.min(tileHeight - pendingRows, rows - taken);
      bands.forEach((band, index) => {
        copyPixels(
          pending[index]!,
          band.subarray(taken * width, (taken + count) * width),
          pendingRows * width,
        );
      });
      pendingRows += count;
      taken += count;
      seen += count;
      if (pendingRows === tileHeight || seen === height) {
        const full = pending.map((band) => band.subarray(0, pendingRows * width));
        const fullRows = pendingRows;
        pendingRows = 0;
        await flush(full, fullRows);
      }
    }
  }

  /** Tiles are compressed side by side, and written in their order. */
  async function flush(bands: PixelArray[], rows: number): Promise<void> {
    const bytes = tileWidth * tileHeight * bands.length * bytesPerPixel(options.dataType);
    for (let column = 0; column < across; column += 1) {
      options.signal?.throwIfAborted();
      await options.budget.take(bytes);
      const coming = encodeTile(bands, rows, column, shape, options.compress);
      written = Promise.all([coming, written])
        .then(([tile]) => writeTile(handle, level, tile))
        .finally(() => options.budget.release(bytes));
      written.catch(options.budget.fail);
    }
    if (!next) return;
    const reduced = bands.map((band, index) => options.reducers[index]!(band, width, rows));
    await next.push(reduced, Math.ceil(rows / 2));
  }

  async function close(): Promise<void> {
    pending = [];
    await written.catch(() => undefined);
    await handle.close();
  }

  return level;
}

async function writeTile(handle: FileHandle, level: CogLevel, tile: Uint8Array): Promise<void> {
  const leader = Buffer.alloc(4);
  leader.writeUInt32LE(tile.length);
  const trailer = tile.subarray(tile.length - 4);
  const framed = Buffer.concat([leader, tile, trailer]);
  level.offsets.push(level.bytes + 4);
  level.byteCounts.push(tile.length);
  level.bytes += framed.length;
  let done = 0;
  while (done < framed.length) done += (await handle.write(framed, done)).bytesWritten;
}
