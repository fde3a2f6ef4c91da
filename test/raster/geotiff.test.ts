import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { footprint } from '../../src/geo/footprint.ts';
import { isRasterName, openRaster } from '../../src/raster/open-raster.ts';
import { fixture, near, plainNodata, readBand, readMask, scratch, sha256, tiffs } from './support.ts';

for (const [name, expected] of tiffs()) {
  test(`${name}: pixels, grid, CRS and band facts are those GDAL reads`, async () => {
    const file = await openRaster(fixture(name));
    try {
      assert.equal(file.layers.length, expected.count);
      for (const [index, layer] of file.layers.entries()) {
        const band = layer.bands[0]!;
        assert.equal(layer.grid.width, expected.width);
        assert.equal(layer.grid.height, expected.height);
        layer.grid.transform.forEach((value, at) => {
          assert.ok(near(value, expected.transform[at]!), `transform ${layer.grid.transform}`);
        });
        assert.equal(layer.grid.crs.epsg, expected.epsg);
        assert.equal(band.dataType, expected.dtype);
        assert.equal(plainNodata(band.nodata), expected.nodata);
        assert.equal(band.description, expected.descriptions[index]);
        assert.equal(band.scale ?? 1, expected.scales[index]);
        assert.equal(band.offset ?? 0, expected.offsets[index]);
        assert.equal(band.unit, expected.units[index]);
        assert.equal(sha256(await readBand(layer, 0)), expected.sha256[index]);
        assert.equal(layer.readMask && sha256(await readMask(layer)), expected.mask);
      }
      assert.ok(!file.warnings.some((warning) => warning.includes('mask')));
    } finally {
      await file.close();
    }
  });

  if (expected.footprint) {
    const { bbox, area } = expected.footprint;
    test(`${name}: the footprint is PROJ's`, async () => {
      const file = await openRaster(fixture(name));
      const found = footprint(file.layers[0]!.grid);
      await file.close();
      assert.ok(found && found.geometry.type === 'Polygon');
      found.bbox.forEach((value, at) => {
        assert.ok(Math.abs(value - bbox[at]!) < 2e-7, `bbox ${found.bbox}, PROJ says ${bbox}`);
      });
      const ring = found.geometry.coordinates[0]!;
      let doubled = 0;
      for (let at = 0; at + 1 < ring.length; at += 1) {
        doubled += ring[at]![0] * ring[at + 1]![1] - ring[at + 1]![0] * ring[at]![1];
      }
      assert.ok(Math.abs(doubled / 2 - area) < 1e-5 * area + 1e-7, `area ${doubled / 2}, PROJ says ${area}`);
      assert.deepEqual(ring[0], ring.at(-1));
    });
  }
}

test('a multi-band file is one layer when asked, in the order of its bands', async () => {
  const file = await openRaster(fixture('tiles.tif'), { multiband: true });
  const { sha256: expected } = tiffs().find(([name]) => name === 'tiles.tif')![1];
  assert.equal(file.layers.length, 1);
  const layer = file.layers[0]!;
  assert.deepEqual(
    layer.bands.map((band) => band.name),
    ['band1', 'band2', 'band3'],
  );
  for (const [index, hash] of expected.entries()) assert.equal(sha256(await readBand(layer, index)), hash);
  await file.close();
});

test('band descriptions become keys, and metadata keeps TIFFTAG_DATETIME apart from the time', async () => {
  const file = await openRaster(fixture('described.tif'));
  assert.deepEqual(
    file.layers.map((layer) => [layer.key, layer.asset]),
    [
      ['red', 'red'],
      ['near_infrared_nir', 'near_infrared_nir'],
    ],
  );
  const layer = file.layers[0]!;
  assert.deepEqual(layer.time, { datetime: '2024-03-01T10:20:30Z' });
  assert.equal(layer.metadata.TIFFTAG_DATETIME, '2024:03:05 01:02:03');
  assert.equal(layer.metadata.PLATFORM, 'S2 & "co"');
  assert.equal(layer.metadata.wavelength, '665');
  await file.close();
});

test('only the bands asked for are layers; a name that is not there is told', async () => {
  const file = await openRaster(fixture('described.tif'), { only: ['near_infrared_nir'] });
  assert.equal(file.layers.length, 1);
  await file.close();
  await assert.rejects(openRaster(fixture('described.tif'), { only: ['blue'] }), /no band 'blue'.*red/);
});

test('a file without georeferencing has no CRS and no footprint', async () => {
  const file = await openRaster(fixture('no-georeference.tif'));
  const { grid } = file.layers[0]!;
  assert.deepEqual(grid.crs, { epsg: null, geoKeys: {}, proj4: null });
  assert.equal(footprint(grid), null);
  await file.close();
});

const REFUSED: [string, RegExp][] = [
  ['complex.tif', /complex pixels \(cfloat32\)/],
  ['bits-12.tif', /12-bit packed integers/],
  ['broken-loop.tif', /does not end/],
  ['empty.tif', /is empty/],
  ['text.tif', /XML or HTML/],
  ['broken-truncated.nc', /cut short/],
];
/** A copy of a file without compression that says of itself that it has another one. */
function compressedAs(method: number): string {
  const bytes = readFileSync(fixture('compress-none.tif'));
  const entries = bytes.readUInt32LE(4) + 2;
  for (let at = entries; at < entries + 12 * bytes.readUInt16LE(entries - 2); at += 12)
    if (bytes.readUInt16LE(at) === 259) bytes.writeUInt16LE(method, at + 8);
  const path = join(scratch(), 'file.tif');
  writeFileSync(path, bytes);
  return path;
}

test('compressions that are not read are named', async () => {
  for (const [method, name] of [
    [4, 'CCITT fax 4'],
    [6, 'old-style JPEG'],
    [34712, 'JPEG 2000'],
    [34925, 'LZMA'],
    [50001, 'WebP'],
    [50002, 'JPEG XL'],
    [4711, 'method 4711'],
  ] as const) {
    const path = compressedAs(method);
    await assert.rejects(
      openRaster(path),
      (error) =>
        error instanceof UserError &&
        error.message.startsWith(`file.tif is compressed with ${name}, which is not`),
    );
    rmSync(dirname(path), { recursive: true });
  }
});

test('a colour table of 16 colours keeps them', async () => {
  const file = await openRaster(fixture('bits-4-palette.tif'));
  const { colorTable = [] } = file.layers[0]!;
  assert.equal(colorTable.length, 768);
  assert.deepEqual(
    [3, 256 + 3, 512 + 3].map((at) => colorTable[at]! >> 8),
    [27, 3, 252],
  );
  await file.close();
});

for (const [name, message] of REFUSED) {
  test(`${name} is refused with a sentence`, async () => {
    await assert.rejects(
      openRaster(fixture(name)),
      (error) => error instanceof UserError && message.test(error.message),
    );
  });
}

for (const name of ['broken-truncated.tif', 'broken-deflate.tif']) {
  test(`${name} fails when read, and gives no zeros`, async () => {
    await assert.rejects(
      async () => {
        const file = await openRaster(fixture(name));
        try {
          for (const layer of file.layers) await readBand(layer, 0);
        } finally {
          await file.close();
        }
      },
      (error) => error instanceof UserError && /cut short|corrupt/.test(error.message),
    );
  });
}

// Found by fuzzing: geotiff.js grew an array without end on LZW and looped for ever on Zstandard.
for (const codec of ['lzw', 'zstd', 'packbits', 'lerc', 'lerc_zstd']) {
  test(`${codec}: broken blocks end in a UserError or in pixels, and soon`, { timeout: 20_000 }, async () => {
    const folder = scratch();
    const whole = readFileSync(fixture(`compress-${codec}.tif`));
    for (let step = 1; step < 24; step += 1) {
      const broken = Buffer.from(whole);
      for (let at = step * 37; at < broken.length; at += 211) broken[at] = (broken[at]! ^ (step * 31)) & 0xff;
      const path = join(folder, `${step}.tif`);
      writeFileSync(path, broken.subarray(0, step % 3 === 0 ? broken.length - step * 9 : broken.length));
      const file = await openRaster(path).catch((error: unknown) => {
        assert.ok(error instanceof UserError, String(error));
        return null;
      });
      await file?.layers[0]
        ?.readRows(0, 0, Math.min(8, file.layers[0].grid.height))
        .catch((error: unknown) => {
          assert.ok(error instanceof UserError, String(error));
        });
      await file?.close();
    }
    rmSync(folder, { recursive: true });
  });
}

test('names of rasters are told by their endings, whatever the case', () => {
  for (const name of ['a.tif', 'B.TIFF', 'c.nc', 'd.nc4', 'e.CDF', 'f.h5', 'g.zarr'])
    assert.ok(isRasterName(name), name);
  for (const name of ['a.txt', 'tif', 'b.tif.aux.xml', 'c.png']) assert.ok(!isRasterName(name), name);
});
