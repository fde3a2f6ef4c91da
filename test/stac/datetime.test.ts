import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../src/errors.ts';
import { checkInstant, parseDatetime, toUtc } from '../../src/stac/datetime.ts';

const accepted: [string, string | null, string | null][] = [
  ['2024-01-03T00:00:00Z', '2024-01-03T00:00:00.000000Z', '2024-01-03T00:00:00.000000Z'],
  ['2024-01-03T00:00:00z', '2024-01-03T00:00:00.000000Z', '2024-01-03T00:00:00.000000Z'],
  ['2024-01-03T01:00:00.123456789+01:00', '2024-01-03T00:00:00.123456Z', '2024-01-03T00:00:00.123456Z'],
  ['2024-01-03T00:00:00-23:59', '2024-01-03T23:59:00.000000Z', '2024-01-03T23:59:00.000000Z'],
  ['../2024-01-03T00:00:00Z', null, '2024-01-03T00:00:00.000000Z'],
  ['/2024-01-03T00:00:00Z', null, '2024-01-03T00:00:00.000000Z'],
  ['2024-01-03T00:00:00Z/..', '2024-01-03T00:00:00.000000Z', null],
  ['2024-01-03T00:00:00Z/', '2024-01-03T00:00:00.000000Z', null],
  ['0001-01-01T00:00:00Z/9999-12-31T23:59:59Z', '0001-01-01T00:00:00.000000Z', '9999-12-31T23:59:59.000000Z'],
];

for (const [text, start, end] of accepted) {
  test(`datetime "${text}" is an interval`, () => assert.deepEqual(parseDatetime(text), { start, end }));
}

const refused = [
  '',
  '..',
  '/',
  '../..',
  '2024-01-03',
  '2024-01-03T00:00:00',
  '2024-13-03T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '2024-01-03T24:00:00Z',
  '2024-01-03T00:00:00+24:00',
  '0000-01-01T00:00:00Z',
  '9999-12-31T00:00:00Z/9999-12-31T23:59:59-23:59',
  '0001-01-01T00:00:00+01:00',
  '2024-01-03T00:00:00+02:00/2024-01-02T21:59:59Z',
  '2024-01-04T00:00:00Z/2024-01-03T00:00:00Z',
  '2024-01-03T00:00:00Z/2024-01-04T00:00:00Z/2024-01-05T00:00:00Z',
  'yesterday',
];

for (const text of refused) {
  test(`datetime "${text}" is refused by name`, () => {
    const isNamed = (error: unknown) =>
      error instanceof ApiError && error.parameter === 'datetime' && error.status === 400;
    assert.throws(() => parseDatetime(text), isNamed);
  });
}

test('a leap day exists every fourth year, not every hundredth, every four hundredth', () => {
  assert.ok(checkInstant('2024-02-29T00:00:00Z'));
  assert.ok(checkInstant('2000-02-29T00:00:00Z'));
  assert.equal(checkInstant('1900-02-29T00:00:00Z'), null);
});

test('UTC text sorts as time does, the first century included', () => {
  assert.equal(toUtc('0099-12-31T23:30:00-01:00'), '0100-01-01T00:30:00.000000Z');
});
