import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeReadName, parseScenePattern } from '../../src/ingest/file-names.ts';
import { formatBytes, makePlan, planBatches, printPlan } from '../../src/ingest/plan.ts';
import { collectionIdOf, parseDid } from '../../src/ingest/rucio-source.ts';
import { groupScenes, type Source, type SourceFile, toId } from '../../src/ingest/source.ts';
import { replicaByRse, sourceAsset } from '../../src/ingest/to-asset.ts';
import type { Replica } from '../../src/rucio/types.ts';

const replica = (rse: string, pfn: string, priority: number, state = 'AVAILABLE'): Replica => ({
  rse,
  pfn,
  scheme: pfn.slice(0, pfn.indexOf(':')),
  priority,
  state,
  type: 'DISK',
});

function file(name: string, fields: Partial<SourceFile> = {}): SourceFile {
  return {
    did: { scope: 's', name },
    name,
    bytes: 1000,
    adler32: '0000abcd',
    md5: 'd41d8cd98f00b204e9800998ecf8427e',
    version: name,
    replicas: [],
    metadata: {},
    fetch: () => Promise.reject(new Error('not in this test')),
    ...fields,
  };
}

function source(files: SourceFile[]): Source {
  return {
    label: 's:set',
    collectionId: 's.set',
    did: { scope: 's', name: 'set' },
    asked: { scope: 's', name: 'set' },
    type: 'DATASET',
    host: 'https://rucio.example.org',
    webui: null,
    metadata: {},
    isWhole: true,
    files,
    complete: async (some) => some as SourceFile[],
    lake: null,
    published: new Map(),
    orders: new Map(),
    close: async () => {},
  };
}

const didOf: [string, object | null][] = [
  ['intertwin:s1/tile.tif', { scope: 'intertwin', name: 's1/tile.tif' }],
  ['user.alice:a:b', { scope: 'user.alice', name: 'a:b' }],
  ['https://example.org', null],
  ['./folder', null],
  ['name', null],
  [':x', null],
];
for (const [text, expected] of didOf) {
  test(`"${text}" as a DID`, () => assert.deepEqual(parseDid(text), expected));
}

test('ids have no slash, no dot at their beginning, and keep their letters', () => {
  assert.equal(toId('/legacy/dem_T32TPS'), 'legacy.dem_T32TPS');
  assert.equal(toId('../../x'), '_x');
  assert.equal(toId('Übersicht 1:2'), 'Übersicht_1_2');
  assert.equal(collectionIdOf({ scope: 'intertwin', name: 'flood/demo' }), 'intertwin.flood.demo');
});

test('a file is a scene, files of one stem are one, a pattern joins the rest', () => {
  const files = ['a.tif', 'a.nc', 'b/x_B04.tif', 'b/x_B08.tif'].map((name) => file(name));
  assert.deepEqual(
    groupScenes(source(files), files, null).map(({ id, files: members }) => [id, members.length]),
    [
      ['a', 2],
      ['b.x_B04', 1],
      ['b.x_B08', 1],
    ],
  );
  const pattern = parseScenePattern('(?<scene>[^/]+)_(?<asset>B\\d+)\\.tif$');
  const scenes = groupScenes(source(files), files.slice(2), makeReadName(pattern, [], false));
  assert.deepEqual(
    scenes.map(({ id, files: members }) => [id, members.map(({ asset }) => asset)]),
    [['x', ['B04', 'B08']]],
  );
});

test('two scenes that would have one id are refused, not mixed', () => {
  const files = [file('a/b.tif'), file('a.b.tif')];
  assert.throws(
    () => groupScenes(source(files), files, null),
    /Two scenes of s:set would have the Item id "a\.b"/,
  );
});

test('files of another scope keep it in their id', () => {
  const files = [file('a.tif'), file('a.tif', { did: { scope: 't', name: 'a.tif' } })];
  assert.deepEqual(
    groupScenes(source(files), files, null).map(({ id }) => id),
    ['a', 't.a'],
  );
});

test('the plan says what is read, what is not, and how much', async () => {
  const tif = file('a.tif', { replicas: [replica('DISK', 'https://h/a', 1)] });
  const plan = makePlan(source([tif, file('notes.txt')]), { readName: null, multiband: false });
  const batches = planBatches(plan, async () => new Map(), null, new AbortController().signal);
  let text = '';
  for await (const lines of printPlan(plan, batches)) text += lines;
  assert.match(text, /s:set \(DATASET\) -> Collection s\.set/);
  assert.match(text, /ingest +s:a\.tif {2}1\.0 kB \[DISK\] -> a/);
  assert.match(text, /skip +notes\.txt: no raster by its name/);
  assert.match(text, /1 of 1 files to ingest, 1\.0 kB to download/);
});

test('a file of which an earlier release left variables out, for their dimensions, is read again', async () => {
  const nc = file('a.nc');
  const plan = makePlan(source([nc]), { readName: null, multiband: false });
  const { signal } = new AbortController();
  const first = await planBatches(plan, async () => new Map(), null, signal).next();
  const { fingerprint } = first.value![0]!.files[0]!;
  const isKnown = async (warnings: string[]) => {
    const description = JSON.stringify({ mediaType: '', cube: null, attributes: {}, warnings, layers: [] });
    const remembered = new Map([['s:a.nc', { scope: 's', name: 'a.nc', fingerprint, description }]]);
    const batch = await planBatches(plan, async () => remembered, null, signal).next();
    return batch.value![0]!.files[0]!.known !== null;
  };
  assert.ok(await isKnown(["variable 'v' is left out: 'lat' is not evenly spaced"]));
  assert.ok(
    !(await isKnown(["variable 'v' is left out: its dimension 'level' has 3 steps beside time and space"])),
  );
});

test('bytes are told in decimal units', () => {
  assert.deepEqual([0, 999, 1000, 544720, 3_310_676, 1e12].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '545 kB',
    '3.3 MB',
    '1.0 TB',
  ]);
});

test('one replica an RSE: what most clients can read, and only what is available', () => {
  const replicas = [
    replica('A', 'root://a/x', 1),
    replica('A', 'davs://a/x', 2),
    replica('B', 'file:///b/x', 3),
    replica('C', 'https://c/x', 4, 'BAD'),
  ];
  assert.deepEqual(
    [...replicaByRse(replicas)].map(([rse, { pfn }]) => [rse, pfn]),
    [
      ['A', 'davs://a/x'],
      ['B', 'file:///b/x'],
    ],
  );
});

test('the original links to its replicas, and says of its integrity what is known', () => {
  const replicas = [replica('A', 'davs://a.example/x.tif', 2), replica('B', 'https://b.example/x.tif', 1)];
  const description = {
    mediaType: 'image/tiff; application=geotiff',
    cube: null,
    attributes: {},
    warnings: [],
    layers: [],
  };
  const asset = sourceAsset(source([]), file('d/x.tif', { replicas }), description, 'own');
  assert.equal(asset?.href, 'own');
  assert.equal(asset?.['file:checksum'], 'd50110d41d8cd98f00b204e9800998ecf8427e');
  assert.equal(asset?.['rucio:adler32'], '0000abcd');
  assert.deepEqual(asset?.['rucio:rses'], ['A', 'B']);
  assert.deepEqual(asset?.alternate, {
    A: { href: 'https://a.example/x.tif', 'alternate:name': 'A', 'storage:refs': ['A'] },
    B: { href: 'https://b.example/x.tif', 'alternate:name': 'B', 'storage:refs': ['B'] },
  });
});

test('an original without a replica is not available', () => {
  const description = { mediaType: 'image/tiff', cube: null, attributes: {}, warnings: [], layers: [] };
  const asset = sourceAsset(source([]), file('d/x y.tif', { md5: null }), description, 'own');
  assert.deepEqual(asset?.['rucio:rses'], []);
  assert.ok(!('alternate' in (asset ?? {})));
  assert.equal(asset?.['rucio:state'], 'UNAVAILABLE');
  assert.ok(!('file:checksum' in (asset ?? {})));
});
