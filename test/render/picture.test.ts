import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { packageRoot } from '../../src/package-root.ts';
import { openBytes } from '../../src/raster/bytes.ts';
import { namedColormap, parseColormap } from '../../src/render/colormap.ts';
import { renderPicture } from '../../src/render/picture.ts';
import { readOverview } from '../../src/render/read-overview.ts';
import { stretchOf } from '../../src/render/stretch.ts';

const scene = join(packageRoot, 'examples/sample/scene_T32TPS_20240103T101021.tif');
/** Of the first scene (examples/README.md). */
const red = (column: number, row: number) => 1000 + ((column + 2 * row) % 4000);
const nir = (column: number, row: number) => 2000 + ((2 * column + row) % 6000);

async function pixels(png: Buffer) {
  const { data, info } = await sharp(png).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const at = (column: number, row: number) =>
    [...data.subarray((row * info.width + column) * info.channels)].slice(0, info.channels);
  return { info, at };
}

describe('the whole of a file as a picture', () => {
  test('its own size: each pixel is its value, rescaled; nodata is transparent', async () => {
    const bytes = await openBytes(scene);
    const { bands, width, height, opacity } = await readOverview(bytes, 1024);
    await bytes.close();
    assert.deepEqual([width, height], [512, 512]);
    const png = await renderPicture(bands, { width, height, valid: opacity, rescale: [[1000, 3000]] });
    const { at } = await pixels(png);
    assert.equal((await sharp(png).metadata()).channels, 2);
    for (const [column, row] of [
      [16, 0],
      [100, 200],
      [511, 511],
    ] as const) {
      const grey = Math.round(((red(column, row) - 1000) / 2000) * 255);
      assert.deepEqual(at(column, row), [grey, grey, grey, 255]);
    }
    assert.equal(at(15, 15).at(-1), 0);
  });

  test('at a fourth of the size: the pixel below the centre of each', async () => {
    const bytes = await openBytes(scene);
    const { bands, width, height } = await readOverview(bytes, 128, { bands: [0, 1] });
    await bytes.close();
    assert.deepEqual([width, height, bands.length], [128, 128, 2]);
    assert.equal(bands[0]![50 * 128 + 30], red(30 * 4 + 2, 50 * 4 + 2));
    assert.equal(bands[1]![50 * 128 + 30], nir(30 * 4 + 2, 50 * 4 + 2));
  });

  test('three bands are red, green and blue', async () => {
    const values = [Uint8Array.of(10), Uint8Array.of(20), Uint8Array.of(30)];
    const png = await renderPicture(values, { width: 1, height: 1, valid: null, rescale: [[0, 255]] });
    assert.deepEqual((await pixels(png)).at(0, 0), [10, 20, 30, 255]);
  });
});

describe('colours', () => {
  // matplotlib.colormaps[name](share, bytes=True)
  const known: [string, number, number[]][] = [
    ['viridis', 0.5, [32, 144, 140]],
    ['viridis_r', 0, [253, 231, 36]],
    ['Blues', 1, [8, 48, 107]],
    ['terrain', 0.5, [254, 253, 152]],
  ];
  for (const [name, share, expected] of known) {
    test(`${name} at ${share} is near matplotlib's`, () => {
      const colormap = namedColormap(name);
      assert.ok(colormap?.kind === 'ramp');
      const at = Math.round(share * 255) * 4;
      for (const [channel, value] of expected.entries())
        assert.ok(Math.abs(colormap.table[at + channel]! - value) <= 3, `${colormap.table[at + channel]}`);
    });
  }

  const onePixel = { width: 4, height: 1, valid: null, rescale: null };
  test('single values and intervals have their own; others are transparent', async () => {
    const values = Float32Array.of(1, 1.5, 2, 9);
    const byValue = parseColormap({ '1': [255, 0, 0], '2': '#00ff0080' });
    const single = await pixels(await renderPicture([values], { ...onePixel, colormap: byValue }));
    assert.deepEqual(
      [0, 1, 2, 3].map((column) => single.at(column, 0)),
      [
        [255, 0, 0, 255],
        [0, 0, 0, 0],
        [0, 255, 0, 128],
        [0, 0, 0, 0],
      ],
    );
    const byInterval = parseColormap([
      [
        [1, 2],
        [1, 2, 3],
      ],
      [
        [2, 9],
        [4, 5, 6],
      ],
    ]);
    const between = await pixels(await renderPicture([values], { ...onePixel, colormap: byInterval }));
    assert.deepEqual(
      [0, 1, 2, 3].map((column) => between.at(column, 0)),
      [
        [1, 2, 3, 255],
        [1, 2, 3, 255],
        [4, 5, 6, 255],
        [0, 0, 0, 0],
      ],
    );
  });

  for (const wrong of [
    null,
    {},
    [],
    { a: [1, 2, 3] },
    { '1': [1, 2] },
    { '1': [1, 2, 256] },
    { '1': '#12345' },
    [
      [
        [2, 1],
        [1, 2, 3],
      ],
    ],
    [
      [
        [1, 3],
        [1, 2, 3],
      ],
      [
        [2, 4],
        [1, 2, 3],
      ],
    ],
    [[1, [1, 2, 3]]],
  ])
    test(`${JSON.stringify(wrong)} is no colormap`, () => assert.equal(parseColormap(wrong), null));

  test('a stretch is two standard deviations about the mean, within minimum and maximum', () => {
    assert.deepEqual(stretchOf({ minimum: 0, maximum: 100, mean: 90, stddev: 10 }), [70, 100]);
    assert.deepEqual(stretchOf({ minimum: 3, maximum: 4 }), [3, 4]);
    assert.deepEqual(stretchOf({ minimum: 5, maximum: 5, mean: 5, stddev: 0 }), [5, 6]);
    assert.equal(stretchOf({ minimum: 'x', mean: null }), null);
  });
});
