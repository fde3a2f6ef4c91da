/** Names of COGs in the lake: other bytes are another file, and every name is one that Rucio takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LayerDescription } from '../../src/ingest/describe.ts';
import { cogDid } from '../../src/ingest/register.ts';
import type { Scene, SourceFile } from '../../src/ingest/source.ts';

const name = (id: string, key: string, sha256: string) => {
  const file = { name: 'x.tif' } as SourceFile;
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
