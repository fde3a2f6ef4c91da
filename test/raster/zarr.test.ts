import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { fixture, readBand, scratch } from './support.ts';

const folder = scratch();
after(() => rmSync(folder, { recursive: true }));

/** A copy of a fixture with one of its files changed. */
function patched(name: string, part: string, patch: (bytes: Buffer) => string | Uint8Array): string {
  const path = join(folder, name);
  rmSync(path, { recursive: true, force: true });
  cpSync(fixture(name), path, { recursive: true });
  writeFileSync(join(path, part), patch(readFileSync(join(path, part))));
  return path;
}

const refuses = (path: string, message: RegExp) =>
  assert.rejects(
    async () => {
      const file = await openRaster(path);
      for (const layer of file.layers) await readBand(layer, 0);
    },
    (error) => error instanceof UserError && message.test(error.message),
  );

test('a store tells its version, its attributes and its cube', async () => {
  for (const version of [2, 3]) {
    const file = await openRaster(fixture(`packed-${version}.zarr`));
    assert.equal(file.format, 'Zarr');
    assert.equal(file.mediaType, `application/vnd.zarr; version=${version}`);
    assert.deepEqual(file.attributes, { title: 'A cube' });
    assert.deepEqual(Object.keys(file.cube!['cube:dimensions']).sort(), ['lat', 'lon', 'time']);
  }
});

test('chunks that are not there are empty, as the format has it', async () => {
  const path = patched('packed-2.zarr', 't2m/0.0.0', (bytes) => bytes);
  rmSync(join(path, 't2m/0.0.0'));
  const file = await openRaster(path, { only: ['t2m'] });
  const pixels = await readBand(file.layers[0]!, 0);
  // Rows 4 to 8 from the north are rows 0 to 4 of the first chunk.
  assert.ok(pixels.subarray(4 * 12).every((value) => value === -32767));
  assert.ok(pixels.subarray(0, 4 * 12).every((value) => value !== -32767));
});

test('what is broken is refused with a sentence', async () => {
  const json = (change: (node: Record<string, unknown>) => void) => (bytes: Buffer) => {
    const node = JSON.parse(bytes.toString()) as Record<string, unknown>;
    change(node);
    return JSON.stringify(node);
  };
  const node = 't2m/zarr.json';
  await refuses(
    patched('packed-3.zarr', node, () => '{"node'),
    /metadata is no JSON/,
  );
  await refuses(
    patched('packed-3.zarr', node, () => 'null'),
    /neither an array nor a group/,
  );
  await refuses(
    patched(
      'packed-3.zarr',
      node,
      json((each) => (each.codecs = [{ name: 'bytes' }, { name: 'lossless' }])),
    ),
    /at \/t2m: .*lossless/,
  );
  await refuses(
    patched(
      'packed-3.zarr',
      node,
      json((each) => (each.shape = [3, -9, 12])),
    ),
    /\/t2m has no shape/,
  );
  await refuses(
    patched(
      'packed-3.zarr',
      node,
      json((each) => (each.chunk_grid = { name: 'regular', configuration: { chunk_shape: [3e5, 9e5, 12] } })),
    ),
    /chunks of 300000 x 900000 x 12 values at \/t2m, more than is read/,
  );
  await refuses(
    patched('packed-3.zarr', 't2m/c/0/0/0', (bytes) => bytes.subarray(0, 30)),
    /corrupt/,
  );
  await refuses(
    patched('packed-2.zarr', 'tp/0.0.0', (bytes) => bytes.subarray(0, 30)),
    /corrupt/,
  );
  await refuses(
    patched('packed-2.zarr', 'lsm/0.0', (bytes) => bytes.subarray(0, 30)),
    /corrupt/,
  );
  await refuses(
    patched('packed-2.zarr', 'lsm/.zattrs', () => '{"a": NaN}'),
    /corrupt/,
  );
  await refuses(
    patched('sharded.zarr', 'tas/c/0/0/0/0/0', (bytes) => bytes.subarray(9)),
    /corrupt/,
  );
});

test('a folder that is no store is told so', async () => {
  const plain = join(folder, 'plain');
  mkdirSync(plain);
  await refuses(plain, /plain is a folder and no Zarr store; GeoTIFF, NetCDF and Zarr are read/);
});

test('an array of a type that is not read is no layer, and keeps no other from being one', async () => {
  const path = patched('packed-3.zarr', 'lsm/zarr.json', (bytes) =>
    bytes
      .toString()
      .replace('"uint8"', '{"name": "fixed_length_utf32", "configuration": {"length_bytes": 4}}'),
  );
  const file = await openRaster(path);
  assert.deepEqual([...new Set(file.layers.map(({ asset }) => asset))].sort(), ['t2m', 'tp']);
});
