import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type Holder, type Lock, takeLock } from '../../src/db/lock.ts';
import { until } from '../support/run.ts';

const onLinux = { skip: process.platform !== 'linux' && 'processes are looked at in /proc' };

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rucio-stac-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function take(command = 'test'): Promise<Lock> {
  const lock = await takeLock(folder, command);
  assert.ok('release' in lock, `held by ${JSON.stringify(lock)}`);
  return lock;
}

async function refused(): Promise<Holder> {
  const holder = await takeLock(folder, 'test');
  assert.ok(!('release' in holder));
  return holder;
}

/** A lock like ours, but for some fields. */
async function leave(fields: object): Promise<void> {
  const lock = await take('left');
  const owner = JSON.parse(readFileSync(file, 'utf8')) as object;
  lock.release();
  writeFileSync(file, JSON.stringify({ ...owner, ...fields }));
}

function listen(path: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

/** A socket whose process has ended. */
async function leaveSocket(): Promise<void> {
  const server = await listen(join(folder, 'elsewhere'));
  renameSync(join(folder, 'elsewhere'), join(folder, 'owner.sock'));
  await new Promise((resolve) => server.close(resolve));
}

describe('the lock of a folder', () => {
  test('is held by one, free once released, and leaves nothing behind', async () => {
    const first = await take('one');
    assert.equal((await refused()).command, 'one');
    first.release();
    (await take('two')).release();
    assert.deepEqual(readdirSync(folder), []);
  });

  test('of a process that has ended is taken over', async () => {
    await leave({ pid: 2 ** 22 - 1, born: '1' });
    (await take()).release();
  });

  test('of a pid that was handed on is taken over', onLinux, async () => {
    await leave({ born: '1' });
    (await take()).release();
  });

  test('of a zombie is taken over', onLinux, async () => {
    // The child ends when its input does: after its parent has become one that reaps nobody.
    const parent = spawn('sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const [text] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(text.toString().trim());
      const comm = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim();
      await until(() => (comm() === 'sleep' ? true : null), 'a parent that reaps nobody');
      parent.stdin.end();
      const stat = await until(() => {
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
        return fields[0] === 'Z' ? fields : null;
      }, 'a zombie');
      await leave({ pid, born: stat[19] });
      (await take()).release();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test('of before the machine started again is taken over', onLinux, async () => {
    await leave({ boot: 'earlier' });
    (await take()).release();
  });

  test('of another machine, or of another container, is not', onLinux, async () => {
    await leave({ boot: 'other', host: 'other' });
    assert.ok((await refused()).isElsewhere);
    await leaveSocket();
    assert.ok((await refused()).isElsewhere);
    rmSync(file);
    await leave({ pidNamespace: 'pid:[1]' });
    assert.ok((await refused()).isElsewhere);
  });

  test(
    'of another container is taken over when its socket refuses, and the socket removed',
    onLinux,
    async () => {
      await leave({ pidNamespace: 'pid:[1]' });
      const server = await listen(join(folder, 'owner.sock'));
      assert.ok((await refused()).isElsewhere);
      await new Promise((resolve) => server.close(resolve));
      await leaveSocket();
      const lock = await take();
      assert.ok(!existsSync(join(folder, 'owner.sock')));
      lock.release();
    },
  );

  test('is released by its owner alone', async () => {
    const first = await take('one');
    rmSync(file);
    const second = await take('two');
    first.release();
    assert.equal((await refused()).command, 'two');
    second.release();
  });

  test('goes to one of many that find it left at once, and a guard left behind hinders nobody', async () => {
    await leave({ pid: 2 ** 22 - 1, born: '1' });
    writeFileSync(`${file}.guard`, readFileSync(file));
    const module = new URL('../../src/db/lock.js', import.meta.url).href;
    const script = `const { takeLock } = await import(${JSON.stringify(module)});
      const lock = await takeLock(${JSON.stringify(folder)}, 'race');
      console.log('release' in lock);
      process.stdin.resume();`;
    const racers = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const results = await Promise.all(racers.map(async ({ stdout }) => String(await once(stdout, 'data'))));
    for (const each of racers) each.stdin.end();
    assert.deepEqual(results.toSorted(), [...Array<string>(7).fill('false\n'), 'true\n']);
  });
});
