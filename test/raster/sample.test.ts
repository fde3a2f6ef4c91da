import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isRasterName, openRaster } from '../../src/raster/open-raster.ts';
import { ROOT, readBand } from './support.ts';

const SAMPLE = join(ROOT, 'examples/sample');
const names = readdirSync(SAMPLE).filter(isRasterName).sort();

test('the sample scenes follow the formula in examples/README.md', async () => {
  const scenes = names.filter((name) => name.endsWith('.tif'));
  assert.equal(scenes.length, 6);
  for (const [n, name] of scenes.entries()) {
    const file = await openRaster(join(SAMPLE, name));
    const [red, nir] = file.layers;
    assert.ok(red && nir);
    assert.deepEqual([red.asset, nir.asset], ['red', 'nir']);
    const time = /_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})/.exec(name)!;
    const [, year, month, day, hour, minute, second] = time;
    assert.equal(red.time?.datetime, `${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    const reds = await readBand(red, 0);
    const nirs = await readBand(nir, 0);
    for (let row = 0; row < 512; row += 1) {
      for (let column = 0; column < 512; column += 1) {
        const nodata = row < 16 && column < 16;
        const at = row * 512 + column;
        assert.equal(reds[at], nodata ? 0 : 1000 + ((column + 2 * row + 100 * n) % 4000));
        assert.equal(nirs[at], nodata ? 0 : 2000 + ((2 * column + row + 150 * n) % 6000));
      }
    }
    await file.close();
  }
});

test('the sample cube follows the formula in examples/README.md', async () => {
  const file = await openRaster(join(SAMPLE, 'era5_alps_2024-01.nc'));
  assert.deepEqual(file.warnings, []);
  assert.equal(file.layers.length, 12);
  assert.deepEqual(file.layers[0]!.grid.transform, [0.1, 0, 4.95, 0, -0.1, 48.95]);
  assert.equal(file.layers[1]!.key, 't2m_20240102T000000Z');
  for (const [index, layer] of file.layers.entries()) {
    const n = index % 6;
    const values = await readBand(layer, 0);
    for (let row = 0; row < 60; row += 1) {
      for (let j = 0; j < 120; j += 1) {
        const i = 59 - row;
        const rain = (i + j) % 97 === 0 ? Number.NaN : ((i + 2 * j + 7 * n) % 64) / 1024;
        const expected = layer.asset === 't2m' ? 685 + ((5 * i + 3 * j + 20 * n) % 2000) : rain;
        assert.equal(values[row * 120 + j], expected);
      }
    }
  }
  await file.close();
});
