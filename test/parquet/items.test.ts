import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { readItems } from '../../src/parquet/read-items.ts';
import { parquetParts } from '../../src/parquet/write-items.ts';
import { item } from '../support/documents.ts';

type Json = Record<string, unknown>;

/** Metres of a UTM zone, beyond what degrees can be. */
const PROJECTED = { type: 'Point', coordinates: [600000.5, 4500000] };
const LINE = {
  type: 'LineString',
  coordinates: [
    [0, 1, 2],
    [600000, 5, 6],
  ],
};
/** PROJECTED as GEOS writes it: little endian, type 1, x, y. */
const WKB = '010100000000000000814f224100000000882a5141';

describe('Items to a Parquet file and back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-parquet-'));
  const path = join(folder, 'items.parquet');
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function write(items: object[]) {
    const texts = items.map((each) => JSON.stringify(each));
    const parts: Uint8Array[] = [];
    for await (const part of parquetParts(async function* () {
      yield texts;
    }))
      parts.push(part);
    writeFileSync(path, Buffer.concat(parts));
  }

  async function back(): Promise<Json[]> {
    const found: Json[] = [];
    for await (const text of readItems(path)) found.push(JSON.parse(text) as Json);
    return found;
  }

  /** Bytes as hexadecimal digits. */
  async function raw() {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file, { geoparquet: false });
    const rows = await parquetReadObjects({ file, metadata, geoparquet: false, utf8: false });
    const geo = metadata.key_value_metadata?.find(({ key }) => key === 'geo')?.value ?? '';
    return { rows: rows as Json[], geo: JSON.parse(geo) as { columns: Json } };
  }
  const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString('hex');

  test('proj:geometry of properties and assets is WKB, and comes back', async () => {
    const items = [
      item('a', { assets: { d: { href: 'x', 'proj:geometry': LINE } } }, { 'proj:geometry': PROJECTED }),
      item('b', { assets: { d: { href: 'y' }, e: { href: 'z', 'proj:geometry': PROJECTED } } }),
    ];
    await write(items);
    const { rows, geo } = await raw();
    assert.equal(hex(rows[0]?.['proj:geometry']), WKB);
    assert.equal(hex((rows[1] as { assets: { e: Json } }).assets.e['proj:geometry']), WKB);
    assert.deepEqual(geo.columns['proj:geometry'], { encoding: 'WKB', geometry_types: [], crs: null });
    assert.deepEqual(await back(), items);
  });

  test('a proj:geometry that is no geometry is as it was', async () => {
    const items = [
      item('a', {}, { 'proj:geometry': PROJECTED }),
      item('b', {}, { 'proj:geometry': { type: 'Circle' } }),
    ];
    await write(items);
    const { rows, geo } = await raw();
    assert.equal(rows[0]?.['proj:geometry'], JSON.stringify(PROJECTED));
    assert.deepEqual(Object.keys(geo.columns), ['geometry']);
  });

  test('a bbox keeps its heights where all have them, else none does', async () => {
    const high = item('high', { bbox: [10, 40, -5, 11, 41, 8] });
    await write([high]);
    assert.deepEqual((await back())[0]?.bbox, [10, 40, -5, 11, 41, 8]);
    await write([item('low'), high]);
    const { rows } = await raw();
    assert.deepEqual(Object.keys(rows[0]?.bbox as object), ['xmin', 'ymin', 'xmax', 'ymax']);
    assert.deepEqual(
      (await back()).map(({ bbox }) => bbox),
      [
        [10, 40, 11, 41],
        [10, 40, 11, 41],
      ],
    );
  });

  test('properties named like a member, and like the column of one, are all there', async () => {
    const names = {
      id: 1,
      'properties.id': 2,
      'properties.properties.id': 3,
      'properties.': 4,
      type: 'five',
    };
    const items = [item('a', {}, names)];
    await write(items);
    assert.equal((await raw()).rows[0]?.['properties.id'], 1n);
    assert.deepEqual(await back(), items);
  });
});
