import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Expression, isDecimal, partsOf } from '../../src/cql2/ast.ts';
import { parseJson } from '../../src/cql2/parse-json.ts';
import { parseText } from '../../src/cql2/parse-text.ts';
import { toJson } from '../../src/cql2/to-json.ts';
import { toText } from '../../src/cql2/to-text.ts';
import { randomFilter } from './random-filter.ts';

const SEEDS = Array.from({ length: 4000 }, (_, seed) => seed);

const hasDecimal = (part: Expression): boolean => isDecimal(part) || partsOf(part).some(hasDecimal);

describe('text and JSON say the same filters', () => {
  test('every filter reads back from its text', () => {
    for (const seed of SEEDS) {
      const filter = randomFilter(seed);
      const text = toText(filter);
      assert.deepEqual(parseText(text), filter, `seed ${seed}: ${text}`);
    }
  });

  test('every filter reads back from its JSON, and from the text of that', () => {
    for (const seed of SEEDS) {
      const filter = randomFilter(seed);
      if (hasDecimal(filter)) continue;
      const json = JSON.stringify(toJson(filter));
      const again = parseJson(JSON.parse(json));
      assert.deepEqual(again, filter, `seed ${seed}: ${json}`);
      assert.equal(JSON.stringify(toJson(parseText(toText(again)))), json);
    }
  });
});
