/**
 * Rows of one resolution level -> compressed tiles in a spool file, and rows for the next level. Tiles are framed as
 * the ghost area says: size before (4 bytes), last 4 bytes repeated after.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { LevelPlace } from './cog-header.ts';
import { encodeTile, type TileShape } from './cog-tiles.ts';
import type { Reduce } from './overview.ts';
import { copyPixels, makePixels } from './pixels.ts';
import type { DataType, PixelArray } from './types.ts';

/** Tiles that are compressed at a time: enough for the thread pool, little enough for memory. */
const AT_ONCE = 8;

export interface LevelOptions {
  dataType: DataType;
  bands: number;
  compressionLevel: number;
  reducers: Reduce[];
  signal: AbortSignal | undefined;
}

export interface CogLevel extends LevelPlace {
  spool: string;
  /** The next `rows` rows of every band, in order. */
  push(bands: PixelArray[], rows: number): Promise<void>;
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
    level: options.compressionLevel,
  };
  const handle = await open(spool, 'w');
  const level: CogLevel = { ...size, offsets: [], byteCounts: [], bytes: 0, spool, push, close };
  const across = Math.ceil(width / tileWidth);
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

  async function flush(bands: PixelArray[], rows: number): Promise<void> {
    for (let column = 0; column < across; column += AT_ONCE) {
      options.signal?.throwIfAborted();
      const columns = Array.from(
        { length: Math.min(AT_ONCE, across - column) },
        (_, index) => column + index,
      );
      const tiles = await Promise.all(columns.map((index) => encodeTile(bands, rows, index, shape)));
      for (const tile of tiles) await writeTile(handle, level, tile);
    }
    if (!next) return;
    const reduced = bands.map((band, index) => options.reducers[index]!(band, width, rows));
    await next.push(reduced, Math.ceil(rows / 2));
  }

  async function close(): Promise<void> {
    pending = [];
    await handle.close();
  }

  return level;
}

async function writeTile(handle: FileHandle, level: CogLevel, tile: Buffer): Promise<void> {
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
