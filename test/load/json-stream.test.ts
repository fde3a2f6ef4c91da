import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Piece, splitJson } from '../../src/load/json-stream.ts';
import { splitLines } from '../../src/load/lines.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function all<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const found: Value[] = [];
  for await (const value of values) found.push(value);
  return found;
}

/** The same however the text is cut. */
async function split(text: string): Promise<Piece[]> {
  const whole = await all(splitJson(inPieces(text, text.length || 1)));
  for (const size of [1, 2, 3, 7])
    assert.deepEqual(await all(splitJson(inPieces(text, size))), whole, `${size}`);
  return whole;
}

describe('JSON text becomes documents without being held', () => {
  const cases: [string, string, [string, string | null][]][] = [
    [
      'one object',
      ' {"id":"a", "x":[1,{"features":[{}]}]} ',
      [['{"id":"a", "x":[1,{"features":[{}]}]}', null]],
    ],
    [
      'objects after one another',
      '{"a":1}\n\n{"a":2}{"a":3}',
      [
        ['{"a":1}', null],
        ['{"a":2}', null],
        ['{"a":3}', null],
      ],
    ],
    [
      'records of a text sequence',
      '\u001e{"a":1}\n\u001e{"a":2}\n',
      [
        ['{"a":1}', null],
        ['{"a":2}', null],
      ],
    ],
    [
      'an array',
      '[{"a":1}, {"a":[{}]}\n]',
      [
        ['{"a":1}', '[0]'],
        ['{"a":[{}]}', '[1]'],
      ],
    ],
    [
      'an ItemCollection, its own members after the features',
      '{"type":"FeatureCollection","features":[{"a":1.0},{"b":"]}\\"{["}],"links":[{"x":1}]}',
      [
        ['{"a":1.0}', 'features[0]'],
        ['{"b":"]}\\"{["}', 'features[1]'],
        ['{"type":"FeatureCollection","features":[],"links":[{"x":1}]}', null],
      ],
    ],
    [
      'Collections beside features',
      '{"collections":[{"c":1}],"features":[{"f":1}]}',
      [
        ['{"c":1}', 'collections[0]'],
        ['{"f":1}', 'features[0]'],
        ['{"collections":[],"features":[]}', null],
      ],
    ],
    [
      'an Item with a list named like one of documents',
      '{"type":"Feature","items":[{"a":1}],"features":[]} {"items":[{"a":1}]}',
      [
        ['{"type":"Feature","items":[{"a":1}],"features":[]}', null],
        ['{"a":1}', 'items[0]'],
        ['{"items":[]}', null],
      ],
    ],
    [
      'a Collection whose type comes after such a list',
      '{"features":[{"type":"Feature"}],"items":["x"],"x":{"type":"y"},"type" : "Collection"}',
      [['{"features":[{"type":"Feature"}],"items":["x"],"x":{"type":"y"},"type" : "Collection"}', null]],
    ],
    [
      'an ItemCollection whose type comes last',
      '{"collections":[],"features":[{"a":1},{"type":"Feature"}],"type":"FeatureCollection"}',
      [
        ['{"a":1}', 'features[0]'],
        ['{"type":"Feature"}', 'features[1]'],
        ['{"collections":[],"features":[],"type":"FeatureCollection"}', null],
      ],
    ],
    ['an empty list', '{"features":[]}', [['{"features":[]}', null]]],
    [
      'a string that is named like a list',
      '{"id":"features","x":[{}]}',
      [['{"id":"features","x":[{}]}', null]],
    ],
    [
      'elements that are no objects, which are told',
      '{"features":[1,{"a":1},"x"]}',
      [
        ['1,', 'features[0]'],
        ['{"a":1}', 'features[0]'],
        [',"x"', 'features[1]'],
        ['{"features":[]}', null],
      ],
    ],
    [
      'a text that ends too soon',
      '{"features":[{"a":1},{"b":',
      [
        ['{"a":1}', 'features[0]'],
        ['{"features":[{"b":', null],
      ],
    ],
    ['no JSON', 'hello', [['hello', null]]],
    ['nothing', ' \n', []],
  ];
  for (const [title, text, expected] of cases) {
    test(title, async () => {
      assert.deepEqual(
        (await split(text)).map(({ text: found, path }) => [found, path]),
        expected,
      );
    });
  }

  test('lines are those that hold something, numbered as an editor does', async () => {
    const text = '\ufeff{"a":1}\r\n\n\u001e{"a":2}\n{"a":3}';
    const expected = [
      { text: '{"a":1}', number: 1 },
      { text: '{"a":2}', number: 3 },
      { text: '{"a":3}', number: 4 },
    ];
    for (const size of [1, 2, 5, 100])
      assert.deepEqual(await all(splitLines(inPieces(text, size))), expected);
  });
});
