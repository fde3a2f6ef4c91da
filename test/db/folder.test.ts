import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { findTemplate } from '../../src/commands/open.ts';
import { type DatabaseSettings, openDatabase } from '../../src/db/connect.ts';
import { migrate } from '../../src/db/migrate.ts';
import type { Database } from '../../src/db/schema.ts';
import { upsertCollection, upsertItems } from '../../src/db/upsert-items.ts';
import { toCollectionRow, toItemRow } from '../../src/stac/item.ts';
import { collection, item } from '../support/documents.ts';
import { until } from '../support/run.ts';

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

/** Ends by itself when it has closed the folder and nothing runs any more. */
async function runChild(body: string): Promise<number | null> {
  const connect = new URL('../../src/db/connect.js', import.meta.url).href;
  const script = `(async () => {
    const { sql } = await import('kysely');
    const { openDatabase } = await import(${JSON.stringify(connect)});
    ${body}
  })()`;
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const child = spawn(process.execPath, ['-e', script], { cwd, stdio: 'inherit', timeout: 100_000 });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

describe('an embedded data folder, when things go wrong', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-folder-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const statementTimeout of [1000, 0]) {
    test(`closing during a slow search (limit ${statementTimeout} ms) leaves no lock and no worker`, async () => {
      const code = await runChild(`
        const database = await openDatabase(${JSON.stringify({ ...settings(folder, true), statementTimeout })});
        const slow = sql\`select count(*) from generate_series(1, 100000000000)\`.execute(database.db).then(
          () => process.exit(2),
          ({ code }) => /^57/.test(code) || process.exit(3),
        );
        await new Promise((resolve) => setImmediate(resolve));
        await database.close();
        await slow;
        await sql\`select 1\`.execute(database.db).then(() => process.exit(4), ({ code }) => code === '57P01' || process.exit(5));`);
      assert.equal(code, 0);
      assert.deepEqual(readdirSync(folder), ['pg']);
    });
  }

  test('a path too long for a socket is told, and the command ends', async () => {
    const long = join(folder, 'x'.repeat(110));
    const code = await runChild(`
      await openDatabase(${JSON.stringify(settings(long, true))}).then(
        () => process.exit(2),
        ({ name, message }) => (name === 'UserError' && /too long for a socket/.test(message)) || process.exit(3),
      );`);
    assert.equal(code, 0);
    assert.deepEqual(readdirSync(long), []);
  });

  test('a command waits for a server that starts, beside the socket of one that was killed', async () => {
    const killed = createServer();
    await new Promise<void>((resolve) => killed.listen(join(folder, 'made'), resolve));
    renameSync(join(folder, 'made'), join(folder, 'owner.sock'));
    await new Promise((resolve) => killed.close(resolve));
    const starting = openDatabase(settings(folder, true));
    await until(() => existsSync(join(folder, 'lock')) || null, 'the lock');
    const handed = await openDatabase(settings(folder, false));
    assert.equal(handed.kind, 'handed');
    await handed.ping();
    await handed.close();
    await (await starting).close();
  });

  test('a lock of another container is told with how to remove it', async () => {
    const owner = {
      pid: 1,
      born: '1',
      command: 'serve',
      lends: false,
      token: 't',
      host: 'box',
      boot: 'b',
      pidNamespace: null,
    };
    writeFileSync(join(folder, 'lock'), JSON.stringify(owner));
    await assert.rejects(openDatabase(settings(folder, true)), {
      name: 'UserError',
      message: /process 1 on box, in another container.* remove .*lock/,
    });
  });
});
