/** With RASTER_COG_OUT set, COGs of all fixtures stay in that folder with a manifest, for verify_cogs.py. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import zlib from 'node:zlib';
import { fromFile } from 'geotiff';
import { decodeLzw } from '../../src/raster/lzw.ts';
import { encodeLzw } from '../../src/raster/lzw-encode.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import type { BandStatistics, CogOptions, Layer } from '../../src/raster/types.ts';
import { writeCog } from '../../src/raster/write-cog.ts';
import { cubes, fixture, near, readBand, readMask, scratch, sha256, tiffs } from './support.ts';

const kept = process.env.RASTER_COG_OUT;
const folder = kept ?? scratch();
mkdirSync(folder, { recursive: true });
const manifest: {
  source: string;
  cog: string;
  band: number;
  bands: number;
  variable?: string;
  step?: number;
}[] = [];

after(() => {
  if (kept) writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 1));
  else rmSync(folder, { recursive: true });
});

function sameStatistics(actual: BandStatistics, expected: BandStatistics): void {
  for (const key of ['minimum', 'maximum', 'mean', 'stddev', 'valid_percent'] as const) {
    const [a, e] = [actual[key], expected[key]];
    assert.ok(a === e || (a !== null && e !== null && near(a, e, 1e-9)), `${key}: ${a}, numpy says ${e}`);
  }
}

/** geotiff.js reads no 64-bit integers; those are compared by our own reader alone. */
async function samePixels(layer: Layer, path: string): Promise<void> {
  const again = await openRaster(path, { multiband: true });
  try {
    const read = again.layers[0]!;
    for (let band = 0; band < layer.bands.length; band += 1) {
      assert.equal(sha256(await readBand(read, band)), sha256(await readBand(layer, band)));
    }
    assert.equal(read.readMask === undefined, layer.readMask === undefined);
    if (layer.readMask) assert.equal(sha256(await readMask(read)), sha256(await readMask(layer)));
    assert.deepEqual(read.grid.crs, layer.grid.crs);
    read.grid.transform.forEach((value, at) => {
      assert.ok(near(value, layer.grid.transform[at]!, 1e-12));
    });
    assert.deepEqual(
      read.bands.map(({ name, ...rest }) => rest),
      layer.bands.map(({ name, ...rest }) => rest),
    );
  } finally {
    await again.close();
  }
  if (layer.bands[0]!.dataType.endsWith('int64')) return;
  const tiff = await fromFile(path);
  const rasters = await (await tiff.getImage()).readRasters();
  for (let band = 0; band < layer.bands.length; band += 1) {
    assert.equal(sha256(rasters[band] as Float32Array), sha256(await readBand(layer, band)));
  }
  tiff.close();
}

async function writeAndCompare(layer: Layer, cog: string, options?: CogOptions) {
  const path = join(folder, cog);
  const result = await writeCog(layer, path, options);
  const bytes = readFileSync(path);
  assert.equal(result.bytes, bytes.length);
  assert.equal(result.sha256, createHash('sha256').update(bytes).digest('hex'));
  await samePixels(layer, path);
  return result;
}

for (const [name, expected] of tiffs()) {
  test(`${name}: its COGs hold the same pixels, grid and facts`, async () => {
    const file = await openRaster(fixture(name));
    for (const [index, layer] of file.layers.entries()) {
      const cog = `${name}-${index}.tif`;
      const { statistics } = await writeAndCompare(layer, cog);
      sameStatistics(statistics[0]!, expected.statistics[index]!);
      manifest.push({ source: fixture(name), cog, band: index + 1, bands: 1 });
    }
    await file.close();
    if (expected.count === 1) return;
    const whole = await openRaster(fixture(name), { multiband: true });
    await writeAndCompare(whole.layers[0]!, `${name}-all.tif`);
    manifest.push({ source: fixture(name), cog: `${name}-all.tif`, band: 1, bands: expected.count });
    await whole.close();
  });
}

for (const [name, expected] of cubes()) {
  for (const [variable, facts] of Object.entries(expected.variables)) {
    test(`${name}: COGs of ${variable} hold the same values`, async () => {
      const file = await openRaster(fixture(name), { only: [facts.variable] });
      const layers = file.layers.filter(({ asset }) => asset === variable);
      assert.equal(layers.length, facts.times.length);
      for (const [step, layer] of layers.entries()) {
        const cog = `${name}-${layer.key}.tif`;
        const { statistics } = await writeAndCompare(layer, cog);
        sameStatistics(statistics[0]!, facts.statistics[step]!);
        // verify_cogs.py has no zarr; what xarray reads in stores is in expected.json.
        if (expected.format === 'NetCDF')
          manifest.push({ source: fixture(name), cog, band: 1, bands: 1, variable, step });
      }
      await file.close();
    });
  }
}

test('overviews go down to one tile, and nodata takes no part in them', async () => {
  const file = await openRaster(fixture('overviews.tif'));
  const layer = file.layers[0]!;
  const result = await writeAndCompare(layer, 'overviews-again.tif');
  assert.deepEqual(result.overviews, [
    [650, 550],
    [325, 275],
  ]);
  const source = await readBand(layer, 0);
  const tiff = await fromFile(join(folder, 'overviews-again.tif'));
  const overview = (await (await tiff.getImage(1)).readRasters())[0] as Uint8Array;
  for (let row = 0; row < 550; row += 1) {
    for (let column = 0; column < 650; column += 1) {
      const four = [0, 1, 1300, 1301].map((step) => Number(source[row * 2600 + column * 2 + step]));
      const valid = four.filter((value) => value !== 0);
      const mean = Math.floor(valid.reduce((sum, value) => sum + value, 0) / valid.length + 0.5);
      assert.equal(
        overview[row * 650 + column],
        valid.length === 0 ? 0 : mean,
        `row ${row} column ${column}`,
      );
    }
  }
  tiff.close();
  await file.close();
});

test('pixels that the mask leaves out take no part in overviews, whose masks have what any of four has', async () => {
  const file = await openRaster(fixture('mask.tif'));
  const layer = file.layers[0]!;
  await writeAndCompare(layer, 'mask-again.tif');
  const [source, mask] = [await readBand(layer, 0), await readMask(layer)];
  const tiff = await fromFile(join(folder, 'mask-again.tif'));
  // The image, its mask, its overview, and that one's mask.
  const rasters = async (index: number) =>
    (await (await tiff.getImage(index)).readRasters())[0] as Uint8Array;
  const [overview, overviewMask] = [await rasters(2), await rasters(3)];
  assert.equal(overview.length, 350 * 310);
  for (let at = 0; at < overview.length; at += 1) {
    const corner = Math.floor(at / 310) * 1240 + (at % 310) * 2;
    const valid = [0, 1, 620, 621].map((step) => corner + step).filter((from) => mask[from] === 1);
    assert.equal(overviewMask[at], valid.length > 0 ? 1 : 0, `mask at ${at}`);
    if (valid.length === 0) continue;
    const mean = valid.reduce((sum, from) => sum + Number(source[from]), 0) / valid.length;
    assert.equal(overview[at], Math.floor(mean + 0.5), `pixel ${at}`);
  }
  tiff.close();
  await file.close();
  for (const resampling of ['nearest', 'mode'] as const) {
    const again = await openRaster(fixture('mask.tif'));
    await writeAndCompare(again.layers[0]!, `mask-${resampling}.tif`, { resampling });
    manifest.push({ source: fixture('mask.tif'), cog: `mask-${resampling}.tif`, band: 1, bands: 1 });
    await again.close();
  }
});

test('nearest overviews hold only values of the source', async () => {
  const file = await openRaster(fixture('overviews.tif'));
  await writeAndCompare(file.layers[0]!, 'nearest.tif', { resampling: 'nearest' });
  const source = await readBand(file.layers[0]!, 0);
  const tiff = await fromFile(join(folder, 'nearest.tif'));
  const overview = (await (await tiff.getImage(1)).readRasters())[0] as Uint8Array;
  for (let row = 0; row < 550; row += 1) {
    for (let column = 0; column < 650; column += 1) {
      assert.equal(overview[row * 650 + column], source[row * 2600 + column * 2]);
    }
  }
  tiff.close();
  await file.close();
  manifest.push({ source: fixture('overviews.tif'), cog: 'nearest.tif', band: 1, bands: 1 });
});

/** zstd where this Node has it. */
const COMPRESSIONS = ['lzw', ...('zstdCompress' in zlib ? ['zstd' as const] : [])] as const;

for (const compression of COMPRESSIONS) {
  test(`${compression} holds the same pixels as deflate, of every type`, async () => {
    for (const [name] of tiffs()) {
      const file = await openRaster(fixture(name), { multiband: true });
      const [layer] = file.layers;
      const cog = `${name}-${compression}.tif`;
      await writeAndCompare(layer!, cog, { compression });
      manifest.push({ source: fixture(name), cog, band: 1, bands: layer!.bands.length });
      await file.close();
    }
  });
}

test('LZW goes through its tables more than once, and back, whatever the bytes', () => {
  const noise = Uint8Array.from(
    { length: 300_000 },
    (_, at) =>
      createHash('md5')
        .update(`${at >> 4}`)
        .digest()[at & 15]!,
  );
  const runs = Uint8Array.from({ length: 300_000 }, (_, at) => (at % 977 < 900 ? 7 : at & 255));
  for (const bytes of [noise, runs, noise.subarray(0, 1), noise.subarray(0, 3900), new Uint8Array(70_000)]) {
    const packed = encodeLzw(bytes);
    assert.equal(sha256(decodeLzw(packed, bytes.length)), sha256(bytes));
  }
  assert.ok(encodeLzw(runs).length < 60_000);
});

test('zstd is written, or refused by a Node that has none', async () => {
  const file = await openRaster(fixture('described.tif'));
  const written = writeCog(file.layers[0]!, join(folder, 'maybe-zstd.tif'), { compression: 'zstd' });
  if ('zstdCompress' in zlib) assert.ok((await written).bytes > 0);
  else await assert.rejects(written, /Node 22\.15 or later/);
  await file.close();
});

test('overviews of classes hold the most frequent of four, and of a colour table by default', async () => {
  const file = await openRaster(fixture('palette.tif'));
  const layer = file.layers[0]!;
  assert.equal(layer.colorTable?.length, 768);
  await writeAndCompare(layer, 'palette-cog.tif');
  manifest.push({ source: fixture('palette.tif'), cog: 'palette-cog.tif', band: 1, bands: 1 });
  const again = await openRaster(join(folder, 'palette-cog.tif'));
  assert.deepEqual(again.layers[0]!.colorTable, layer.colorTable);
  await again.close();
  const source = await readBand(layer, 0);
  const tiff = await fromFile(join(folder, 'palette-cog.tif'));
  const overview = (await (await tiff.getImage(1)).readRasters())[0] as Uint8Array;
  for (let row = 0; row < 300; row += 1) {
    for (let column = 0; column < 300; column += 1) {
      const four = [0, 1, 600, 601].map((step) => source[row * 1200 + column * 2 + step] as number);
      const valid = four.filter((value) => value !== 0);
      const counts = valid.map((value) => valid.filter((each) => each === value).length);
      const expected = valid.length === 0 ? 0 : valid[counts.indexOf(Math.max(...counts))];
      assert.equal(overview[row * 300 + column], expected, `row ${row} column ${column} of ${four}`);
    }
  }
  tiff.close();
  await file.close();
});

test('BigTIFF, other tiles and other levels hold the same pixels', async () => {
  const file = await openRaster(fixture('overviews.tif'));
  await writeAndCompare(file.layers[0]!, 'bigtiff-cog.tif', { bigTiff: true, blockSize: 128, level: 9 });
  assert.equal(readFileSync(join(folder, 'bigtiff-cog.tif'))[2], 43);
  manifest.push({ source: fixture('overviews.tif'), cog: 'bigtiff-cog.tif', band: 1, bands: 1 });
  await file.close();
});

test('the same layer gives the same bytes', async () => {
  const file = await openRaster(fixture('described.tif'));
  const one = await writeCog(file.layers[0]!, join(folder, 'same-1.tif'));
  const two = await writeCog(file.layers[0]!, join(folder, 'same-2.tif'));
  assert.equal(one.sha256, two.sha256);
  await file.close();
});

test('nothing is left behind when writing is aborted or reading fails', async () => {
  const empty = scratch();
  const file = await openRaster(fixture('overviews.tif'));
  const abort = new AbortController();
  const layer = file.layers[0]!;
  const slow: Layer = {
    ...layer,
    readRows: (band, row, count) => {
      if (row > 0) abort.abort(new Error('enough'));
      return layer.readRows(band, row, count);
    },
  };
  await assert.rejects(writeCog(slow, join(empty, 'a.tif'), { signal: abort.signal }), /enough/);
  const broken = await openRaster(fixture('broken-truncated.tif')).catch(() => null);
  if (broken) await assert.rejects(writeCog(broken.layers[0]!, join(empty, 'b.tif')), /cut short/);
  assert.deepEqual(readdirSync(empty), []);
  await file.close();
  rmSync(empty, { recursive: true });
});

test('a small COG takes little memory: what is taken and thrown away counts, too, where there are thousands', async () => {
  const raster = await openRaster(fixture(tiffs()[0]![0]), { multiband: false });
  try {
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 8; n++) await writeCog(raster.layers[0]!, join(folder, 'small.tif'), {});
    const each = (process.memoryUsage().arrayBuffers - before) / 8;
    assert.ok(each < 2_000_000, `${each} bytes each`);
  } finally {
    await raster.close();
  }
});
