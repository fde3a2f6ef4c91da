/** COGs of very many bands: what is held at a time stays bounded, by smaller tiles or a refusal. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { openBytes } from '../../src/raster/bytes.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { numberOf, readTiff, TAG } from '../../src/raster/tiff-directory.ts';
import type { Layer } from '../../src/raster/types.ts';
import { writeCog } from '../../src/raster/write-cog.ts';
import { scratch } from './support.ts';

const folder = scratch();
after(() => rmSync(folder, { recursive: true, force: true }));

/** Each pixel is its band plus its row. */
function layerOf(width: number, height: number, bands: number): Layer {
  const band = { dataType: 'float32', nodata: null, scale: null, offset: null, unit: null } as const;
  return {
    ...{ key: 'many', asset: 'many', time: null, metadata: {} },
    grid: { width, height, transform: [1, 0, 0, 0, -1, 0], crs: { epsg: null, geoKeys: {}, proj4: null } },
    bands: Array.from({ length: bands }, (_, index) => ({ ...band, name: `b${index}`, description: null })),
    readRows: async (index, row, count) =>
      Float32Array.from({ length: count * width }, (_, at) => index + row + Math.floor(at / width)),
  };
}

test('tiles are as large as a row of them, with all bands, fits into memory', async () => {
  const path = join(folder, 'many.tif');
  await writeCog(layerOf(700, 140, 300), path, { level: 1 });
  const bytes = await openBytes(path);
  const { directories } = await readTiff(bytes).finally(() => bytes.close());
  assert.equal(numberOf(directories[0]!, TAG.tileWidth, 0), 128);
  const raster = await openRaster(path, { multiband: true });
  const [layer] = raster.layers;
  const pixels = (await layer!.readRows(299, 139, 1)) as Float32Array;
  assert.deepEqual([layer!.bands.length, pixels[0], pixels[699]], [300, 299 + 139, 299 + 139]);
  await raster.close();
});

test('more than fits is refused before anything is read', async () => {
  const layer = { ...layerOf(4000, 40, 4096), readRows: () => Promise.reject(new Error('it was read')) };
  await assert.rejects(writeCog(layer, join(folder, 'refused.tif')), (error: Error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /many would be a COG of 4096 bands of 4000 columns/);
    return true;
  });
});
