import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeName } from '../../src/stac/file-name.ts';

const nameOf = (id: string) => takeName(id, new Set());

describe('names of files for ids', () => {
  for (const id of ['S2A_MSIL2A_20240101.SAFE', 'a', '-', '_x.y-z', '0', 'collection', 'console.1'])
    test(`${id} stays`, () => assert.equal(nameOf(id), id));

  for (const id of [
    ...['a b', 'a/b', 'a\\b', 'a:b', 'a%2Fb', 'ö', '日本🛰', "it's", '"', '*', '#', '?', '~'],
    ...[
      '.hidden',
      '..',
      '../up',
      'dot.',
      'catalog.json',
      'Collection.JSON',
      'con',
      'NUL.tif',
      'long'.repeat(100),
    ],
  ])
    test(`${id.slice(0, 20)} has one that every file system and every client takes`, () => {
      const name = nameOf(id);
      assert.match(name, /^[\w-][\w.-]*-[0-9a-f]{8}$/);
      assert.doesNotMatch(name, /^(?:con|nul)\b/i);
      assert.ok(name.length <= 200);
      assert.equal(nameOf(id), name);
    });

  test('no two have one, capitals or not', () => {
    const hashed = nameOf('a b');
    const ids = ['a b', 'a_b', hashed, 'a:b', 'Case', 'case', 'CASE', 'ö', 'ü', 'Ö'];
    const used = new Set<string>();
    const names = ids.map((id) => takeName(id, used).toLowerCase());
    assert.equal(new Set(names).size, ids.length, names.join(' '));
    assert.equal(used.size, ids.length);
  });
});
