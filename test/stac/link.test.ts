import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_PREFIX, withBase } from '../../src/stac/link.ts';

test('a public address with "$" is written as it is', () => {
  for (const base of ['https://example.org/$&/$1', "https://example.org/$'$`$$"]) {
    assert.equal(JSON.parse(withBase(`{"href":"${OWN_PREFIX}a"}`, base)).href, `${base}/a`);
  }
});
