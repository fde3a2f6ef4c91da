import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepUpTo } from '../../src/extensions/tiles/kept.ts';
import { makeTurns } from '../../src/extensions/tiles/turns.ts';

/** A promise and what ends it. */
function open() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { ended, end };
}

describe('bounds of pictures', () => {
  test('so many at once, so many wait, and the rest is refused', async () => {
    const takeTurn = makeTurns(2, 3);
    const gates = Array.from({ length: 5 }, open);
    const begun: number[] = [];
    const work = gates.map((gate, index) =>
      takeTurn(async () => {
        begun.push(index);
        await gate.ended;
      }),
    );
    assert.deepEqual(begun, [0, 1]);
    await assert.rejects(
      takeTurn(async () => undefined),
      (error: unknown) => (error as { status?: number }).status === 503,
    );
    gates[1]!.end();
    await work[1];
    assert.deepEqual(begun, [0, 1, 2]);
    for (const { end } of gates) end();
    await Promise.all(work);
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
    // All places are free again, also after a failure.
    await assert.rejects(
      takeTurn(() => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await takeTurn(async () => 'done'), 'done');
  });

  test('what was not asked for longest goes first, and what is large is not kept', () => {
    const kept = keepUpTo<string>(100);
    for (const key of ['a', 'b', 'c', 'd']) kept.set(key, key, 25);
    assert.equal(kept.get('a'), 'a');
    kept.set('e', 'e', 25);
    assert.deepEqual(
      ['a', 'b', 'c', 'd', 'e'].map((key) => kept.get(key)),
      ['a', undefined, 'c', 'd', 'e'],
    );
    kept.set('f', 'f', 26);
    assert.equal(kept.get('f'), undefined);
    assert.equal(kept.get('a'), 'a');
  });

  test('what many ask for is made once; a failure is made again', async () => {
    const kept = keepUpTo<number>(100);
    let made = 0;
    const make = async () => {
      made += 1;
      if (made === 1) throw new Error('first');
      return { value: made, bytes: 1 };
    };
    await assert.rejects(Promise.all([kept.getOrMake('k', make), kept.getOrMake('k', make)]), /first/);
    assert.equal(made, 1);
    assert.deepEqual(await Promise.all([kept.getOrMake('k', make), kept.getOrMake('k', make)]), [2, 2]);
    assert.equal(await kept.getOrMake('k', make), 2);
  });
});
