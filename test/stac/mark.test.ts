import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withBase, withMark } from '../../src/stac/link.ts';

const BASE = 'https://example.org/stac';

/** Text as a client sends it, as it is stored. */
const marked: [string, string][] = [
  [`{"href":"${BASE}/assets/c/a.tif"}`, '{"href":"rucio-stac://api/assets/c/a.tif"}'],
  [`["${BASE}/",1.0]`, '["rucio-stac://api/",1.0]'],
  [
    '{"href":"https:\\/\\/example.org\\/stac\\/assets\\/a.tif"}',
    '{"href":"rucio-stac://api/assets\\/a.tif"}',
  ],
];
for (const [sent, stored] of marked) {
  test(`${sent} is stored as ${stored}`, () => assert.equal(withMark(sent, BASE), stored));
}

const kept = [
  '{"href":"https://example.org/stack/a.tif"}',
  '{"href":"https://example.org/stac"}',
  '{"href":"https://exampleXorg/stac/a.tif"}',
  `{"text":"see ${BASE}/assets/a.tif"}`,
  `{"text":"say \\"${BASE}/assets/a.tif\\""}`,
  `{"${BASE}/key" : 1}`,
];
for (const text of kept) {
  test(`${text} is no address of ours and keeps its text`, () => assert.equal(withMark(text, BASE), text));
}

test('what is given out comes back as it was stored, whatever the public address', () => {
  const stored = '{"a":"rucio-stac://api/assets/$&/x.tif","b":["rucio-stac://api/schemas/s.json","other"]}';
  for (const base of ['http://127.0.0.1:8080', BASE, 'http://[::1]:80/a.b+c']) {
    assert.equal(withMark(withBase(stored, base), base), stored);
  }
});

test('a string of many megabytes is no burden', () => {
  const text = `{"a":"${BASE}/${'x\\"'.repeat(5_000_000)}"}`;
  assert.ok(withMark(text, BASE).startsWith('{"a":"rucio-stac://api/x'));
});
