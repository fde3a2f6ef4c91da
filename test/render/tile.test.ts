import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { packageRoot } from '../../src/package-root.ts';
import { openBytes } from '../../src/raster/bytes.ts';
import { locate } from '../../src/render/geolocation.ts';
import { openImage } from '../../src/render/image.ts';
import { planTile, readTile } from '../../src/render/tile.ts';

interface Case {
  tile: [z: number, x: number, y: number];
  samples: [column: number, row: number, value: number | null][];
}

const fixtures = join(packageRoot, 'test');
const expected = JSON.parse(readFileSync(join(fixtures, 'render/fixtures/expected.json'), 'utf8')) as Record<
  string,
  Case[]
>;

async function valuesOf(path: string, [z, x, y]: Case['tile']) {
  const bytes = await openBytes(path);
  try {
    const image = await openImage(bytes);
    const where = locate(image);
    assert.ok(where);
    const plan = await planTile(image, where, { z, x, y, size: 256 });
    if (plan === null) return () => null;
    const pixels = await readTile(bytes, image, plan, [0], 'nearest', (_, read) => read());
    return (column: number, row: number) => {
      const at = row * 256 + column;
      return pixels.opacity[at] === 0 ? null : pixels.bands[0]![at]!;
    };
  } finally {
    await bytes.close();
  }
}

describe('tiles, beside PROJ and rasterio', () => {
  for (const [name, cases] of Object.entries(expected))
    test(`${name} has below each pixel what is there`, async () => {
      const [folder = '', file = ''] = name.split('/');
      for (const { tile, samples } of cases) {
        const at = await valuesOf(join(fixtures, folder, 'fixtures', file), tile);
        const wrong = samples.filter(([column, row, value]) => at(column, row) !== value);
        assert.deepEqual(
          wrong.map(([column, row, value]) => [tile.join('/'), column, row, value, at(column, row)]),
          [],
        );
      }
    });
});
