/** COGs that Items name, and what a real folder has of them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { storeKey } from '../../src/ingest/part-names.ts';
import type { PlannedScene } from '../../src/ingest/plan.ts';
import { folderStore } from '../../src/s3/folder-store.ts';
import { openStock } from '../../src/sync/lost-cogs.ts';

const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-stock-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const content = Buffer.from('a COG');
const path = join(folder, 'cog.tif');
writeFileSync(path, content);
const cog = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };

const scene = (id: string, more: object = {}, layer: object = {}) => {
  const file = { did: { scope: 's', name: `${id}.tif` }, name: `${id}.tif`, ...more };
  const known = { layers: ['red', 'nir'].map((key) => ({ key, cog, ...layer })) };
  return { scene: { id }, files: [{ file, asset: null, known }] } as unknown as PlannedScene;
};
const keyOf = (planned: PlannedScene, key: string) =>
  storeKey('c', planned.scene, planned.files[0]!.file, { key });

test('COGs that are not there, or have another size, are lost; in place nothing is looked for', async () => {
  const root = join(folder, 'assets');
  const store = folderStore(root, 'own://');
  const whole = scene('whole');
  const absent = scene('absent');
  const cut = scene('cut');
  const gone = scene('gone', { deleted: '2024-01-01T00:00:00Z' });
  const inPlace = scene('in-place', {}, { inPlace: true });
  for (const key of [keyOf(whole, 'red'), keyOf(whole, 'nir'), keyOf(absent, 'nir'), keyOf(cut, 'nir')])
    await store.put({ key, path, ...cog, contentType: 'image/tiff' });
  const other = join(folder, 'other.tif');
  writeFileSync(other, 'cut');
  const sha256 = createHash('sha256').update('cut').digest('hex');
  await store.put({ key: keyOf(cut, 'red'), path: other, bytes: 3, sha256, contentType: 'image/tiff' });

  const report = { failures: [], notes: [] as string[] };
  const { signal } = new AbortController();
  const lost = await openStock({ store, signal }, 'c', report).lostOf([whole, absent, cut, gone, inPlace]);
  const told = [...lost].map(([id, drift]) => [id, ...drift.map(({ did, detail }) => `${did} ${detail}`)]);
  assert.deepEqual(told, [
    ['absent', `s:absent.tif ${keyOf(absent, 'red')}`],
    ['cut', `s:cut.tif ${keyOf(cut, 'red')}`],
  ]);
  assert.equal(report.notes.length, 2);
  assert.match(report.notes[0]!, /c\/gone\/red\.tif is lost, and so is what it was made of/);
  assert.deepEqual(report.failures, []);
});

test('a store that cannot be listed is told once, and nothing counts as lost', async () => {
  const store = folderStore(join(path, 'below'), 'own://');
  const report = { failures: [] as string[], notes: [] };
  const stock = openStock({ store, signal: new AbortController().signal }, 'c', report);
  for (const id of ['a', 'b']) assert.equal((await stock.lostOf([scene(id)])).size, 0);
  assert.equal(report.failures.length, 1);
  assert.match(report.failures[0]!, /were not looked for: .*cannot be read/);
});
