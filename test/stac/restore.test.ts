import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restored } from '../../src/stac/restore.ts';

const STORED = '{"id":"c","extent":{"bbox":[0.0,1]},"n":1.0,"links":[{"href":"mark/x"}]}';
const SHOWN =
  '{"id":"c","extent":{"bbox":[5,6]},"n":1.0,"summaries":{"gsd":[10]},"links":[{"href":"base/x"},{"rel":"self"}]}';

test('what was read and is sent back is stored as it was', () => {
  assert.equal(restored(SHOWN, SHOWN, STORED), STORED);
});

test('what is sent anew is stored as it was sent', () => {
  const sent = '{"id":"c","extent":{"bbox":[7,8]},"n":1,"new":1e0,"summaries":{"gsd":[20]},"links":[]}';
  assert.equal(restored(sent, SHOWN, STORED), sent);
});

test('a client that writes the same values in other words has read them', () => {
  const sent = '{ "links":[{"rel":"self"}], "extent" : {"bbox":[5.0, 6e0]}, "title":"t", "id":"c" }';
  assert.equal(
    restored(sent, SHOWN, STORED),
    '{"links":[{"rel":"self"}],"extent":{"bbox":[0.0,1]},"title":"t","id":"c"}',
  );
});
