import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from '../../src/errors.ts';
import { jsonPatch } from '../../src/stac/json-patch.ts';
import { mergePatch } from '../../src/stac/merge-patch.ts';

const fault = (run: () => unknown): ApiError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error('no fault');
};

describe('JSON Merge Patch', () => {
  /** RFC 7396, Appendix A: original, patch, result. */
  const examples: [string, string, string][] = [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ];
  for (const [original, patch, result] of examples) {
    test(`${original} with ${patch} is ${result}`, () => assert.equal(mergePatch(original, patch), result));
  }

  test('what it does not name keeps its text; what it brings comes as it was written', () => {
    const text =
      '{"n":1.0,"deep":{"s" : [1e-7 , 0.10],"big":12345678901234567890,"none":null},"u":"\\u00e9"}';
    assert.equal(
      mergePatch(text, ' { "deep" : {"new":{"gone":null,"x":100.00},"none":null} }'),
      '{"n":1.0,"deep":{"s":[1e-7 , 0.10],"big":12345678901234567890,"new":{"x":100.00}},"u":"\\u00e9"}',
    );
  });

  test('a member named __proto__ is a member as any other', () => {
    assert.equal(mergePatch('{"a":1}', '{"__proto__":{"b":2}}'), '{"a":1,"__proto__":{"b":2}}');
  });
});

describe('JSON Patch', () => {
  /** RFC 6902, Appendix A. */
  const examples: [string, string, string, string][] = [
    ['A.1', '{"foo":"bar"}', '[{"op":"add","path":"/baz","value":"qux"}]', '{"foo":"bar","baz":"qux"}'],
    [
      'A.2',
      '{"foo":["bar","baz"]}',
      '[{"op":"add","path":"/foo/1","value":"qux"}]',
      '{"foo":["bar","qux","baz"]}',
    ],
    ['A.3', '{"baz":"qux","foo":"bar"}', '[{"op":"remove","path":"/baz"}]', '{"foo":"bar"}'],
    ['A.4', '{"foo":["bar","qux","baz"]}', '[{"op":"remove","path":"/foo/1"}]', '{"foo":["bar","baz"]}'],
    [
      'A.5',
      '{"baz":"qux","foo":"bar"}',
      '[{"op":"replace","path":"/baz","value":"boo"}]',
      '{"baz":"boo","foo":"bar"}',
    ],
    [
      'A.6',
      '{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}',
      '[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]',
      '{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}',
    ],
    [
      'A.7',
      '{"foo":["all","grass","cows","eat"]}',
      '[{"op":"move","from":"/foo/1","path":"/foo/3"}]',
      '{"foo":["all","cows","eat","grass"]}',
    ],
    [
      'A.8',
      '{"baz":"qux","foo":["a",2,"c"]}',
      '[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]',
      '{"baz":"qux","foo":["a",2,"c"]}',
    ],
    [
      'A.10',
      '{"foo":"bar"}',
      '[{"op":"add","path":"/child","value":{"grandchild":{}}}]',
      '{"foo":"bar","child":{"grandchild":{}}}',
    ],
    [
      'A.11',
      '{"foo":"bar"}',
      '[{"op":"add","path":"/baz","value":"qux","xyz":123}]',
      '{"foo":"bar","baz":"qux"}',
    ],
    ['A.14', '{"/":9,"~1":10}', '[{"op":"test","path":"/~01","value":10}]', '{"/":9,"~1":10}'],
    [
      'A.16',
      '{"foo":["bar"]}',
      '[{"op":"add","path":"/foo/-","value":["abc","def"]}]',
      '{"foo":["bar",["abc","def"]]}',
    ],
    [
      '4.5 copy',
      '{"a":{"b":1.0},"c":[]}',
      '[{"op":"copy","from":"/a","path":"/c/0"}]',
      '{"a":{"b":1.0},"c":[{"b":1.0}]}',
    ],
    ['4.1 add over a member', '{"a":1,"b":2}', '[{"op":"add","path":"/a","value":1.50}]', '{"a":1.50,"b":2}'],
    ['the whole document', '{"a":1}', '[{"op":"replace","path":"","value":{"b":[1.0]}}]', '{"b":[1.0]}'],
    ['an empty key', '{"":{"":1}}', '[{"op":"replace","path":"//","value":2}]', '{"":{"":2}}'],
    ['a move to where it is', '{"a":[1,2]}', '[{"op":"move","from":"/a/0","path":"/a/0"}]', '{"a":[1,2]}'],
  ];
  for (const [name, document, patch, result] of examples) {
    test(`RFC 6902, ${name}`, () => assert.equal(jsonPatch(document, patch), result));
  }

  test('what no operation names keeps its text', () => {
    const text = '{"a":{"n":1.0, "m": [1e-7 ,  30e2]},"b":123456789012345678901234567890,"c":null}';
    const patch = '[{"op":"add","path":"/a/x","value":0.10},{"op":"remove","path":"/c"}]';
    assert.equal(
      jsonPatch(text, patch),
      '{"a":{"n":1.0,"m":[1e-7 ,  30e2],"x":0.10},"b":123456789012345678901234567890}',
    );
  });

  /** Value, value, whether test takes them for the same. */
  const compared: [string, string, boolean][] = [
    ['1', '1.0', true],
    ['100', '1e2', true],
    ['1e-7', '0.0000001', true],
    ['-0', '0.0', true],
    ['0', '0e999999999999999999999', true],
    ['-1', '1', false],
    ['12345678901234567890', '12345678901234567891', false],
    ['1e400', '1e401', false],
    ['1', '"1"', false],
    ['0', 'false', false],
    ['null', 'false', false],
    ['"\\u00e9"', '"é"', true],
    ['"/"', '"\\/"', true],
    ['{"a":1,"b":[2]}', '{ "b" : [2.0], "a" : 1 }', true],
    ['{"a":1}', '{"a":1,"b":null}', false],
    ['[1,2]', '[2,1]', false],
    ['[]', '{}', false],
  ];
  for (const [a, b, isSame] of compared) {
    test(`test: ${a} and ${b} are ${isSame ? 'the same' : 'not the same'}`, () => {
      const run = () => jsonPatch(`{"v":${a}}`, `[{"op":"test","path":"/v","value":${b}}]`);
      if (isSame) assert.equal(run(), `{"v":${a}}`);
      else assert.equal(fault(run).code, 'Conflict');
    });
  }

  /** Document, patch, code, what is told. */
  const refused: [string, string, string, RegExp][] = [
    ['{"foo":"bar"}', '[{"op":"add","path":"/baz/bat","value":"qux"}]', 'Conflict', /^operation 0.*"\/baz"/],
    [
      '{"a":1}',
      '[{"op":"test","path":"/a","value":1},{"op":"remove","path":"/b"}]',
      'Conflict',
      /^operation 1/,
    ],
    ['{"a":[1]}', '[{"op":"remove","path":"/a/1"}]', 'Conflict', /operation 0/],
    ['{"a":[1]}', '[{"op":"remove","path":"/a/-"}]', 'Conflict', /operation 0/],
    ['{"a":[1]}', '[{"op":"add","path":"/a/3","value":1}]', 'Conflict', /0 to 1/],
    ['{"a":[1,2]}', '[{"op":"replace","path":"/a/01","value":1}]', 'Conflict', /nothing/],
    ['{"a":"x"}', '[{"op":"add","path":"/a/b","value":1}]', 'Conflict', /neither/],
    ['{"a":1}', '[{"op":"remove","path":""}]', 'Conflict', /whole/],
    ['{"a":1}', '[{"op":"replace","path":"/b","value":1}]', 'Conflict', /nothing/],
    ['{"a":1}', '[{"op":"spam","path":"/a"}]', 'InvalidBody', /^operation 0: op is "spam"; accepted are add/],
    ['{"a":1}', '[{"op":"add","path":"/a"}]', 'InvalidBody', /value is missing/],
    ['{"a":1}', '[{"op":"move","path":"/a"}]', 'InvalidBody', /from is missing/],
    ['{"a":1}', '[{"op":"add","path":"a","value":1}]', 'InvalidBody', /JSON Pointer/],
    ['{"a":1}', '[{"op":"add","path":"/~2","value":1}]', 'InvalidBody', /JSON Pointer/],
    ['{"a":1}', '[{"op":"add","path":["a"],"value":1}]', 'InvalidBody', /JSON Pointer/],
    ['{"a":{"b":1}}', '[{"op":"move","from":"/a","path":"/a/b"}]', 'InvalidBody', /into itself/],
    ['{"a":1}', '[5]', 'InvalidBody', /operation 0: it is 5; expected an object/],
    ['{"a":1}', '{"op":"remove","path":"/a"}', 'InvalidBody', /list of operations/],
    ['{"a":1}', '[{"op":"remove"', 'InvalidBody', /not JSON/],
    ['{"a":1}', `[{"op":"remove","path":"${'/a'.repeat(101)}"}]`, 'InvalidBody', /100 levels/],
  ];
  for (const [document, patch, code, told] of refused) {
    test(`${patch.slice(0, 60)} on ${document} is refused: ${code}`, () => {
      const { code: found, message, parameter } = fault(() => jsonPatch(document, patch));
      assert.equal(found, code, message);
      assert.match(message, told);
      if (message.startsWith('operation')) assert.match(parameter ?? '', /^\[\d\]$/);
    });
  }

  test('copies of copies end before they fill the memory', () => {
    const copies = Array.from({ length: 60 }, (_, n) => `{"op":"copy","from":"","path":"/${n}"}`);
    const { code } = fault(() => jsonPatch('{"a":"some text of a document"}', `[${copies.join(',')}]`));
    assert.equal(code, 'PayloadTooLarge');
  });

  test('moves of moves that nest deeply come to an end', () => {
    const members = Array.from({ length: 1001 }, (_, n) => `"${n}":{}`);
    const moves = Array.from(
      { length: 1000 },
      (_, n) => `{"op":"move","from":"/${n}","path":"/${n + 1}/in"}`,
    );
    const text = jsonPatch(`{${members.join(',')}}`, `[${moves.join(',')}]`);
    assert.equal(text.match(/"in"/g)?.length, 1000);
    const { code } = fault(() => jsonPatch('{}', `[${[...moves, moves[0]].join(',')}]`));
    assert.equal(code, 'InvalidBody');
  });
});
