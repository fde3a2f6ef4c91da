import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeLender } from '../../src/db/pool.ts';

const answer = async () => ({ fields: [], rows: [], affected: 0 });
const lender = () => makeLender(async () => answer);

describe('what is lent to one at a time', () => {
  test('goes round in the order of asking', async () => {
    const lend = lender();
    const order: number[] = [];
    const first = await lend({ name: 'first' }, 1000);
    const others = [1, 2, 3].map(async (n) => {
      const lease = await lend({ name: `${n}` }, 60_000);
      order.push(n);
      lease.release();
      lease.release();
    });
    first.release();
    await Promise.all(others);
    assert.deepEqual(order, [1, 2, 3]);
  });

  test('is not waited for without limit: the refusal names the holder', async () => {
    const lend = lender();
    const holder = { name: 'another command' };
    const lease = await lend(holder, 1000);
    holder.name = 'an ingest';
    await assert.rejects(lend({ name: 'a request' }, 20), { code: '57P03', message: /in use by an ingest/ });
    lease.release();
    (await lend({ name: 'the next' }, 20)).release();
  });

  test('refuses at once when too many wait', async () => {
    const lend = lender();
    const lease = await lend({ name: 'first' }, 1000);
    const waiting = Array.from({ length: 200 }, () => lend({ name: 'waits' }, 60_000));
    await assert.rejects(lend({ name: 'one more' }, 60_000), { code: '57P03', message: /200 more wait/ });
    lease.release();
    for (const each of waiting) (await each).release();
  });

  test('is free again after a session that could not begin', async () => {
    let fails = true;
    const lend = makeLender(async () => {
      if (fails) throw new Error('not now');
      return answer;
    });
    await assert.rejects(lend({ name: 'first' }, 20), /not now/);
    fails = false;
    (await lend({ name: 'second' }, 20)).release();
  });
});
