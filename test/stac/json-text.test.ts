import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementTexts, isTooDeep, memberSpans, objectText } from '../../src/stac/json-text.ts';

const members = (text: string) =>
  Object.fromEntries([...memberSpans(text)].map(([key, { start, end }]) => [key, text.slice(start, end)]));

test('members keep their text, whatever it is', () => {
  const text =
    ' {"a" : 1.0 ,"b":\n[1e-7, {"x":"]}"}], "c\\"d":"q\\\\", "e":null,"f":{},"g":12345678901234567890} ';
  assert.deepEqual(members(text), {
    a: '1.0',
    b: '[1e-7, {"x":"]}"}]',
    'c"d': '"q\\\\"',
    e: 'null',
    f: '{}',
    g: '12345678901234567890',
  });
});

test('an empty object has no members and an empty array no elements', () => {
  assert.deepEqual(members('{ }'), {});
  assert.deepEqual(elementTexts(' [ ] '), []);
});

test('of a key written twice the last counts, as JSON.parse has it', () => {
  const text = '{"a":1,"b":2,"a":3}';
  assert.deepEqual(members(text), { b: '2', a: '3' });
  assert.equal(JSON.parse(text).a, 3);
});

test('elements keep their text', () => {
  assert.deepEqual(elementTexts('[1.50, "a,b", [1,2] ,{"k":"]"},true]'), [
    '1.50',
    '"a,b"',
    '[1,2]',
    '{"k":"]"}',
    'true',
  ]);
});

test('an object put together again says the same', () => {
  const text = '{"a":{"b":[1,2.0]},"c":"\\u00e9"}';
  const spans = [...memberSpans(text)].map(([key, { start, end }]): [string, string] => [
    key,
    text.slice(start, end),
  ]);
  assert.equal(objectText(spans), text);
});

test('text that is no array has no elements, and no end is waited for', () => {
  for (const text of ['{"a":1}', 'null', '"ab"', '5', '', '[,]', '[1,,2]', '["a', '[}']) {
    assert.throws(() => elementTexts(text), SyntaxError, text);
  }
});

test('text that is no object has no members, and no end is waited for', () => {
  for (const text of ['[1]', 'null', '"ab"', '', '{1:2}', '{"a', '{"a":}', '{"a":1,,}']) {
    assert.throws(() => memberSpans(text), SyntaxError, text);
  }
});

test('a hundred levels are deep enough', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(isTooDeep(nested(100)), false);
  assert.equal(isTooDeep(nested(101)), true);
  assert.equal(isTooDeep(nested(5_000_000)), true);
  assert.equal(isTooDeep(`{"a":"${'['.repeat(200)}\\"${'{'.repeat(200)}"}`), false);
  assert.equal(isTooDeep(`[${'[],'.repeat(200)}1]`), false);
});
