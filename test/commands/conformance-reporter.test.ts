import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { CLAIMS } from '../support/conformance.ts';
import conformance from '../support/conformance-reporter.ts';

const event = (type: string, file: string, kind = 'test') =>
  ({ type, data: { file: join(process.cwd(), file), details: { type: kind } } }) as unknown as TestEvent;

test('the table counts the tests of a file, by the name it was written or compiled under', async () => {
  async function* events() {
    yield event('test:pass', 'test/api/sort.test.ts');
    yield event('test:pass', 'dist/test/api/sort.test.js');
    yield event('test:pass', 'test/api/sort.test.ts', 'suite');
    yield event('test:fail', 'test/api/fields.test.ts');
  }
  let text = '';
  for await (const part of conformance(events())) text += part;
  const row = (title: string) => text.split('\n').find((line) => line.startsWith(`| **${title}**`)) ?? '';
  assert.match(row('Sort'), /\| 2 passed: \[api\/sort\]\(\.\.\/test\/api\/sort\.test\.ts\)/);
  assert.match(row('Fields'), /\*\*1 failed\*\*, 0 passed/);
  assert.equal(text.match(/^\| \*\*/gm)?.length, CLAIMS.length);
});
