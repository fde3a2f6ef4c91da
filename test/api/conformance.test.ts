import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { shipped } from '../../src/package-root.ts';
import { CLAIMS } from '../support/conformance.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('Conformance', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
  });
  after(() => server.close());

  test('every class that is declared has tests, and every class that has tests is declared', async () => {
    const { conformsTo } = await server.json<{ conformsTo: string[] }>('/conformance');
    assert.deepEqual(conformsTo.toSorted(), CLAIMS.flatMap(({ classes }) => classes).toSorted());
    assert.deepEqual((await server.json<{ conformsTo: string[] }>('/')).conformsTo, conformsTo);
  });

  for (const { title, tests, clients } of CLAIMS) {
    test(`the tests of ${title} are there`, () => {
      const folder = (part: string) => part.split('/')[0] as string;
      for (const part of tests) {
        const files = readdirSync(shipped('test', folder(part))).map((name) => `${folder(part)}/${name}`);
        assert.ok(
          files.some((file) => file.startsWith(part) && file.endsWith('.test.ts')),
          part,
        );
      }
      for (const name of clients) assert.ok(existsSync(shipped('test', 'integration', name)), name);
    });
  }
});
