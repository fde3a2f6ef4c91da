import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { cubes, fixture, readBand, scratch, sha256 } from './support.ts';

const folder = scratch();
after(() => rmSync(folder, { recursive: true }));

/** A fixture with some of its bytes changed. */
function patched(name: string, patch: (bytes: Buffer) => unknown): string {
  const bytes = readFileSync(fixture(name));
  const path = join(folder, name);
  const made = patch(bytes);
  writeFileSync(path, made instanceof Uint8Array ? made : bytes);
  return path;
}

const refuses = (path: string, message: RegExp) =>
  assert.rejects(
    async () => {
      const file = await openRaster(path);
      try {
        for (const layer of file.layers) await readBand(layer, 0);
      } finally {
        await file.close();
      }
    },
    (error) => error instanceof UserError && message.test(error.message),
  );

test('the attributes of the file are told, and text variables are no layers', async () => {
  const file = await openRaster(fixture('classic.nc'));
  assert.deepEqual(file.attributes, { title: 'An older cube' });
  assert.deepEqual(file.warnings, []);
  assert.equal(file.layers[0]!.metadata.scale_factor, undefined);
  await file.close();
});

for (const [name, count] of [
  ['classic.nc', 4],
  ['classic-data.nc', 8],
] as const) {
  test(`${name}: a stream that never said how many records it has, has as many as are in it`, async () => {
    const file = await openRaster(patched(name, (bytes) => bytes.fill(0xff, 4, 4 + count)));
    const { variables } = cubes().find(([each]) => each === name)![1];
    const layers = file.layers.filter(({ asset }) => asset === 'v');
    const sums = await Promise.all(layers.map(async (layer) => sha256(await readBand(layer, 0))));
    assert.deepEqual(sums, variables.v!.sha256);
    await file.close();
  });
}

test('a file that is cut short is refused, and gives no zeros', async () => {
  await refuses(
    patched('classic.nc', (bytes) => bytes.subarray(0, bytes.length - 100)),
    /cut short or corrupt: variable '\w+' ends at byte \d+, but the file has \d+/,
  );
  await refuses(
    patched('classic-data.nc', (bytes) => bytes.subarray(0, 200)),
    /ends in its header/,
  );
});

test('headers that count more than there is are refused with a sentence', async () => {
  const at = (bytes: Buffer, name: string) => bytes.indexOf(name) + 4;
  await refuses(
    patched('classic.nc', (bytes) => bytes.writeInt32BE(0x7fffffff, at(bytes, 'lat\0'))),
    /cut short or corrupt/,
  );
  await refuses(
    patched('classic.nc', (bytes) => bytes.writeInt32BE(0x7fffffff, 4)),
    /cut short or corrupt/,
  );
  await refuses(
    patched('classic.nc', (bytes) => bytes.writeInt32BE(-5, at(bytes, 'lat\0'))),
    /its header counts -5/,
  );
  await refuses(
    patched('classic.nc', (bytes) => bytes.writeInt32BE(0x7fffffff, 12)),
    /ends in its header|list of kind/,
  );
  await refuses(
    patched('classic-data.nc', (bytes) => bytes.writeBigInt64BE(2n ** 60n, at(bytes, 'lat\0'))),
    /its header counts 11529215046068/,
  );
});

test('broken headers end in a UserError or in pixels, and soon', { timeout: 20_000 }, async () => {
  for (let step = 1; step < 60; step += 1) {
    const path = patched('classic-offsets.nc', (bytes) => {
      for (let at = 4 + step; at < 700; at += 61) bytes[at] = (bytes[at]! ^ (step * 31)) & 0xff;
    });
    const file = await openRaster(path).catch((error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      return null;
    });
    await file?.layers[0]?.readRows(0, 0, 1).catch((error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
    });
    await file?.close();
  }
});
