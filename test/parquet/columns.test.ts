import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exactText, parseExact } from '../../src/parquet/bigint-json.ts';
import {
  type ColumnType,
  fit,
  Misfit,
  mergeTypes,
  NULL,
  settle,
  typeOf,
} from '../../src/parquet/column-type.ts';
import { fromMicroseconds, toMicroseconds } from '../../src/parquet/instant.ts';

/** The type of a column as text. */
function shown(type: ColumnType): string {
  if (type.kind === 'list') return `[${shown(type.element)}]`;
  if (type.kind !== 'struct') return type.kind;
  return `{${Array.from(type.fields, ([key, each]) => `${key}: ${shown(each)}`).join(', ')}}`;
}

const columnOf = (values: unknown[]) =>
  shown(settle(values.map((value) => typeOf(value)).reduce(mergeTypes, NULL)));

describe('the type of a column holds all its values', () => {
  const cases: [string, unknown[], string][] = [
    ['whole numbers', [1, null, -5], 'integer'],
    ['beyond 2^53', [9007199254740993n, 1], 'integer'],
    ['with fractions', [1, 1.5], 'number'],
    ['larger than 64 bits', [1e30], 'number'],
    ['text', ['a', null], 'string'],
    ['nothing at all', [null, null], 'string'],
    ['number and text', [1, 'one'], 'json'],
    ['object and list', [{ a: 1 }, [1]], 'json'],
    ['lists', [[1], [], [1.5]], '[number]'],
    ['empty lists', [[]], '[string]'],
    ['lists of two types', [[1, 'a']], '[json]'],
    ['objects', [{ a: 1 }, { b: [true] }], '{a: integer, b: [boolean]}'],
    ['objects without members', [{}, {}], 'json'],
    ['objects, some without members', [{}, { a: {} }], '{a: json}'],
  ];
  for (const [title, values, expected] of cases) test(title, () => assert.equal(columnOf(values), expected));

  test('an object with more members than a file can have columns is JSON text', () => {
    const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 1]));
    assert.equal(columnOf([wide]), 'json');
    const [half, other] = [0, 600].map((from) =>
      Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${from + index}`, 1])),
    );
    assert.equal(columnOf([half, other]), 'json');
  });

  test('a value of another type than the column is refused, not changed', () => {
    for (const [value, type] of [
      ['1', { kind: 'integer' }],
      [1.5, { kind: 'integer' }],
      [1, { kind: 'string' }],
      [{ b: 1 }, typeOf({ a: 1 })],
    ] as [unknown, ColumnType][])
      assert.throws(() => fit(value, type), Misfit);
  });
});

describe('values of columns', () => {
  const instants: [string, bigint, string][] = [
    ['1970-01-01T00:00:00Z', 0n, '1970-01-01T00:00:00Z'],
    ['2024-02-29T12:00:00.123456Z', 1709208000123456n, '2024-02-29T12:00:00.123456Z'],
    ['2024-02-29T14:00:00.5+02:00', 1709208000500000n, '2024-02-29T12:00:00.5Z'],
    ['1969-12-31T23:59:59.000001Z', -999999n, '1969-12-31T23:59:59.000001Z'],
    ['0001-01-01T00:00:00Z', -62135596800000000n, '0001-01-01T00:00:00Z'],
    ['2016-12-31T23:59:60Z', 1483228800000000n, '2017-01-01T00:00:00Z'],
  ];
  for (const [text, micros, back] of instants) {
    test(`${text} is ${micros} microseconds`, () => {
      assert.equal(toMicroseconds(text), micros);
      assert.equal(fromMicroseconds(micros), back);
    });
  }

  test('integers keep their digits as far as 64 bits hold them', () => {
    const text = '{"a":9007199254740993,"b":[-9223372036854775808],"c":1.5,"d":"12345678901234567890"}';
    assert.equal(exactText(parseExact(text)), text);
    assert.equal(parseExact('{"a":123456789012345678901234567890}').a, 1.2345678901234568e29);
  });
});
