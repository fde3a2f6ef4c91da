import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { packageRoot } from '../../src/package-root.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Each request of docs/writing.md, with the status that ends its block. */
const text = readFileSync(join(packageRoot, 'docs', 'writing.md'), 'utf8');
const examples = [...text.matchAll(/```http\n(\w+) (\S+)\n([\s\S]*?)\n?HTTP\/1\.1 (\d{3}) .*\n```/g)];

describe('docs/writing.md', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
  });
  after(() => server.close());

  test('has its requests read by this test', () => {
    assert.equal(examples.length, text.match(/```http/g)?.length);
    assert.ok(examples.length >= 7);
  });

  for (const [, method, path, rest = '', status] of examples) {
    test(`${method} ${path} is a ${status}`, async () => {
      const [head = '', ...body] = rest.trimEnd().split('\n\n');
      const headers = head
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(/: (.*)/) as [string, string]);
      const response = await server.get(path as string, {
        method: method as string,
        headers: headers.map(([name, value]): [string, string] => [name, value]),
        ...(body.length > 0 && { body: body.join('\n\n') }),
      });
      assert.equal(response.status, Number(status), await response.clone().text());
    });
  }
});
