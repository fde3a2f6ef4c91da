import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_PREFIX } from '../../src/stac/link.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { collection, item } from '../support/documents.ts';

const extension = (name: string, version: string) =>
  `https://stac-extensions.github.io/${name}/${version}/schema.json`;
const shipped = [
  'projection/v1.2.0',
  'raster/v2.0.0',
  'file/v2.1.0',
  'alternate-assets/v1.2.0',
  'storage/v2.0.0',
];
const uris = shipped.map((each) => extension(...(each.split('/') as [string, string])));
const fields = {
  'proj:code': 'EPSG:4326',
  'storage:schemes': { s: { type: 'x', platform: 'https://x.example/' } },
};
const assets = {
  a: {
    href: './a.tif',
    'file:size': 1,
    bands: [{ 'raster:scale': 1 }],
    alternate: { b: { href: './b.tif' } },
  },
};

test('documents that come at once, before any schema is compiled, do not trip over each other', async () => {
  const validator = makeValidator();
  const documents = Array.from({ length: 8 }, (_, index) =>
    item(`i${index}`, { stac_extensions: uris, assets }, fields),
  );
  const results = await Promise.all(documents.map((document) => validator.validate([document])));
  assert.deepEqual(
    results.flat(),
    documents.map(() => null),
  );
});

test('a fault is told with its path and the schema it is against, and does not stop the next', async () => {
  const validator = makeValidator();
  const bad = item('bad', { stac_extensions: [uris[0]] }, { 'proj:code': 5 });
  const [first, second, third] = await validator.validate([
    bad,
    item('good'),
    collection('c', { license: 5 }),
  ]);
  assert.match(first ?? '', /properties.*proj:code.*must be.*projection\/v1\.2\.0/);
  assert.equal(second, null);
  assert.match(third ?? '', /license must be string \[STAC core\]/);
});

test('an extension whose schema does not ship is passed over, the core is checked all the same', async () => {
  const unknown = ['https://example.org/unknown/v1.0.0/schema.json'];
  const [good, bad] = await makeValidator().validate([
    item('good', { stac_extensions: unknown }),
    item('bad', { stac_extensions: unknown, assets: { a: {} } }),
  ]);
  assert.equal(good, null);
  assert.match(bad ?? '', /href/);
});

test('our own extension is checked, by whatever address it is named', async () => {
  for (const base of [OWN_PREFIX, 'http://127.0.0.1:8080/', 'https://data.example.org/stac/']) {
    const stac_extensions = [`${base}schemas/rucio/v1.0.0/schema.json`];
    const did = { 'rucio:scope': 's', 'rucio:name': 'n', 'rucio:did': 's:n', 'rucio:adler32': '0000abcd' };
    const [good, bad] = await makeValidator().validate([
      item('good', { stac_extensions }, did),
      item('bad', { stac_extensions }, { ...did, 'rucio:adler32': 'XYZ' }),
    ]);
    assert.equal(good, null);
    assert.match(bad ?? '', /adler32/);
  }
});
