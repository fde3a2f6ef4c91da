import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { readTogether } from '../../src/db/run.ts';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

describe('reads of one page', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
  });
  after(() => database.close());

  test('see one state of the database, whatever is written between them', async () => {
    const count = sql<{ n: number }>`select count(*)::int as n from collections`;
    const writing: Promise<unknown>[] = [];
    const [first, second] = await readTogether(database, 5000, async (db) => {
      const before = await count.execute(db);
      writing.push(sql`insert into collections (id, content) values ('c', '{}')`.execute(database.db));
      // The embedded database writes when it is given back.
      if (database.kind === 'postgres') await writing[0];
      return [before.rows[0]?.n, (await count.execute(db)).rows[0]?.n];
    });
    assert.deepEqual([first, second], [0, 0]);
    await Promise.all(writing);
    assert.equal((await count.execute(database.db)).rows[0]?.n, 1);
  });

  if (process.env.DATABASE_URL) {
    test('end at the time limit', async () => {
      const slow = readTogether(database, 100, (db) => sql`select pg_sleep(600)`.execute(db));
      await assert.rejects(slow, { code: '57014' });
    });
  } else {
    test('a ping that gets no answer ends', async () => {
      await database.db.connection().execute(() => assert.rejects(database.ping(50), { code: '57P03' }));
      await database.ping();
    });
  }
});
