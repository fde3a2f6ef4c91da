/** Names as the agencies' conventions have them (Sentinel-1 and -2 product naming, Landsat Collection 2, MODIS Land, AppEEARS). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKnownName } from '../../src/ingest/known-names.ts';

const S1 = 'S1A_IW_GRDH_1SDV_20240103T054112_20240103T054137_051956_0646F1_ABCD';
const S2 = 'S2B_MSIL2A_20240103T101319_N0510_R022_T32TPS_20240103T123456';
const LC = 'LC08_L2SP_192028_20240103_20240110_02_T1';

const known: [name: string, scene: string | null, asset: string | null, fields: object, band: object][] = [
  [
    `${S1}_VH.tif`,
    S1,
    'VH',
    {
      constellation: 'sentinel-1',
      platform: 'sentinel-1a',
      instruments: ['c-sar'],
      'sar:instrument_mode': 'IW',
      'sar:frequency_band': 'C',
      'sar:center_frequency': 5.405,
      'sar:polarizations': ['VV', 'VH'],
      'sat:absolute_orbit': 51956,
      datetime: '2024-01-03T05:41:12Z',
      start_datetime: '2024-01-03T05:41:12Z',
      end_datetime: '2024-01-03T05:41:37Z',
    },
    {},
  ],
  [
    `lake/${S1}.SAFE/measurement/s1a-iw-grd-vv-20240103t054112-20240103t054137-051956-0646f1-001.tiff`,
    `lake/${S1}`,
    'VV',
    { platform: 'sentinel-1a', 'sar:polarizations': ['VV', 'VH'], end_datetime: '2024-01-03T05:41:37Z' },
    {},
  ],
  [
    's1b-iw1-slc-vh-20190103t054112-20190103t054137-014354-01ab12-004.tiff',
    's1b-iw1-slc-20190103t054112-20190103t054137-014354-01ab12',
    'VH',
    { platform: 'sentinel-1b', 'sar:instrument_mode': 'IW', 'sat:absolute_orbit': 14354 },
    {},
  ],
  [
    `${S2}.SAFE/GRANULE/L2A_T32TPS_A035678_20240103T101319/IMG_DATA/R20m/T32TPS_20240103T101319_B04_20m.tif`,
    S2,
    'B04_20m',
    {
      platform: 'sentinel-2b',
      instruments: ['msi'],
      'grid:code': 'MGRS-32TPS',
      'processing:level': 'L2A',
      'processing:version': '05.10',
      'sat:relative_orbit': 22,
      // The second time of the name is when it was made, not when it was seen.
      datetime: '2024-01-03T10:13:19Z',
    },
    { 'eo:common_name': 'red', gsd: 20 },
  ],
  [
    '2024/T32TPS_20240103T101319_B8A.tif',
    '2024/T32TPS_20240103T101319',
    'B8A',
    { constellation: 'sentinel-2', datetime: '2024-01-03T10:13:19Z' },
    { 'eo:common_name': 'nir08', gsd: 20 },
  ],
  [`${S2}_NDVI.tif`, null, null, { platform: 'sentinel-2b', datetime: '2024-01-03T10:13:19Z' }, {}],
  [
    `${LC}_SR_B5.TIF`,
    LC,
    'SR_B5',
    {
      platform: 'landsat-8',
      instruments: ['oli', 'tirs'],
      'grid:code': 'WRS2-192028',
      'processing:level': 'L2',
      start_datetime: '2024-01-03T00:00:00Z',
      end_datetime: '2024-01-03T23:59:59Z',
    },
    { 'eo:common_name': 'nir08', gsd: 30 },
  ],
  [
    'LE07_L1TP_192028_20010103_20200917_02_T1_B6_VCID_1.TIF',
    'LE07_L1TP_192028_20010103_20200917_02_T1',
    'B6_VCID_1',
    { platform: 'landsat-7', instruments: ['etm+'] },
    { 'eo:common_name': 'lwir', gsd: 60 },
  ],
  [`${LC}_QA_PIXEL.TIF`, LC, 'QA_PIXEL', { platform: 'landsat-8' }, {}],
  [
    'MOD13Q1.A2024001.h18v04.061.2024020123456.250m_16_days_NDVI.tif',
    'MOD13Q1.A2024001.h18v04.061.2024020123456',
    '250m_16_days_NDVI',
    {
      platform: 'terra',
      instruments: ['modis'],
      'grid:code': 'MSIN-1804',
      datetime: '2024-01-01T00:00:00Z',
      start_datetime: '2024-01-01T00:00:00Z',
      end_datetime: '2024-01-16T23:59:59Z',
    },
    {},
  ],
  [
    'MYD11A1.061__LST_Day_1km_doy2024060_aid0001.tif',
    'MYD11A1.061_doy2024060_aid0001',
    'LST_Day_1km',
    { platform: 'aqua', start_datetime: '2024-02-29T00:00:00Z', end_datetime: '2024-02-29T23:59:59Z' },
    {},
  ],
  [
    'era5_t2m_2024010306.tif',
    'era5_2024010306',
    't2m',
    { start_datetime: '2024-01-03T06:00:00Z', end_datetime: '2024-01-03T06:59:59Z' },
    {},
  ],
  [
    'reanalysis-era5-land_total_precipitation_2024-02.tif',
    'reanalysis-era5-land_2024-02',
    'total_precipitation',
    { start_datetime: '2024-02-01T00:00:00Z', end_datetime: '2024-02-29T23:59:59Z' },
    {},
  ],
];
for (const [name, scene, asset, fields, band] of known) {
  test(`${name} is known`, () => {
    const found = readKnownName(name);
    assert.ok(found);
    assert.deepEqual([found.scene, found.asset, found.band], [scene, asset, band]);
    const keys = Object.keys(fields);
    const told = Object.fromEntries(Object.entries(found.fields).filter(([key]) => keys.includes(key)));
    assert.deepEqual(told, fields);
  });
}

for (const name of [
  'scene_T32TPS_20240115T101021.tif',
  'era5_alps_2024-01.nc',
  's1_20240103.tif',
  'MODIS.tif',
  'dem.tif',
]) {
  test(`${name} is no mission's name`, () => assert.equal(readKnownName(name), null));
}
