import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromSqlState } from '../../src/db/sqlstate.ts';

const states: [string, string | undefined][] = [
  ['22003', 'InvalidParameter'],
  ['22P02', 'InvalidParameter'],
  ['22023', 'InvalidParameter'],
  ['54000', 'InvalidParameter'],
  ['54001', 'InvalidParameter'],
  ['23505', 'Conflict'],
  ['23503', 'NotFound'],
  ['40P01', 'Unavailable'],
  ['40001', 'Unavailable'],
  ['57014', 'Timeout'],
  ['57P01', 'Unavailable'],
  ['42601', undefined],
  ['XX000', undefined],
];
for (const [code, expected] of states) {
  test(`SQLSTATE ${code} is ${expected ?? 'a fault of our own'}`, () => {
    const fault = fromSqlState(Object.assign(new Error('select secret from items'), { code }));
    assert.equal(fault?.code, expected);
    assert.ok(!fault?.message.includes('select'));
  });
}
