/** What is no filter is refused as a 400 that names the fault, whatever its size and depth. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { usedProperties } from '../../src/cql2/ast.ts';
import { parseJson } from '../../src/cql2/parse-json.ts';
import { parseText } from '../../src/cql2/parse-text.ts';
import { type FilterLang, readFilter } from '../../src/cql2/read-filter.ts';
import { refusal } from './support.ts';

const refusesText = (text: string, part: RegExp) => assert.throws(() => parseText(text), refusal(part));
const refusesJson = (value: unknown, part: RegExp) => assert.throws(() => parseJson(value), refusal(part));

describe('text that is no filter is refused, and says where', () => {
  const cases: [string, string, RegExp][] = [
    ['what follows a filter', 'a = 1 b = 2', /at position 7 expected an operator or the end, not "b = 2"/],
    ['a parenthesis too many', 'a = 1)', /at position 6 expected an operator or the end/],
    ['a parenthesis too few', '(a = 1', /at position 7 expected "\)", not its end/],
    ['nothing', '', /at position 1 expected a property/],
    ['spaces alone', ' \t ', /at position 4 expected/],
    ['text without an end', "a = 'b", /at position 5 expected text that ends with '/],
    ['a backslash that takes the end', "a = 'b\\'", /text that ends with '/],
    ['a name without an end', '"a = 1', /at position 1 expected a name that ends with "/],
    ['a name of nothing', '"" = 1', /a name between double quotes/],
    ['a character of no meaning', 'a = 1; drop table items', /at position 6 expected a name, a number/],
    ['a value alone', '1 + 1', /neither true nor false/],
    ['a geometry alone', 'POINT(1 2)', /neither true nor false/],
    ['numbers run into names', 'a = 1b', /a number or a name/],
    ['a chain of comparisons', '1 < a < 3', /at position 7 expected an operator or the end/],
    ['a chain of powers', '2 ^ 3 ^ 4 = a', /at position 7 expected an operator or the end/],
    ['NOT before no predicate', 'a NOT = 1', /expected LIKE, BETWEEN or IN/],
    ['a list of nothing', 'a IN ()', /at position 7 expected/],
    ['a keyword as a property', 'and = 1', /at position 1 expected a property/],
    ['a day that is none', "a = DATE('2023-02-29')", /date "2023-02-29"/],
    ['a timestamp without zone', "a = TIMESTAMP('2023-02-28T00:00:00')", /timestamp "2023-02-28T00:00:00"/],
    ['an interval of three', "T_AFTER(a, INTERVAL('..', '..', '..'))", /a start and an end/],
    ['an interval of words', "T_AFTER(a, INTERVAL('now', '..'))", /"now" as an end of an interval/],
    ['a ring that is open', 'S_WITHIN(g, POLYGON((0 0, 1 0, 1 1, 0 1)))', /not closed/],
    ['a latitude beyond a pole', 'S_WITHIN(g, POINT(0 91))', /latitude 91/],
    ['a box of five numbers', 'S_WITHIN(g, BBOX(1, 2, 3, 4, 5))', /has 5 numbers/],
    ['a box of south above north', 'S_WITHIN(g, BBOX(1, 2, 3, 1))', /south is above its north/],
    ['text where a geometry stands', "S_WITHIN(g, 'POINT(1 2)')", /argument 2 of s_within is "POINT\(1 2\)"/],
    ['one argument where two are taken', 'S_WITHIN(g)', /s_within takes 2 arguments, not 1/],
    ['a pattern that is a property', 'a LIKE b', /pattern of like/],
    ['a predicate that is compared', 'a = (b = 1)', /argument 2 of = is/],
    ['a NUL', "a = 'b\0'", /NUL/],
    ['half a character', "a = '\uD800'", /well-formed/],
    ['a number of a million digits', `a = ${'9'.repeat(1e6)}`, /at most 1000 characters/],
    ['an exponent beyond reason', 'a = 1e999999999', /exponents of at most 1000/],
  ];
  for (const [what, text, part] of cases)
    test(`${what}: ${text.slice(0, 60)}`, () => refusesText(text, part));
});

describe('JSON that is no filter is refused, and says what', () => {
  const property = { property: 'a' };
  const cases: [string, unknown, RegExp][] = [
    ['null', null, /filter has null/],
    ['nothing', undefined, /filter has missing/],
    ['text', 'a = 1', /neither true nor false/],
    ['an array', [], /neither true nor false/],
    ['an empty object', {}, /accepted are objects with op/],
    ['null as an argument', { op: '=', args: [property, null] }, /filter has null/],
    ['an op that is no text', { op: 1, args: [] }, /op is 1/],
    ['an op that is no name', { op: '==', args: [property, 1] }, /op is "=="/],
    ['no args', { op: 'and' }, /args of and is missing/],
    ['args of nothing', { op: 'and', args: [] }, /and has no arguments/],
    ['one arg of two', { op: '=', args: [property] }, /= takes 2 arguments, not 1/],
    ['an unknown member', { op: '=', args: [property, 1], x: 1 }, /unknown member "x"/],
    ['a property that is no name', { op: '=', args: [{ property: 1 }, 1] }, /property is 1/],
    ['a number beyond a double', { op: '=', args: [property, Number.POSITIVE_INFINITY] }, /Infinity/],
    [
      'a geometry of no type',
      { op: 's_within', args: [property, { type: 'Circle' }] },
      /"Circle" is none of/,
    ],
    [
      'a collection of nothing',
      { op: 's_within', args: [property, { type: 'GeometryCollection', geometries: [] }] },
      /at least one/,
    ],
    ['an interval of one', { op: 't_after', args: [property, { interval: ['..'] }] }, /interval has 1 ends/],
    ['text as date', { op: '=', args: [property, { date: '2024' }] }, /date "2024"/],
    ['an empty list', { op: 'in', args: [property, []] }, /list of in is empty/],
    ['a list in a list', { op: 'in', args: [property, [[1]]] }, /list of in holds/],
    ['a property from a prototype', JSON.parse('{"__proto__": {"op": "and"}}'), /accepted are objects/],
    [
      'a decimal, which is ours alone',
      { op: '=', args: [property, { decimal: '1' }] },
      /accepted are objects/,
    ],
    ['half a character', { op: '=', args: [property, '\uDC00'] }, /well-formed/],
    ['a NUL in a name', { op: '=', args: [{ property: 'a\0' }, 1] }, /NUL/],
  ];
  for (const [what, value, part] of cases) test(what, () => refusesJson(value, part));

  test('forms of drafts are read as those of the standard', () => {
    const standard = parseJson({ op: 'in', args: [property, [1, 2]] });
    assert.deepEqual(parseJson({ op: 'in', args: [property, 1, 2] }), standard);
    const between = parseJson({ op: 'between', args: [property, 1, 2] });
    assert.deepEqual(parseJson({ op: 'between', args: [property, [1, 2]] }), between);
    assert.deepEqual(parseJson({ op: 'S_INTERSECTS', args: [property, property] }), {
      op: 's_intersects',
      args: [property, property],
    });
    assert.deepEqual(parseJson({ op: 'and', args: [{ op: 'isnull', args: [property] }] }), {
      op: 'isNull',
      args: [property],
    });
  });
});

describe('deep and large filters', () => {
  const quickly = (work: () => void) => {
    const began = performance.now();
    work();
    assert.ok(performance.now() - began < 1000);
  };
  let nested: unknown = { op: '=', args: [{ property: 'a' }, 1] };
  for (let depth = 0; depth < 5000; depth++) nested = { op: 'not', args: [nested] };
  let arrays: unknown = [];
  for (let depth = 0; depth < 5000; depth++) arrays = [arrays];

  const deep: [string, () => unknown][] = [
    ['10,000 parentheses', () => parseText(`${'('.repeat(10_000)}a = 1${')'.repeat(10_000)}`)],
    ['1,000 NOTs', () => parseText(`${'NOT '.repeat(1000)}a = 1`)],
    ['65 NOTs', () => parseText(`${'NOT '.repeat(65)}a`)],
    ['10,000 functions', () => parseText('f('.repeat(10_000))],
    ['10,000 signs', () => parseText(`a = ${'-'.repeat(10_000)}b`)],
    ['10,000 arrays', () => parseText(`a_equals(a, ${'('.repeat(10_000)}`)],
    ['a sum of 1,000', () => parseText(`a = ${Array.from({ length: 1000 }, () => '1').join(' + ')}`)],
    ['5,000 levels of JSON', () => parseJson(nested)],
    ['5,000 levels of arrays', () => parseJson({ op: 'a_equals', args: [{ property: 'a' }, arrays] })],
    ['text of JSON', () => readFilter('[{"op":'.repeat(5000), 'cql2-json', true)],
  ];
  for (const [what, work] of deep) {
    test(`${what} are refused as too deep`, () => quickly(() => assert.throws(work, refusal(/deeper than/))));
  }

  test('collections of collections are refused', () => {
    const text = `S_WITHIN(g, ${'GEOMETRYCOLLECTION('.repeat(1000)}POINT(1 2)${')'.repeat(1000)})`;
    quickly(() => refusesText(text, /nested at most 8/));
  });

  test('more than 5,000 parts are refused', () => {
    const list = Array.from({ length: 200_000 }, (_, index) => index).join(',');
    quickly(() => refusesText(`a IN (${list})`, /more than 5000/));
    quickly(() =>
      refusesJson({ op: 'in', args: [{ property: 'a' }, Array(200_000).fill(1)] }, /more than 5000/),
    );
  });

  test('more than 100,000 positions are refused', () => {
    const ring = `${Array.from({ length: 100_001 }, (_, index) => `${index / 1e4} 1`).join(',')},0 1`;
    refusesText(`S_WITHIN(g, POLYGON((${ring})))`, /at most 100000/);
  });
});

describe('filter and filter-lang of a request', () => {
  const text = "a = 'b'";
  const json = { op: '=', args: [{ property: 'a' }, 'b'] };
  const cases: [string, unknown, FilterLang | undefined, boolean][] = [
    ['text of a query string', text, undefined, true],
    ['JSON of a body', json, undefined, false],
    ['text of a body', text, 'cql2-text', false],
    ['JSON of a query string', JSON.stringify(json), 'cql2-json', true],
  ];
  for (const [what, value, lang, isText] of cases) {
    test(`${what} is read`, () => assert.deepEqual(readFilter(value, lang, isText), json));
  }
  test('the other encoding is refused', () => {
    assert.throws(
      () => readFilter(json, 'cql2-text', false),
      refusal(/accepted by filter-lang cql2-text is text/),
    );
    assert.throws(
      () => readFilter(text, 'cql2-json', true),
      refusal(/accepted by filter-lang cql2-json is JSON/),
    );
    assert.throws(() => readFilter(text, undefined, false), refusal(/neither true nor false/));
  });
  test('the properties that it reads are known, each once', () => {
    const filter = parseText(
      "a = 1 AND T_AFTER(INTERVAL(b, c), d) AND a_overlaps((e, (f)), a) OR g(h) OR CASEI(i) LIKE 'x'",
    );
    assert.deepEqual(usedProperties(filter), ['a', 'b', 'c', 'd', 'e', 'f', 'h', 'i']);
  });
});
