/** A COG is known by its header and its smallest overview; anything else is refused with its reason. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ByteSource, openBytes } from '../../src/raster/bytes.ts';
import { openCog } from '../../src/raster/open-cog.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import type { Layer } from '../../src/raster/types.ts';
import { writeCog } from '../../src/raster/write-cog.ts';
import { fixture, scratch } from './support.ts';

const folder = scratch();
after(() => rmSync(folder, { recursive: true, force: true }));

/** Counts what is read. */
async function counted(path: string): Promise<{ source: ByteSource; read: () => number }> {
  const source = await openBytes(path);
  let read = 0;
  return {
    source: {
      ...source,
      read(offset, length) {
        read += length;
        return source.read(offset, length);
      },
    },
    read: () => read,
  };
}

/** A float layer of noise, which does not compress, with a nodata corner. */
function noise(width: number, height: number): Layer {
  let seed = 1;
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const band = (name: string) => ({
    name,
    dataType: 'float32' as const,
    nodata: -9,
    scale: null,
    offset: null,
    unit: null,
    description: name,
  });
  return {
    key: 'noise',
    asset: 'noise',
    grid: {
      width,
      height,
      transform: [10, 0, 600_000, 0, -10, 5_200_000],
      crs: { epsg: 32_632, geoKeys: { 1024: 1, 1025: 1, 3072: 32_632 }, proj4: null },
    },
    bands: [band('a'), band('b')],
    time: null,
    metadata: { AREA_OR_POINT: 'Area' },
    async readRows(index, row, count) {
      const pixels = new Float32Array(width * count);
      for (let at = 0; at < pixels.length; at++)
        pixels[at] = row < 256 && at % width < 100 ? -9 : next() * 100 + index * 1000;
      return pixels;
    },
  };
}

test('of a COG the header and the smallest overview are read, no more', async () => {
  const path = join(folder, 'big.tif');
  const { bytes, overviews, statistics } = await writeCog(noise(3000, 2600), path, { blockSize: 256 });
  const { source, read } = await counted(path);
  const cog = await openCog(source);
  assert.ok(read() < bytes / 20, `${read()} of ${bytes}`);
  assert.deepEqual(cog.overviews, overviews);
  assert.equal(cog.layer.bands.length, 2);
  assert.deepEqual(cog.layer.grid.transform, [10, 0, 600_000, 0, -10, 5_200_000]);
  assert.equal(cog.layer.grid.crs.epsg, 32_632);
  cog.statistics.forEach(({ mean, minimum, maximum }, band) => {
    const whole = statistics[band]!;
    assert.ok(Math.abs(mean! - whole.mean!) < 1);
    assert.ok(minimum! >= whole.minimum! && maximum! <= whole.maximum!);
  });
  await cog.file.close();
});

test('a small image needs neither tiles nor overviews', async () => {
  for (const name of ['type-float32.tif', 'mercator.tif', 'rotated.tif', 'bigtiff.tif', 'big-endian.tif']) {
    const source = await openBytes(fixture(name));
    const cog = await openCog(source).finally(() => source.close());
    const expected = await openRaster(fixture(name), { multiband: true });
    assert.deepEqual(cog.layer.grid, expected.layers[0]?.grid, name);
    assert.equal(cog.statistics.length, cog.layer.bands.length);
    await expected.close();
  }
});

test('what is no COG is refused with the reason', async () => {
  const refused = async (path: string) => {
    const source = await openBytes(path);
    return openCog(source)
      .then(() => 'opened')
      .catch((error: Error) => error.message)
      .finally(() => source.close());
  };
  assert.match(
    await refused(fixture('packed.nc')),
    /packed\.nc is no Cloud-Optimized GeoTIFF.*it is no TIFF/,
  );
  assert.match(await refused(fixture('south-up.tif')), /its rows go from south to north/);
  assert.match(await refused(fixture('complex.tif')), /complex pixels/);
  assert.match(await refused(fixture('broken-truncated.tif')), /cut short/);
  assert.match(await refused(fixture('empty.tif')), /no TIFF/);
  // Directories behind the pixels, as libtiff appends overviews.
  assert.match(await refused(fixture('overviews.tif')), /directories|overviews|pixels/);
});
