/** COGs and Items in the lake: other bytes are another file, every name is one that Rucio takes, and texts have what stays. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayerDescription } from '../../src/ingest/describe.ts';
import { EXTENSIONS } from '../../src/ingest/extensions.ts';
import { makePlan } from '../../src/ingest/plan.ts';
import { cogDid } from '../../src/ingest/register.ts';
import { itemText } from '../../src/ingest/register-item.ts';
import type { ListedFile, Scene, Source, SourceFile } from '../../src/ingest/source.ts';
import type { Document } from '../../src/ingest/to-item.ts';
import { makeValidator } from '../../src/stac/validate.ts';

const name = (id: string, key: string, sha256: string) => {
  const file = { name: `${id}.tif` } as SourceFile;
  const scene: Scene = { id, place: 0, files: [{ file, asset: null }] };
  return cogDid({ scope: 's', name: 'set.cog' }, scene, file, { key, cog: { sha256 } } as LayerDescription);
};
const [ONE, TWO] = ['0123456789abcdef'.repeat(4), 'f'.repeat(64)] as [string, string];

test('the same bytes have the same name, others another', () => {
  assert.deepEqual(name('tile', 'red', ONE), { scope: 's', name: 'tile.red.0123456789ab.tif' });
  assert.equal(name('tile', 'red', TWO).name, 'tile.red.ffffffffffff.tif');
});

/** Rucio's generic schema. */
const TAKEN = /^[/A-Za-z0-9][/A-Za-z0-9.\-_]*$/;
const odd: [string, string][] = [
  ['straße+1', 't2m_20240101T000000Z'],
  ['_', 'band 1'],
  ['.hidden', '..'],
  ['~', '%2F'],
  ['x'.repeat(300), 'y'.repeat(300)],
];
for (const [id, key] of odd) {
  test(`the layer ${key.slice(0, 20)} of ${id.slice(0, 20)} has a name that Rucio takes`, () => {
    const { name: made } = name(id, key, ONE);
    assert.match(made, TAKEN);
    assert.ok(made.length <= 250 && made.endsWith('.0123456789ab.tif'), made);
  });
}

const replicas = (...rses: string[]) => ({
  'rucio:rses': rses,
  'rucio:state': 'AVAILABLE',
  alternate: Object.fromEntries(
    rses.map((rse) => [
      rse,
      { href: `https://${rse}.example/x`, 'alternate:name': rse, 'storage:refs': [rse] },
    ]),
  ),
});
/** As ingestion makes it, with COGs in a bucket, or in the folder of the server (`href`). */
const item = (href: string, ...rses: string[]): Document => ({
  type: 'Feature',
  stac_version: '1.1.0',
  stac_extensions: Object.values(EXTENSIONS).filter((uri) => /alternate|storage|rucio|order/.test(uri)),
  id: 'a b',
  collection: 's.set',
  geometry: { type: 'Point', coordinates: [5, 45] },
  bbox: [5, 45, 5, 45],
  properties: {
    datetime: '2024-01-01T00:00:00Z',
    ...replicas(...rses),
    alternate: undefined,
    'rucio:did': 's:a.tif',
    'order:status': 'succeeded',
    'storage:schemes': Object.fromEntries([
      [
        's3',
        {
          type: 'custom-s3',
          platform: 'https://s3.example',
          bucket: 'b',
          region: 'r',
          requester_pays: false,
        },
      ],
      ...rses.map((rse) => [rse, { type: 'rucio', platform: `https://${rse}.example/` }]),
    ]),
  },
  links: [{ rel: 'via', href: 'https://rucio.example/dids/s/a.tif' }],
  assets: {
    red: {
      href,
      'rucio:scope': 's',
      'rucio:name': 'a.red.tif',
      ...replicas(...rses),
      'storage:refs': ['s3'],
    },
    source: {
      href: 'rucio-stac://api/collections/s.set/items/a%20b/assets/source',
      'rucio:scope': 's',
      'rucio:name': 'a.tif',
      ...replicas(...rses),
    },
  },
});

test('the text of an Item has no replicas and no orders, so it is the same wherever they are', async () => {
  const base = 'https://stac.example/api';
  const text = itemText(item('https://s3.example/b/a.tif', 'A', 'B'), base, 'A');
  assert.equal(itemText(item('https://s3.example/b/a.tif', 'C'), base, 'A'), text);
  const made = JSON.parse(text);
  assert.doesNotMatch(text, /order:|alternate|rucio:rses|rucio:state|"A"/);
  assert.equal(made.assets.source.href, `${base}/collections/s.set/items/a%20b/assets/source`);
  assert.equal(
    made.links.find(({ rel }: { rel: string }) => rel === 'self').href,
    `${base}/collections/s.set/items/a%20b`,
  );
  assert.deepEqual(Object.keys(made.properties['storage:schemes']), ['s3']);
  assert.deepEqual(made.assets.red['storage:refs'], ['s3']);
  assert.deepEqual(made.stac_extensions, [EXTENSIONS.storage, `${base}/schemas/rucio/v1.0.0/schema.json`]);
});

test('without a public address replicas stand for ours, and what cannot be said is left out', async () => {
  const own = item('rucio-stac://api/assets/s.set/a/red.tif', 'A', 'B');
  const made = JSON.parse(itemText(own, null, 'B'));
  assert.deepEqual(
    [made.assets.red.href, made.assets.source.href],
    ['https://B.example/x', 'https://B.example/x'],
  );
  assert.equal(made.collection, undefined);
  assert.deepEqual(made.links, own.links);
  assert.doesNotMatch(JSON.stringify(made), /rucio-stac:/);
  assert.deepEqual(await makeValidator().validate([made]), [null]);
  const nowhere = JSON.parse(itemText(item('rucio-stac://api/assets/s.set/a/red.tif'), null, 'B'));
  assert.equal(nowhere.assets.source.href, 'rucio://s/a.tif');
});

test('texts of Items beside their source are no sources, and nothing to be told of', () => {
  const listed = (name: string): ListedFile => ({
    did: { scope: 's', name },
    name,
    bytes: 1,
    adler32: null,
    md5: null,
    version: null,
  });
  const files = ['a.tif', 'a.0123456789ab.stac.json', 'a.json'].map(listed);
  const { scenes, others, made } = makePlan({ files, did: null, label: 's:set' } as unknown as Source, {
    readName: null,
    multiband: false,
  });
  assert.deepEqual(
    [scenes.length, others.map(({ name: each }) => each), made.map(({ name: each }) => each)],
    [1, ['a.json'], ['a.0123456789ab.stac.json']],
  );
});
