import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromName, readInstant } from '../../src/ingest/to-time.ts';

const names: [string, object | null][] = [
  ['s1_sigma0_T32TPS_20240103T054112.tif', { datetime: '2024-01-03T05:41:12Z' }],
  ['S2A_MSIL2A_20240103T101021_N0510_R022.tif', { datetime: '2024-01-03T10:10:21Z' }],
  ['modis_2024-01-03.tif', { datetime: '2024-01-03T00:00:00Z' }],
  ['x_20240103_054112.tif', { datetime: '2024-01-03T05:41:12Z' }],
  [
    'era5_20240101_20240106.nc',
    { datetime: null, start_datetime: '2024-01-01T00:00:00Z', end_datetime: '2024-01-06T00:00:00Z' },
  ],
  ['folder_20200101/dem.tif', null],
  ['dem_T32TPS.tif', null],
  ['id_20241399.tif', null],
  ['run_1202401031.tif', null],
];
for (const [name, expected] of names) {
  test(`the time in "${name}"`, () => assert.deepEqual(fromName(name), expected));
}

const instants: [unknown, string | null][] = [
  ['2024-01-03T05:41:12Z', '2024-01-03T05:41:12Z'],
  ['2024-01-03T05:41:12.500Z', '2024-01-03T05:41:12.5Z'],
  ['2024-01-03T05:41:10Z', '2024-01-03T05:41:10Z'],
  ['2024-01-03', '2024-01-03T00:00:00Z'],
  ['2024-01-03 05:41:12', '2024-01-03T05:41:12Z'],
  ['2024-01-03T05:41Z', '2024-01-03T05:41:00Z'],
  ['2024-01-03T05:41:12+02:00', '2024-01-03T03:41:12Z'],
  ['2023-02-29', null],
  ['now', null],
  [20240103, null],
  [null, null],
];
for (const [text, expected] of instants) {
  test(`${JSON.stringify(text)} as an instant`, () => assert.equal(readInstant(text), expected));
}
