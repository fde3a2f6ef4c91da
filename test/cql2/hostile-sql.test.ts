/** Hostile values and shapes of filters, run in SQL. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { Expression } from '../../src/cql2/ast.ts';
import { parseText } from '../../src/cql2/parse-text.ts';
import { toSql } from '../../src/cql2/to-sql.ts';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { evaluate, makeTable, refusal, resolve } from './support.ts';

describe('what runs in SQL', () => {
  let database: Database;
  const rows = [
    { v: "'; drop table hostile; --", n: 1 },
    { v: '\\', n: 2 },
    { v: '"%_', n: 3 },
    { v: '$1', n: 4 },
  ];
  before(async () => {
    database = await openTestCatalogue();
    await makeTable(
      database.db,
      'hostile',
      rows.map((properties) => ({ geometry: null, properties })),
    );
    await sql`
      insert into hostile (row, properties) values
        (5, '{"v": 12345678901234567890}'), (6, '{"v": 12345678901234567891}'), (7, '{"v": 1e400}')`.execute(
      database.db,
    );
  });
  after(() => database.close());
  const matched = async (filter: string | Expression) => {
    const answers = await evaluate(database.db, 'hostile', filter);
    return answers.flatMap((answer, index) => (answer === true ? [index + 1] : []));
  };

  test('text is data, whatever it holds', async () => {
    for (const [index, { v }] of rows.entries()) {
      const filter: Expression = { op: '=', args: [{ property: 'v' }, v] };
      assert.deepEqual(await matched(filter), [index + 1]);
      assert.deepEqual(await matched({ op: 'in', args: [{ property: 'v' }, [v, 'x']] }), [index + 1]);
      assert.deepEqual(await matched({ op: 'a_equals', args: [[v], [v]] }), [1, 2, 3, 4, 5, 6, 7]);
    }
    assert.deepEqual(await matched({ op: '=', args: [{ property: `v' or '1'='1` }, 'x'] }), []);
    assert.doesNotMatch(toSql(parseText("v = 'secret'"), resolve).compile(database.db).sql, /secret/);
  });

  test('numbers keep their digits', async () => {
    assert.deepEqual(await matched('v = 12345678901234567890'), [5]);
    assert.deepEqual(await matched('v IN (12345678901234567891., 0)'), [6]);
    assert.deepEqual(await matched('v > 12345678901234567890'), [6, 7]);
    assert.deepEqual(await matched('v = 1e400'), [7]);
    assert.deepEqual(await matched('v - 1 = 12345678901234567889'), [5]);
  });

  test('a backslash in a pattern escapes, and one that escapes nothing is refused', async () => {
    assert.deepEqual(await matched("v LIKE '%\\%\\_'"), [3]);
    assert.deepEqual(await matched("v LIKE '\\\\\\\\'"), [2]);
    for (const pattern of ["'a\\\\'", "'\\\\'", "ACCENTI('a\\\u0301')"]) {
      assert.throws(() => toSql(parseText(`v LIKE ${pattern}`), resolve), refusal(/ends amid an escape/));
    }
  });

  test('functions that are none are refused by name', () => {
    for (const filter of [
      'foo(v)',
      'foo(v) = 1',
      't_after(foo(v), v)',
      's_within(foo(v), geom)',
      "foo(v) LIKE 'x'",
      'a_equals(foo(v), v)',
      's_foo(v)',
      'T_AFTER(INTERVAL(foo(v), v), v)',
      'foo(v) + 1 = 2',
      'a_equals((foo(v)), v)',
    ]) {
      assert.throws(() => toSql(parseText(filter), resolve), refusal(/the function "(?:s_)?foo"/), filter);
    }
  });

  test('properties of another type than an operator takes are refused by name', () => {
    for (const filter of [
      'S_WITHIN(v, geom)',
      'geom = 1',
      'T_AFTER(geom, v)',
      'a_equals(geom, v)',
      'id',
      'at',
      'T_AFTER(id, v)',
    ]) {
      assert.throws(() => toSql(parseText(filter), resolve), refusal(/"(?:v|geom|id|at)" is /), filter);
    }
  });

  test('a filter of 48 levels of AND and OR is answered', async () => {
    let filter = 'n = 1';
    for (let depth = 0; depth < 48; depth++)
      filter = depth % 2 ? `(${filter}) AND n < 3` : `(${filter}) OR n = 2`;
    assert.deepEqual(await matched(filter), [1, 2]);
  });

  test('64 levels of what costs most are answered', async () => {
    assert.deepEqual(await matched(`${'NOT '.repeat(61)}v = n`), [1, 2, 3, 4]);
    const sum = Array.from({ length: 61 }, () => 'n').join(' * ');
    assert.deepEqual(await matched(`n ^ 61 = ${sum}`), [1, 2, 3, 4]);
    assert.deepEqual(await matched(`${'casei('.repeat(60)}v${')'.repeat(60)} = '$1'`), [4]);
  });

  test('4,000 values are answered', async () => {
    const list = Array.from({ length: 4000 }, (_, index) => index + 2);
    assert.deepEqual(await matched(`n IN (${list.join(', ')})`), [2, 3, 4]);
    assert.deepEqual(await matched(`A_CONTAINS((${list.join(', ')}), (n))`), [2, 3, 4]);
    assert.deepEqual(
      await matched(
        `A_CONTAINS((1, ${list
          .slice(0, 900)
          .map((value) => `${value} + 0`)
          .join(', ')}), (n))`,
      ),
      [1, 2, 3, 4],
    );
    assert.deepEqual(
      await matched(Array.from({ length: 1200 }, (_, index) => `n = ${index + 3}`).join(' OR ')),
      [3, 4],
    );
  });
});
