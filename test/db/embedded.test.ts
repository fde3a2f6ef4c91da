import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findTemplate } from '../../src/commands/open.ts';
import { decodeResult, type EmbeddedEngine, openEmbedded } from '../../src/db/embedded.ts';

describe('the embedded database', () => {
  let engine: EmbeddedEngine;
  before(async () => {
    engine = await openEmbedded({ folder: null, template: findTemplate() });
  });
  after(() => engine.close());

  const select = async (sql: string, params: (string | null)[] = []) =>
    decodeResult(sql, await engine.run(sql, params)).rows;

  test('values come as pg decodes them', async () => {
    const sql = `select 1::int4 as i, 9007199254740993::int8 as big, 1.10::numeric as n, true as b, null::text as none,
      '{"a":[1,2]}'::jsonb as j, array['x','y"z']::text[] as list, 'ü'::text as t`;
    const [row] = await select(sql);
    assert.deepEqual(row, {
      i: 1,
      big: '9007199254740993',
      n: '1.10',
      b: true,
      none: null,
      j: { a: [1, 2] },
      list: ['x', 'y"z'],
      t: 'ü',
    });
  });

  test('parameters go as text, whatever their type', async () => {
    const [row] = await select(
      'select $1::int4 + 1 as i, $2::bool as b, $3::text[] as list, $4::text as none',
      ['41', 'true', '{"a","b,c"}', null],
    );
    assert.deepEqual(row, { i: 42, b: true, list: ['a', 'b,c'], none: null });
  });

  test('an error carries its SQLSTATE, and the next statement runs', async () => {
    await assert.rejects(engine.run('select * from nothing_here', []), { code: '42P01' });
    assert.deepEqual(await select('select 1 as one'), [{ one: 1 }]);
  });

  test('a statement that ends without an answer is an error, not an empty result', async () => {
    const broken =
      "select ST_Relate('POLYGON((0 0,1 1,1 0,0 1,0 0))'::geometry, 'POLYGON((0 0,1 1,1 0,0 1,0 0))'::geometry, 'nonsense')";
    await assert.rejects(engine.run(broken, []));
    assert.deepEqual(await select('select 1 as one'), [{ one: 1 }]);
  });

  test('a statement over its time limit is ended, and the database answers again', async () => {
    const endless = 'select count(*) from generate_series(1, 100000000000)';
    const began = performance.now();
    await assert.rejects(engine.run(endless, [], 300), { code: '57014' });
    assert.deepEqual(await select('select 1 as one'), [{ one: 1 }]);
    assert.ok(performance.now() - began < 60_000);
  });
});
