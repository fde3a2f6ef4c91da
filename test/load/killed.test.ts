import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { run, start, until } from '../support/run.ts';

const ITEMS = 700;
const root = { type: 'Catalog', id: 'r', stac_version: '1.1.0', description: 'd' };
const ids = Array.from({ length: ITEMS }, (_, index) => `i${index}`);
const links = ids.map((id) => ({ rel: 'item', href: `items/${id}.json` }));
const documents = new Map<string, object>([
  ['/catalog.json', { ...root, links: [{ rel: 'child', href: 'c.json' }] }],
  ['/c.json', collection('c', { links })],
  ...ids.map((id): [string, object] => [`/items/${id}.json`, item(id)]),
]);

describe('the command, killed in the middle of a static catalogue', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-killed-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { RUCIO_STAC_DATA: join(folder, 'data') };
  const journals = () => {
    const work = join(folder, 'data', 'work');
    return existsSync(work) ? readdirSync(work).filter((name) => /^load-.*\.txt$/.test(name)) : [];
  };

  test('by address: continues with what is not written, and all Items are there', async () => {
    const asked: string[] = [];
    /** Answers held back, so that it is in the middle for as long as it takes. */
    let held: ServerResponse[] | null = [];
    const server = createServer((request, response) => {
      asked.push(request.url as string);
      if (held && asked.length > 600) held.push(response);
      else response.end(JSON.stringify(documents.get(request.url as string)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/catalog.json`;
    try {
      const first = start(['load', address], env);
      await until(() => journals()[0] ?? null, 'the first batch');
      first.child.kill('SIGKILL');
      await first.ended;
      [held] = [null, asked.splice(0)];
      const { code, stderr } = await run(['load', address], env);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /continues; 500 documents of it are done/);
      assert.match(stderr, /201 documents read, 0 Collections and 201 Items: 201 created, 0 updated, 0 unch/);
      assert.equal(asked.length, 2 + 201);
      assert.deepEqual(journals(), []);
      const { stdout } = await run(['export', '-o', '-'], env);
      assert.equal(stdout.trim().split('\n').length, 1 + ITEMS);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
