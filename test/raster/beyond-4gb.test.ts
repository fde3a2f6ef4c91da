/** COGs beyond 4 GB, as sparse files of a few kilobytes: tiles stand 600 MB apart. With RASTER_COG_OUT set, verify_cogs.py reads it, too. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openBytes } from '../../src/raster/bytes.ts';
import { cogHeader, type LevelPlace } from '../../src/raster/cog-header.ts';
import { encodeTile } from '../../src/raster/cog-tiles.ts';
import { openCog } from '../../src/raster/open-cog.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { sumStatistics } from '../../src/raster/statistics.ts';
import type { Layer } from '../../src/raster/types.ts';
import { writeCog } from '../../src/raster/write-cog.ts';
import { fixture, scratch } from './support.ts';

const kept = process.env.RASTER_COG_OUT;
const folder = kept ?? scratch();
mkdirSync(folder, { recursive: true });
after(() => {
  if (!kept) rmSync(folder, { recursive: true });
});

const TILE = 1024;
const GAP = 600_000_000;

/** Three tiles a side, all pixels of a tile with its number, then overviews of two and one a side. */
const levels = [
  { side: 3 * TILE, across: 3, first: 1 },
  { side: 1.5 * TILE, across: 2, first: 101 },
  { side: 0.75 * TILE, across: 1, first: 201 },
];

function tileOf(value: number): Uint8Array {
  const planes = new Uint8Array(TILE * TILE).fill(value);
  const size = { rows: TILE, columns: TILE, tileWidth: TILE, tileHeight: TILE };
  const bands = [{ dataType: 'uint8', nodata: null }] as const;
  return encodeTile({
    ...{ kind: 'encode', planes, mask: null, size, bands: [...bands], compression: 'deflate' },
    ...{ level: undefined, resampling: null, counted: false },
  }).tile;
}

/** Where tiles of a level go if each takes `gap` bytes. */
function placesOf({ side, across, first }: (typeof levels)[number], gap: number) {
  const tiles = Array.from({ length: across ** 2 }, (_, at) => tileOf(first + at));
  const place: LevelPlace = {
    width: side,
    height: side,
    tileWidth: TILE,
    tileHeight: TILE,
    offsets: tiles.map((_, at) => at * gap + 4),
    byteCounts: tiles.map(({ length }) => length),
    mask: null,
    bytes: tiles.length * gap,
  };
  return { tiles, place };
}

async function writeSparse(path: string, layer: Layer, gap: number): Promise<boolean> {
  const placed = levels.map((level) => placesOf(level, gap));
  const statistics = [sumStatistics(null).result(0)];
  const { header, bigTiff } = cogHeader(
    layer,
    placed.map(({ place }) => place),
    statistics,
    { compression: 'deflate', bigTiff: false },
  );
  const file = await open(path, 'w');
  await file.write(header, 0, header.length, 0);
  let at = header.length;
  for (const { tiles, place } of placed.toReversed()) {
    for (const [index, tile] of tiles.entries()) {
      const leader = Buffer.alloc(4);
      leader.writeUInt32LE(tile.length);
      await file.writev([leader, tile, tile.subarray(-4)], at + index * gap);
    }
    at += place.bytes;
  }
  await file.truncate(at);
  await file.close();
  return bigTiff;
}

async function gridOf(side: number): Promise<Layer> {
  const file = await openRaster(fixture('type-uint8.tif'));
  await file.close();
  const layer = file.layers[0]!;
  return { ...layer, grid: { ...layer.grid, width: side, height: side } };
}

test('beyond 4 GB a COG is a BigTIFF, and pixels are read from where they stand', async () => {
  const path = join(folder, 'beyond-4gb.tif');
  const layer = await gridOf(levels[0]!.side);
  assert.equal(await writeSparse(path, layer, GAP), true);
  const { size, blocks } = statSync(path);
  assert.ok(size > 2 ** 32 && blocks * 512 < 2 ** 20, `${size} bytes, ${blocks} blocks of 512`);
  const bytes = await openBytes(path);
  const { overviews } = await openCog(bytes);
  await bytes.close();
  assert.deepEqual(
    overviews,
    levels.slice(1).map(({ side }) => [side, side]),
  );
  const raster = await openRaster(path);
  for (let row = 0; row < 3; row += 1) {
    const pixels = await raster.layers[0]!.readRows(0, (row + 1) * TILE - 1, 1);
    for (let column = 0; column < 3; column += 1) {
      const tile = pixels.subarray(column * TILE, (column + 1) * TILE) as Uint8Array;
      assert.ok(
        tile.every((value) => value === row * 3 + column + 1),
        `tile ${column} of row ${row}`,
      );
    }
  }
  // As a source: what was 600 MB apart is one small COG.
  const small = await writeCog(raster.layers[0]!, join(folder, 'small.tif'), { blockSize: TILE });
  assert.ok(small.bytes < 100_000);
  assert.deepEqual([small.statistics[0]!.mean, small.statistics[0]!.maximum], [5, 9]);
  await raster.close();
  if (kept) writeFileSync(join(folder, 'beyond.json'), JSON.stringify({ tile: TILE, levels }));
});

test('a COG is a classic TIFF as long as all of it is within 4 GB', async () => {
  const layer = await gridOf(levels[0]!.side);
  // 14 tiles: the last one begins below 2^32 in the first, and the file ends beyond it in the second.
  const path = join(folder, 'edge.tif');
  assert.equal(await writeSparse(path, layer, Math.floor((2 ** 32 - 4096) / 14)), false);
  const raster = await openRaster(path);
  assert.equal((await raster.layers[0]!.readRows(0, 3 * TILE - 1, 1))[3 * TILE - 1], 9);
  await raster.close();
  assert.equal(await writeSparse(path, layer, Math.ceil(2 ** 32 / 14)), true);
});
