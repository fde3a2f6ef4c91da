import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOwnAssets } from '../../src/load/own-assets.ts';

const own = { href: 'rucio-stac://api/assets/a.tif' };
const other = { href: 'https://elsewhere.example/a.tif' };

const counts: [string, unknown, number][] = [
  ['those at an address of our own', { a: own, b: other, c: own }, 2],
  ['one whose alternate is, once', { a: { ...other, alternate: { x: own, y: own, z: null } } }, 1],
  ['none of what is no asset', { a: null, b: 'rucio-stac://api/', c: { href: 5 } }, 0],
  ['none of no assets', null, 0],
];
for (const [what, assets, expected] of counts)
  test(`own assets: ${what}`, () => {
    const schema = 'rucio-stac://api/schemas/rucio/v1.0.0/schema.json';
    assert.equal(countOwnAssets(JSON.stringify({ stac_extensions: [schema], assets })), expected);
  });
