import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Expression, isOperation, isProperty } from '../../src/cql2/ast.ts';
import { parseJson } from '../../src/cql2/parse-json.ts';
import { parseText } from '../../src/cql2/parse-text.ts';
import { toJson } from '../../src/cql2/to-json.ts';
import { toText } from '../../src/cql2/to-text.ts';
import { examples } from './support.ts';

/** Pairs whose text and JSON are not the same filter: the text has more fraction digits than the JSON. */
const sameInstants = (json: unknown) => JSON.parse(JSON.stringify(json).replace(/:00\.000000Z/g, ':00Z'));

/** Negative zero is the place that zero is. */
const sameZeros = (json: unknown) => JSON.parse(JSON.stringify(json));

describe('the examples of OGC CQL2 1.0', () => {
  for (const { name, text, json } of examples) {
    test(`${name} is read as text`, () => {
      const filter = parseText(text);
      assert.ok(isOperation(filter) || isProperty(filter));
    });
    if (json === undefined) continue;
    test(`${name} is the same filter in text and JSON`, () => {
      assert.deepEqual(sameInstants(toJson(parseText(text))), sameInstants(toJson(parseJson(json))));
    });
    test(`${name} in JSON comes back as it was`, () => {
      assert.deepEqual(sameZeros(toJson(parseJson(json))), sameZeros(json));
    });
    test(`${name} survives text and JSON, there and back`, () => {
      const filter: Expression = parseText(text);
      assert.deepEqual(parseText(toText(filter)), filter);
      assert.deepEqual(parseJson(toJson(filter)), filter);
    });
  }
});
