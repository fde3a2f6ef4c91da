import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { openDatabase } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { until } from '../support/run.ts';

const settings = {
  dataFolder: '',
  template: null,
  statementTimeout: 0,
  command: 'test',
  lend: false,
};

/** What only a PostgreSQL server has is tested where there is one: the suite runs on both databases. */
function describeServer(name: string, body: () => void): void {
  if (process.env.DATABASE_URL) describe(name, body);
}

describeServer('PostgreSQL', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue(100);
    await sql`create table marks (n int)`.execute(database.db);
  });
  after(() => database.close());

  /** One more than the pool has. */
  const innocent = () => Promise.all(Array.from({ length: 11 }, () => sql`select 1`.execute(database.db)));

  const backends = async (part: string) => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and query like ${part}`.execute(
      database.db,
    );
    return rows[0]?.n;
  };

  test('a statement that does not answer in time is 57014, its backend ends, and others notice nothing', async () => {
    const slow = Array.from({ length: 10 }, () => sql`select pg_sleep(600)`.execute(database.db));
    for (const result of await Promise.allSettled(slow)) {
      assert.equal(result.status === 'rejected' && result.reason.code, '57014');
    }
    await innocent();
    await until(async () => ((await backends('%pg_sleep(600)%')) === 0 ? true : null), 'the backends to end');
  });

  test('a transaction that ran into it is 57014, rolled back, and never continued by another', async () => {
    const broken = database.db.transaction().execute(async (transaction) => {
      await sql`insert into marks values (1)`.execute(transaction);
      await sql`select pg_sleep(600)`.execute(transaction);
    });
    await assert.rejects(broken, { code: '57014' });
    await innocent();
    assert.deepEqual((await sql`select * from marks`.execute(database.db)).rows, []);
  });

  test('a connection that ends within a transaction does not end the process', async () => {
    const broken = database.db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
      await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(database.db);
      await until(async () => {
        const gone = await sql`select 1 from pg_stat_activity where pid = ${rows[0]?.pid}`.execute(
          database.db,
        );
        return gone.rows.length === 0 ? true : null;
      }, 'the backend to end');
      await sql`select 1`.execute(transaction);
    });
    await assert.rejects(broken, (error: { code: string }) => /^(?:57P01|08006)$/.test(error.code));
    await innocent();
  });

  test('an error of a statement leaves its connection in use', async () => {
    await assert.rejects(sql`select 1 / 0`.execute(database.db), { code: '22012' });
    await innocent();
  });
});

describeServer('PostgreSQL, at its ends', () => {
  const address = process.env.DATABASE_URL ?? '';

  test('after closing, a statement is 57P01', async () => {
    const database = await openDatabase({ ...settings, databaseUrl: address });
    await database.close();
    await assert.rejects(sql`select 1`.execute(database.db), { code: '57P01' });
  });

  test('a command without a limit has none', async () => {
    const database = await openDatabase({ ...settings, databaseUrl: address });
    await sql`select pg_sleep(2)`.execute(database.db);
    await database.close();
  });

  test('one where nothing can be created opens all the same', async () => {
    const first = await openDatabase({ ...settings, databaseUrl: address });
    await first.close();
    const url = new URL(address);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const database = await openDatabase({ ...settings, databaseUrl: url.href });
    await database.ping();
    await database.close();
  });

  test('one that is not there is told in a sentence', async () => {
    const url = new URL(address);
    url.port = '9';
    await assert.rejects(openDatabase({ ...settings, databaseUrl: url.href }), {
      name: 'UserError',
      message: /ECONNREFUSED/,
    });
  });
});
