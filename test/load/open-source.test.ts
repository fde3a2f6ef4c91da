import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Found } from '../../src/load/found.ts';
import { openSource } from '../../src/load/open-source.ts';
import type { Filters } from '../../src/load/stac-api.ts';
import { collection, item } from '../support/documents.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

const NO_FILTERS: Filters = { collections: null, bbox: null, datetime: null, limit: null };

const documents = [collection('c'), item('a'), item('b')].map((each) => JSON.stringify(each));
const lines = documents.join('\n');

describe('sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-source-'));
  /** What the server answers, by path. */
  const answers = new Map<string, Answer | ((count: number) => Answer)>();
  const asked = new Map<string, number>();
  let base: string;
  const server = createServer((request, response) => {
    const path = request.url as string;
    const count = (asked.get(path) ?? 0) + 1;
    asked.set(path, count);
    const given = answers.get(path) ?? { status: 404, body: 'nothing here' };
    const { status = 200, headers = {}, body = '' } = typeof given === 'function' ? given(count) : given;
    response.writeHead(status, headers).end(body);
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  async function read(name: string, filters: Partial<Filters> = {}): Promise<Found[]> {
    const found: Found[] = [];
    const { documents: all } = await openSource(name, { ...NO_FILTERS, ...filters });
    for await (const each of all) found.push(each);
    return found;
  }

  test('options that choose from a STAC API are refused where there is none', async () => {
    const path = write('whole.ndjson', lines);
    const refused = (names: string) =>
      new RegExp(`is no STAC API, and ${names} choose from one only; leave them out`);
    await assert.rejects(read(path, { limit: 1 }), refused('--limit'));
    await assert.rejects(read(path, { collections: ['c'], bbox: [0, 0, 1, 1] }), refused('.*--bbox'));
    answers.set('/x.ndjson', { body: lines });
    await assert.rejects(
      read(`${base}/x.ndjson`, { datetime: '2024-01-01T00:00:00Z' }),
      refused('--datetime'),
    );
  });
});
