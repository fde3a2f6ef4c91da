/**
 * Rows of one resolution level -> compressed tiles in a spool file, and rows for the next level. Tiles are framed as
 * the ghost area says: size before (4 bytes), last 4 bytes repeated after; each is followed by that of its mask.
 */
import { type FileHandle, open } from 'node:fs/promises';
import type { LevelPlace, TilePlaces } from './cog-header.ts';
import { cutTile, type EncodedTile, pasteTile, type Rows, type TileShape } from './cog-tiles.ts';
import type { Sampled } from './overview.ts';
import { bytesPerPixel, copyPixels } from './pixels.ts';
import { givePixels, lend, takePixels } from './spare-pixels.ts';
import type { Moments } from './statistics.ts';
import type { TileBudget } from './tile-budget.ts';
import { encodeSomewhere } from './tile-pool.ts';
import type { Compression, Resampling } from './types.ts';

/** Smaller tiles are not worth their place among what is taken again. */
const SPARE_BYTES = 64 * 1024;

export interface LevelOptions {
  bands: Sampled[];
  hasMask: boolean;
  compression: Compression;
  level: number | undefined;
  resampling: Resampling;
  signal: AbortSignal | undefined;
  /** Of all levels of a COG together. */
  budget: TileBudget;
  /** Takes the statistics of each tile's bands, tile after tile; null: they are not wanted. */
  count: ((moments: Moments[]) => void) | null;
}

export interface CogLevel extends LevelPlace {
  spool: string;
  /** The next rows, in order; they may be changed once this is done, when some tiles are still encoded. */
  push(rows: Rows): Promise<void>;
  /** All tiles are in the spool then, and all rows in the next level. @throws what has gone wrong since the last `push` */
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
  const { bands, hasMask, budget, signal } = options;
  const { dataType } = bands[0]!;
  const shape: TileShape = { width, tileWidth, tileHeight, dataType };
  const handle = await open(spool, 'w');
  const places = (): TilePlaces => ({ offsets: [], byteCounts: [] });
  const level: CogLevel = {
    ...size,
    ...places(),
    mask: hasMask ? places() : null,
    bytes: 0,
    spool,
    push,
    finish,
    close,
  };
  const across = Math.ceil(width / tileWidth);
  let written: Promise<void> = Promise.resolve();
  let reducing: Promise<void> = Promise.resolve();
  let pending: Rows | null = null;
  let seen = 0;

  const makeRows = (columns: number, count: number): Rows => ({
    bands: bands.map(() => takePixels(dataType, columns * count)),
    mask: hasMask ? new Uint8Array(columns * count) : null,
    count,
  });

  async function push(rows: Rows): Promise<void> {
    let taken = 0;
    while (taken < rows.count) {
      const isWhole = !pending && taken === 0 && (rows.count === tileHeight || seen + rows.count === height);
      if (isWhole && rows.count <= tileHeight) {
        seen += rows.count;
        await flush(rows);
        return;
      }
      pending ??= { ...makeRows(width, tileHeight), count: 0 };
      const count = Math.min(tileHeight - pending.count, rows.count - taken);
      copyRows(rows, taken, count, pending, width);
      taken += count;
      seen += count;
      if (pending.count === tileHeight || seen === height) {
        const full = pending;
        pending = null;
        await flush(full);
        givePixels(...full.bands);
      }
    }
  }

  /** Tiles are encoded side by side, and written in their order; what they give for the next level is put together beside. */
  async function flush(rows: Rows): Promise<void> {
    const nextWidth = Math.ceil(width / 2);
    const reduced = next ? makeRows(nextWidth, Math.ceil(rows.count / 2)) : null;
    const bytes = tileWidth * tileHeight * (bands.length * bytesPerPixel(dataType) + (hasMask ? 1 : 0));
    const pasted: Promise<void>[] = [];
    for (let column = 0; column < across; column += 1) {
      signal?.throwIfAborted();
      await budget.take(bytes);
      const coming = encode(rows, column, bytes);
      written = Promise.all([coming, written])
        .then(([encoded]) => {
          options.count?.(encoded.moments);
          return writeTile(handle, level, encoded);
        })
        .finally(() => budget.release(bytes));
      written.catch(budget.fail);
      if (!reduced) continue;
      const x = (column * tileWidth) / 2;
      const columns = Math.min(tileWidth / 2, nextWidth - x);
      pasted.push(
        coming.then(({ reduced: tile }) => pasteTile(tile!, reduced, x, columns, nextWidth, dataType)),
      );
    }
    if (!next || !reduced) return;
    const before = reducing;
    reducing = Promise.all([before, ...pasted])
      .then(() => next.push(reduced))
      .then(() => givePixels(...reduced.bands));
    reducing.catch(budget.fail);
    // Not its own rows: threads would stand idle until the last of them is done.
    await before;
  }

  function encode(rows: Rows, column: number, bytes: number): Promise<EncodedTile> {
    const { planes, mask, columns } = cutTile(rows, column, shape);
    return encodeSomewhere(
      {
        kind: 'encode',
        planes,
        mask,
        size: { rows: rows.count, columns, tileWidth, tileHeight },
        bands,
        compression: options.compression,
        level: options.level,
        resampling: next ? options.resampling : null,
        counted: options.count !== null,
      },
      bytes,
    );
  }

  async function finish(): Promise<void> {
    await reducing;
    await written;
  }

  async function close(): Promise<void> {
    pending = null;
    await Promise.allSettled([reducing, written]);
    await handle.close();
  }

  return level;
}

/** Appends `count` rows to those of `to`. */
function copyRows(from: Rows, row: number, count: number, to: Rows, width: number): void {
  const range = [row * width, (row + count) * width] as const;
  from.bands.forEach((band, index) => {
    copyPixels(to.bands[index]!, band.subarray(...range), to.count * width);
  });
  if (from.mask) to.mask!.set(from.mask.subarray(...range), to.count * width);
  to.count += count;
}

async function writeTile(handle: FileHandle, level: CogLevel, { tile, mask }: EncodedTile): Promise<void> {
  const parts = [...frame(level, level, tile), ...(mask ? frame(level, level.mask!, mask) : [])];
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  // All of it at once: the system writes a part only on a full disk, and then says so at the next try.
  const { bytesWritten } = await handle.writev(parts);
  if (bytesWritten < bytes) await writeFully(handle, Buffer.concat(parts).subarray(bytesWritten));
  if (tile.length >= SPARE_BYTES) givePixels(lend(tile));
}

/** Notes where a tile goes. */
function frame(level: CogLevel, places: TilePlaces, tile: Uint8Array): Uint8Array[] {
  const leader = Buffer.alloc(4);
  leader.writeUInt32LE(tile.length);
  places.offsets.push(level.bytes + 4);
  places.byteCounts.push(tile.length);
  level.bytes += tile.length + 8;
  return [leader, tile, tile.subarray(tile.length - 4)];
}

/** All of `chunk`, where the file stands. */
export async function writeFully(out: FileHandle, chunk: Buffer): Promise<void> {
  let done = 0;
  while (done < chunk.length) done += (await out.write(chunk, done)).bytesWritten;
}
