import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { findTemplate } from '../../src/commands/open.ts';
import { type DatabaseSettings, openDatabase } from '../../src/db/connect.ts';
import { takeLock } from '../../src/db/lock.ts';
import { migrate } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/schema.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { collection, item } from '../support/documents.ts';

function settings(dataFolder: string, lend: boolean): DatabaseSettings {
  return {
    databaseUrl: null,
    dataFolder,
    template: findTemplate(),
    statementTimeout: 0,
    command: 'test',
    lend,
  };
}

const count = async ({ db }: Database) => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from items`.execute(db);
  return rows[0]?.n;
};

describe('an embedded data folder', () => {
  let folder: string;
  let owner: Database;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-folder-'));
    owner = await openDatabase(settings(folder, true));
    await migrate(owner.db);
    await upsertCollection(owner.db, toCollectionRow(JSON.stringify(collection('c'))));
  });
  after(async () => {
    await owner.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the socket is for its owner alone', () => {
    assert.equal(statSync(join(folder, 'owner.sock')).mode & 0o777, 0o600);
  });

  test('a second server on the folder is refused, with who holds it', async () => {
    await assert.rejects(
      openDatabase(settings(folder, true)),
      new RegExp(`in use by "rucio-stac test" \\(process ${process.pid}\\)`),
    );
  });

  test('another command writes through the owner, who sees it at once', async () => {
    const handed = await openDatabase(settings(folder, false));
    try {
      assert.equal(handed.kind, 'handed');
      await upsertItems(handed.db, [toItemRow(JSON.stringify(item('handed')))]);
      assert.equal(await count(owner), 1);
    } finally {
      await handed.close();
    }
  });

  test('transactions of several commands do not mix', async () => {
    const commands = await Promise.all([1, 2, 3].map(() => openDatabase(settings(folder, false))));
    const before = (await count(owner)) ?? 0;
    const write = ({ db }: Database, name: string, fails: boolean) =>
      db.transaction().execute(async (transaction) => {
        for (let n = 0; n < 10; n++)
          await upsertItems(transaction, [toItemRow(JSON.stringify(item(`${name}-${n}`)))]);
        if (fails) throw new Error('given up');
      });
    const results = await Promise.allSettled([
      ...commands.map((each, index) => write(each, `t${index}`, index === 1)),
      write(owner, 'own', false),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    assert.equal(await count(owner), before + 30);
    await Promise.all(commands.map((each) => each.close()));
  });

  test('migrating from several commands at once does it once', async () => {
    const commands = await Promise.all([1, 2].map(() => openDatabase(settings(folder, false))));
    assert.deepEqual(await Promise.all(commands.map(({ db }) => migrate(db))), [[], []]);
    await Promise.all(commands.map((each) => each.close()));
  });
});

describe('the lock of a folder', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-lock-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('is held by one, free once released', () => {
    const first = takeLock(folder, 'one');
    assert.ok('release' in first);
    assert.deepEqual('pid' in takeLock(folder, 'two'), true);
    first.release();
    const second = takeLock(folder, 'two');
    assert.ok('release' in second);
    second.release();
  });

  test('of a process that has ended is taken over', () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 - 1, born: '1', command: 'gone' }));
    const lock = takeLock(folder, 'next');
    assert.ok('release' in lock);
    lock.release();
  });

  test('of a pid that was handed on is taken over', {
    skip: process.platform !== 'linux' && 'birth times are known on Linux only',
  }, () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, born: '1', command: 'gone' }));
    const lock = takeLock(folder, 'next');
    assert.ok('release' in lock);
    lock.release();
  });
});
