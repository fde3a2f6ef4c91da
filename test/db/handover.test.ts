import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type LoanLimits, serveLoans } from '../../src/db/handover.ts';
import { borrowFrom } from '../../src/db/handover-client.ts';
import { connectTo } from '../../src/db/owner-socket.ts';
import { type Lend, makeLender } from '../../src/db/pool.ts';
import { UserError } from '../../src/errors.ts';

const LIMITS: LoanLimits = { patience: 5000, gap: 200, idle: 400 };

let folder: string;
let path: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'rucio-stac-handover-'));
  path = join(folder, 'owner.sock');
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('a loan over the socket', () => {
  let statements: string[];
  let lend: Lend;
  let close: () => Promise<void>;

  /** `wait N` takes N milliseconds. */
  async function serveWith(limits: Partial<LoanLimits>): Promise<void> {
    const seen: string[] = [];
    statements = seen;
    lend = makeLender(async () => async (sql: string) => {
      seen.push(sql);
      if (sql.startsWith('wait ')) await wait(Number(sql.slice(5)));
      return { fields: [], rows: [[sql]], affected: 1 };
    });
    close = await serveLoans(path, lend, { ...LIMITS, ...limits });
  }
  beforeEach(() => serveWith({}));
  afterEach(() => close());

  const ask = async (sql: string) => {
    const lease = await borrowFrom(path, 'a test');
    const { rows } = await lease.run(sql, []);
    lease.release();
    return rows[0]?.[0];
  };

  /** What a raw client hears until the socket closes. */
  function heard(socket: Socket): Promise<string> {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => {});
    return new Promise((resolve) => socket.on('close', () => resolve(text)));
  }

  test('the socket appears with mode 0600, leaves nothing beside it, and goes', async () => {
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder), ['owner.sock']);
    await close();
    assert.ok(!existsSync(path));
    await serveWith({});
  });

  for (const line of ['garbage', 'null', '[]', '{"sql":1,"params":[]}', '{"sql":"x","params":[{}]}', '{}']) {
    test(`a line that is no statement ends that loan alone: ${line}`, async () => {
      const socket = await connectTo(path);
      const all = heard(socket);
      socket.write(`${line}\n`);
      await all;
      assert.equal(await ask('still here'), 'still here');
    });
  }

  test('statements pile up to a limit', async () => {
    const socket = await connectTo(path);
    const all = heard(socket);
    socket.write(`${JSON.stringify({ sql: 'wait 50', params: [] })}\n`.repeat(1000));
    await all;
    assert.equal(await ask('still here'), 'still here');
    assert.ok(statements.length < 30);
  });

  test('a borrower that hangs in a transaction is rolled back, and told why', async () => {
    const lease = await borrowFrom(path, 'a test');
    await lease.run('begin', []);
    assert.equal(await ask('the next'), 'the next');
    assert.deepEqual(statements.slice(0, 3), ['begin', 'rollback', 'the next']);
    await assert.rejects(lease.run('commit', []), { name: 'UserError', message: /lay idle/ });
  });

  test('spaces do not keep a loan', async () => {
    const socket = await connectTo(path);
    const all = heard(socket);
    const timer = setInterval(() => socket.write(' '), 20);
    assert.match(await all, /lay idle/);
    clearInterval(timer);
  });

  test('statements far apart do not keep a loan for ever', async () => {
    const lease = await borrowFrom(path, 'a test');
    await assert.rejects(async () => {
      for (let n = 0; n < 100; n++) {
        await lease.run('select', []);
        await wait(100);
      }
    }, /lay idle/);
    assert.equal(await ask('the next'), 'the next');
  });

  test('a statement may take longer than any pause', async () => {
    assert.equal(await ask('wait 900'), 'wait 900');
  });

  test('who waits too long is told who has it', async () => {
    await close();
    await serveWith({ patience: 50 });
    const own = await lend({ name: 'the server itself' }, 1000);
    await assert.rejects(ask('select'), { name: 'UserError', message: /in use by the server itself/ });
    own.release();
    const other = await borrowFrom(path, '"rucio-stac ingest" (process 7)');
    await other.run('begin', []);
    await assert.rejects(ask('select'), { message: /in use by "rucio-stac ingest" \(process 7\)/ });
    other.release();
  });

  test('a server that ends says so to its borrowers', async () => {
    const lease = await borrowFrom(path, 'a test');
    const last = assert.rejects(lease.run('wait 300', []), { name: 'UserError', message: /ended/ });
    await close();
    await last;
    await assert.rejects(borrowFrom(path, 'a test'), { name: 'UserError', message: /ended/ });
    await serveWith({});
  });
});

describe('an owner that misbehaves', () => {
  let server: Server;
  const serveText = (text: string) =>
    new Promise<void>((resolve) => {
      server = createServer((socket) => {
        socket.on('error', () => {}).resume();
        socket.write(text);
      });
      server.listen(path, resolve);
    });
  afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  for (const line of ['garbage', 'null', '7', '{"result":{}}']) {
    test(`is told in a sentence: ${line}`, async () => {
      await serveText(`${line}\n`);
      await assert.rejects(borrowFrom(path, 'a test'), UserError);
    });
  }

  test('is not waited for without limit', async () => {
    await serveText('');
    await assert.rejects(borrowFrom(path, 'a test', 50), { name: 'UserError', message: /does not answer/ });
  });
});
