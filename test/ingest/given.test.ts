import assert from 'node:assert/strict';
import { test } from 'node:test';
import { periodOf } from '../../src/ingest/compact-time.ts';
import { makeReadName, parseScenePattern } from '../../src/ingest/file-names.ts';
import { type Given, parseGiven, withGiven } from '../../src/ingest/given.ts';
import type { Source, SourceFile } from '../../src/ingest/source.ts';

const FILE = `
collection:
  title: Floods of the Po
  license: CC-BY-4.0
  keywords: [flood, SAR]
  providers: [{name: Eurac Research, roles: [processor]}]
  doi: https://doi.org/10.5281/zenodo.1234
  citation: Eurac (2024)
properties:
  platform: sentinel-1a
bands:
  VV: {description: backscatter, unit: dB}
files:
  - pattern: 'flood_(?<scene>(?<year>\\d{4})(?<doy>\\d{3}))_(?<band>V[VH])\\.tif$'
    properties: {'flood:day': 'day {doy}'}
  - pattern: 'other'
    properties: {mission: other}
`;

async function tell(
  given: Given,
  name: string,
  metadata: Record<string, unknown>,
  pattern: string | null = null,
) {
  const readName = makeReadName(pattern === null ? null : parseScenePattern(pattern), given.rules, true);
  const file = { name, metadata } as unknown as SourceFile;
  const source = { metadata: { title: 'of the lake' }, complete: async () => [file] } as unknown as Source;
  const told = withGiven(source, given, readName);
  const [complete] = await told.complete([], new AbortController().signal);
  return { collection: told.metadata, file: complete as SourceFile, named: readName(name) };
}

test('a person says more surely than lake and name what Collection, Items and bands are', async () => {
  const { collection, file, named } = await tell(parseGiven(FILE, 'm.yaml'), 'flood_2024060_VV.tif', {
    platform: 'of the lake',
    mission: 'of the lake',
    start_datetime: '2000-01-01T00:00:00Z',
    end_datetime: '2000-01-02T00:00:00Z',
  });
  assert.deepEqual(collection, {
    title: 'Floods of the Po',
    license: 'CC-BY-4.0',
    keywords: ['flood', 'SAR'],
    providers: [{ name: 'Eurac Research', roles: ['processor'] }],
    'sci:doi': '10.5281/zenodo.1234',
    'sci:citation': 'Eurac (2024)',
  });
  assert.deepEqual([named?.scene, named?.asset], ['2024060', 'VV']);
  // Day 60 of a leap year.
  assert.deepEqual(file.metadata, {
    platform: 'sentinel-1a',
    mission: 'of the lake',
    'flood:day': 'day 060',
    datetime: '2024-02-29T00:00:00Z',
    start_datetime: '2024-02-29T00:00:00Z',
    end_datetime: '2024-02-29T23:59:59Z',
  });
  assert.deepEqual(file.bands, { VV: { description: 'backscatter', unit: 'dB' } });
});

test('what the lake says of time stands over the name, whole', async () => {
  const { file } = await tell(parseGiven('', 'm.yaml'), 'era5_t2m_2024010306.tif', {
    datetime: '2024-01-03T06:30:00Z',
  });
  assert.deepEqual(file.metadata, { datetime: '2024-01-03T06:30:00Z' });
});

test('--scene alone says what one scene is; fields of a known name stay', async () => {
  const name = 'T32TPS_20240103T101319_B04.tif';
  const { named, file } = await tell(
    parseGiven('', 'm.yaml'),
    name,
    {},
    '^(?<scene>T\\d+[A-Z]+)_\\d+T\\d+_(?<asset>B04)',
  );
  assert.deepEqual([named?.scene, named?.asset], ['T32TPS', 'B04']);
  assert.equal(file.metadata.constellation, 'sentinel-2');
  assert.equal((await tell(parseGiven('', 'm.yaml'), name, {}, '^x(?<scene>.)')).named?.scene, null);
});

const refused: [text: string, reason: RegExp][] = [
  ['collection: {licence: MIT}', /collection has "licence"; known are title, .*license/],
  ['collection: {license: [MIT]}', /collection\.license: .*expected string/],
  ['collection: {doi: nonsense}', /collection\.doi is "nonsense"; a DOI is as 10\./],
  ['properties: {"proj:code": "EPSG:4326"}', /properties\."proj:code" is read from the rasters/],
  ['properties: {geometry: null}', /properties\."geometry" is read from the rasters/],
  ['files: [{pattern: "("}]', /files\.0\.pattern in m\.yaml is no regular expression/],
  ['files: [{regex: "a"}]', /files\.0\.pattern: .*expected string/],
  ['bands: {VV: dB}', /bands\.VV: .*expected record/],
  ['colection: {}', /[Uu]nrecognized key: "colection"/],
  ['a: [', /it is not YAML/],
  ['- 1', /the whole: .*expected object/],
  [
    `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(50)}]\nc: &c [${'*b,'.repeat(50)}]\nd: [${'*c,'.repeat(50)}]`,
    /it is not YAML that is read/,
  ],
];
for (const [text, reason] of refused) {
  test(`refused: ${text.slice(0, 50)}`, () => {
    assert.throws(
      () => parseGiven(text, 'm.yaml'),
      (error: Error) => {
        assert.equal(error.name, 'UserError');
        assert.match(error.message, reason);
        assert.match(error.message, /m\.yaml/);
        return true;
      },
    );
  });
}

const periods: [text: string, start: string | null, end?: string][] = [
  ['20240103T054112', '2024-01-03T05:41:12Z', '2024-01-03T05:41:12Z'],
  ['2024-01-03T05:41:12Z', '2024-01-03T05:41:12Z', '2024-01-03T05:41:12Z'],
  ['20240103_0541', '2024-01-03T05:41:00Z', '2024-01-03T05:41:59Z'],
  ['2024010306', '2024-01-03T06:00:00Z', '2024-01-03T06:59:59Z'],
  ['20240229', '2024-02-29T00:00:00Z', '2024-02-29T23:59:59Z'],
  ['2024366', '2024-12-31T00:00:00Z', '2024-12-31T23:59:59Z'],
  ['202402', '2024-02-01T00:00:00Z', '2024-02-29T23:59:59Z'],
  ['2023', '2023-01-01T00:00:00Z', '2023-12-31T23:59:59Z'],
  ['20230229', null],
  ['2023366', null],
  ['2023000', null],
  ['202313', null],
  ['20240103T24', null],
  ['2024-02T05', null],
  ['yesterday', null],
];
for (const [text, start, end] of periods) {
  test(`${text} as a period`, () => {
    assert.deepEqual(periodOf(text), start === null ? null : { datetime: start, end });
  });
}
