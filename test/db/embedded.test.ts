import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { findTemplate } from '../../src/commands/open.ts';
import { decodeResult, type EmbeddedEngine, openEmbedded } from '../../src/db/embedded.ts';

const endless = 'select count(*) from generate_series(1, 100000000000)';

async function select(engine: EmbeddedEngine, sql: string, params: (string | null)[] = []) {
  const run = await engine.session();
  return decodeResult(sql, await run(sql, params)).rows;
}

describe('the embedded database', () => {
  let engine: EmbeddedEngine;
  before(async () => {
    engine = await openEmbedded({ folder: null, template: findTemplate() });
  });
  after(() => engine.close());

  test('values come as pg decodes them', async () => {
    const sql = `select 1::int4 as i, 9007199254740993::int8 as big, 1.10::numeric as n, true as b, null::text as none,
      '{"a":[1,2]}'::jsonb as j, array['x','y"z']::text[] as list, 'ü'::text as t`;
    const [row] = await select(engine, sql);
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
      engine,
      'select $1::int4 + 1 as i, $2::bool as b, $3::text[] as list, $4::text as none',
      ['41', 'true', '{"a","b,c"}', null],
    );
    assert.deepEqual(row, { i: 42, b: true, list: ['a', 'b,c'], none: null });
  });

  test('an error carries its SQLSTATE, and the session goes on', async () => {
    const run = await engine.session();
    await assert.rejects(run('select * from nothing_here', []), { code: '42P01' });
    assert.deepEqual((await run('select 1 as one', [])).rows, [['1']]);
  });

  test('a statement that ends without an answer is an error, and a new worker answers the next', async () => {
    const broken =
      "select ST_Relate('POLYGON((0 0,1 1,1 0,0 1,0 0))'::geometry, 'POLYGON((0 0,1 1,1 0,0 1,0 0))'::geometry, 'nonsense')";
    const run = await engine.session();
    await run('create temporary table mark (n int)', []);
    await assert.rejects(run(broken, []));
    assert.deepEqual(await select(engine, "select to_regclass('mark')::text as mark"), [{ mark: null }]);
  });

  test('a statement over its time limit is ended, its session with it, and the database answers again', async () => {
    const run = await engine.session();
    const began = performance.now();
    await run('begin', []);
    await assert.rejects(run(endless, [], 300), { code: '57014' });
    await assert.rejects(run('commit', []), { code: '57014' });
    assert.deepEqual(await select(engine, 'select 1 as one'), [{ one: 1 }]);
    assert.ok(performance.now() - began < 60_000);
  });
});

describe('an embedded database on disk', () => {
  let folder: string;
  let engine: EmbeddedEngine;
  const workers: Worker[] = [];
  before(async () => {
    const postMessage = Worker.prototype.postMessage;
    mock.method(Worker.prototype, 'postMessage', function (this: Worker, message: unknown) {
      workers.push(this);
      postMessage.call(this, message);
    });
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-engine-'));
    engine = await openEmbedded({ folder: join(folder, 'pg'), template: findTemplate() });
    await select(engine, 'create table kept (n int)');
  });
  after(async () => {
    await engine.close();
    mock.restoreAll();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a worker that crashed is replaced, and its session does not go on in the next', async () => {
    const run = await engine.session();
    await run('begin', []);
    await run('insert into kept values (1)', []);
    await workers.at(-1)?.terminate();
    await assert.rejects(run('insert into kept values (2)', []), { code: '57P01' });
    assert.deepEqual(await select(engine, 'select count(*)::int as n from kept'), [{ n: 0 }]);
  });

  test('a restart that fails is tried again', async () => {
    await workers.at(-1)?.terminate();
    const [pg, away] = [join(folder, 'pg'), join(folder, 'away')];
    renameSync(pg, away);
    writeFileSync(pg, 'in the way');
    await assert.rejects(select(engine, 'select 1'), { code: '57P03' });
    rmSync(pg);
    renameSync(away, pg);
    assert.deepEqual(await select(engine, 'select count(*)::int as n from kept'), [{ n: 0 }]);
  });

  test('closing ends a statement that runs, and leaves no worker', async () => {
    const run = await engine.session();
    const slow = assert.rejects(run(endless, []), { code: '57P01' });
    await engine.close();
    await slow;
    assert.equal(workers.at(-1)?.threadId, -1);
    await assert.rejects(engine.session(), { code: '57P01' });
    await assert.rejects(run('select 1', []), { code: '57P01' });
  });
});
