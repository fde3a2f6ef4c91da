import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/errors.ts';
import { adler32 } from '../../src/rucio/adler32.ts';
import { safeJoin } from '../../src/rucio/safe-join.ts';

function sum(...chunks: Uint8Array[]): string {
  const adler = adler32();
  for (const chunk of chunks) adler.update(chunk);
  return adler.digest();
}

test('adler32 is what zlib of Python computes', () => {
  assert.equal(sum(), '00000001');
  assert.equal(sum(Buffer.from('a')), '00620062');
  assert.equal(sum(Buffer.from('Wikipedia')), '11e60398');
  assert.equal(sum(new Uint8Array(16)), '00100001');
  assert.equal(sum(new Uint8Array(1_000_003).fill(255)), 'e395e4bb');
  assert.equal(sum(Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256)), '6a10942f');
});

test('adler32 does not depend on how the bytes are cut', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256);
  for (const size of [1, 7, 5551, 5552, 5553, 65_536]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    assert.equal(sum(...chunks), '6a10942f', `chunks of ${size}`);
  }
});

test('a name becomes a path inside the folder', () => {
  assert.equal(safeJoin('/folder', 'a.tif'), '/folder/a.tif');
  assert.equal(safeJoin('/folder/', 'a/b..c/...tif'), '/folder/a/b..c/...tif');
});

test('a name that would leave the folder is refused', () => {
  const hostile = [
    '',
    '.',
    '..',
    '../x',
    'a/../../x',
    'a/../b',
    '/../..',
    '/etc/passwd',
    'a//b',
    'a/',
    'a\0b',
    '..\\x',
    'C:\\x',
    './a',
  ];
  for (const name of hostile) assert.throws(() => safeJoin('/folder', name), UserError, JSON.stringify(name));
});
