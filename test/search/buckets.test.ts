import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countsToAggregation } from '../../src/search/buckets.ts';

test('Items beyond the rows that were read are the overflow, and only those', () => {
  const rows = [
    { key: '8001fffffffffff', count: '60' },
    { key: '8003fffffffffff', count: '30' },
  ];
  const cut = countsToAggregation('grid_geohex_frequency', rows, 100, true);
  assert.equal(cut.overflow, 10);
  assert.deepEqual(
    cut.buckets?.map(({ frequency }) => frequency),
    [60, 30],
  );
  assert.equal(countsToAggregation('grid_geohex_frequency', rows, 100).overflow, 0);
});
