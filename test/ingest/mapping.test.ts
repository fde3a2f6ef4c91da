import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_MAPPING, mapMetadata, parseMapping } from '../../src/ingest/mapping.ts';

const mapped = (metadata: Record<string, unknown>, rules?: object) =>
  mapMetadata(metadata, rules ? parseMapping(JSON.stringify(rules), 'map.json') : DEFAULT_MAPPING);

test('STAC’s names and those that mean the same are taken, others are not', () => {
  const metadata = {
    title: 'A title',
    licence: 'CC-BY-4.0',
    summary: 'Told by ACDD',
    keywords: 'snow, ice;water',
    sensor: 'MSI',
    cloud_cover: '12.5',
    doi: 'https://doi.org/10.5281/zenodo.1',
    bbox: '[5, 44, 6, 45.5]',
    time_coverage_start: '2024-01-01',
    'view:off_nadir': 3,
    project: 'flood',
    events: 12,
    'proj:code': 'EPSG:1',
    'rucio:state': 'BAD',
  };
  assert.deepEqual(mapped(metadata), {
    title: 'A title',
    license: 'CC-BY-4.0',
    description: 'Told by ACDD',
    keywords: ['snow', 'ice', 'water'],
    instruments: ['MSI'],
    'eo:cloud_cover': 12.5,
    'sci:doi': '10.5281/zenodo.1',
    bbox: [5, 44, 6, 45.5],
    start_datetime: '2024-01-01',
    'view:off_nadir': 3,
  });
});

test('the first key that tells something counts', () => {
  assert.deepEqual(mapped({ license: '', licence: 'MIT', gsd: 'fine', platform: null, satellite: 's1a' }), {
    license: 'MIT',
    platform: 's1a',
  });
});

test('providers are a list of objects, or nothing', () => {
  const providers = [{ name: 'CNR' }];
  assert.deepEqual(mapped({ providers }), { providers });
  for (const wrong of ['CNR', ['CNR'], { name: 'CNR' }]) assert.deepEqual(mapped({ providers: wrong }), {});
});

test('rules of one’s own change, add and take away', () => {
  const rules = {
    platform: 'obs.craft.name',
    title: null,
    'view:off_nadir': null,
    'processing:level': ['level', 'prod_step'],
    cloudy: { from: 'is_cloudy', as: 'boolean' },
    run: { from: 'run_number', as: 'integer' },
    license: { from: 'rights', value: 'CC0-1.0' },
    'a.b': 'with.dot',
  };
  const metadata = {
    title: 'Gone',
    platform: 'not this one',
    obs: { craft: { name: 'SKA-Mid' } },
    prod_step: 'L2A',
    is_cloudy: 'True',
    run_number: '17',
    'with.dot': 4,
    'view:off_nadir': 3,
  };
  assert.deepEqual(mapped(metadata, rules), {
    platform: 'SKA-Mid',
    'processing:level': 'L2A',
    cloudy: true,
    run: 17,
    license: 'CC0-1.0',
    'a.b': 4,
  });
});

test('what Rucio inherits from nobody is no metadata', () => {
  assert.deepEqual(mapped({ title: 'x' }, { name: 'constructor.name', proto: '__proto__' }), { title: 'x' });
});

for (const [text, fault] of [
  ['{', /map\.json.*not JSON/],
  ['[]', /no JSON object/],
  ['{"platform": 3}', /"platform" comes from 3/],
  ['{"platform": {"form": "x"}}', /"platform" has "form"; known are from, as and value/],
  ['{"platform": {"from": "x", "as": "date"}}', /read as "date"; accepted are text, number/],
  ['{"geometry": "x"}', /"geometry" is not told by metadata/],
  ['{"rucio:state": "x"}', /"rucio:state" is not told by metadata/],
] as const) {
  test(`${text} is refused`, () => {
    assert.throws(() => parseMapping(text, 'map.json'), fault);
  });
}
