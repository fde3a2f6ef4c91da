/** Scenes that wait for their turn are written in one go; each keeps its own fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Queue, type Rows, writeTogether } from '../../src/ingest/write-together.ts';

const scene = (name: string, more: Partial<Rows> = {}): Rows => ({
  rows: [],
  files: [{ scope: 's', name, fingerprint: 'f', description: '{}' }],
  goneIds: [],
  keys: [`k/${name}`],
  left: [],
  ...more,
});

/** A writer that takes some turns of the event loop, and does not take the scene "bad". */
function open() {
  const queue: Queue = [];
  const written: string[][] = [];
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = (write: () => Promise<void>) => {
    const done = last.then(write);
    last = done.catch(() => {});
    return done;
  };
  const write = async ({ files, keys, goneIds }: Rows) => {
    await turn();
    const names = files.map(({ name }) => name);
    assert.deepEqual(
      keys,
      names.map((name) => `k/${name}`),
    );
    if (names.includes('bad')) throw new Error('bad is bad');
    written.push([...names, ...goneIds.map((id) => `-${id}`)]);
  };
  return { written, add: (rows: Rows) => writeTogether(queue, rows, inTurn, write) };
}

test('scenes that come while one is written are written in one go, in their order', async () => {
  const { written, add } = open();
  const first = add(scene('a'));
  await Promise.resolve().then(() => {});
  await Promise.all([first, add(scene('b')), add(scene('c')), add(scene('d'))]);
  assert.deepEqual(written.flat(), ['a', 'b', 'c', 'd']);
  assert.ok(written.length <= 2, `${written.length} writes`);
});

test('one that is refused has its fault alone, and the others are written', async () => {
  const { written, add } = open();
  const told = await Promise.allSettled(['a', 'bad', 'c'].map((name) => add(scene(name))));
  assert.deepEqual(
    told.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(written, [['a'], ['c']]);
  await assert.rejects(add(scene('bad')), /bad is bad/);
  await add(scene('after'));
  assert.deepEqual(written.at(-1), ['after']);
});

test('a scene that takes something away is written by itself, in its turn', async () => {
  const { written, add } = open();
  await Promise.all([add(scene('a')), add(scene('b', { goneIds: ['old'] })), add(scene('c'))]);
  assert.deepEqual(
    written.find((names) => names.includes('-old')),
    ['b', '-old'],
  );
  assert.deepEqual(written.flat().sort(), ['-old', 'a', 'b', 'c']);
});

test('as many as wait are written, however many', async () => {
  const { written, add } = open();
  const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
  await Promise.all(names.map((name) => add(scene(name))));
  assert.deepEqual(written.flat(), names);
  assert.ok(written.length < 10, `${written.length} writes`);
});
