import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Found } from '../../src/load/found.ts';
import { openSource } from '../../src/load/open-source.ts';
import type { Filters } from '../../src/load/stac-api.ts';
import { parquetParts } from '../../src/parquet/write-items.ts';
import { collection, item } from '../support/documents.ts';

const NO_FILTERS: Filters = { collections: null, bbox: null, datetime: null, limit: null };

describe('answers of a server', () => {
  const work = mkdtempSync(join(tmpdir(), 'rucio-stac-answers-'));
  /** What the server answers, by path. */
  const answers = new Map<string, { body: string | Buffer }>();
  let base: string;
  const server = createServer((request, response) => {
    const { body } = answers.get(request.url as string) ?? { body: null };
    response.writeHead(body === null ? 404 : 200).end(body);
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(work, { recursive: true, force: true });
  });

  async function read(name: string, filters: Partial<Filters> = {}): Promise<Found[]> {
    const found: Found[] = [];
    const { documents } = await openSource(name, { ...NO_FILTERS, ...filters }, { folder: work });
    for await (const each of documents) found.push(each);
    return found;
  }
  const texts = (found: Found[]) => found.map((each) => ('text' in each ? each.text : each.fault));

  test('a Parquet file of a server is loaded by way of a file, which is gone afterwards', async () => {
    const parts: Uint8Array[] = [];
    async function* items() {
      yield [item('a'), item('b')].map((each) => JSON.stringify(each));
    }
    for await (const part of parquetParts(items)) parts.push(part);
    answers.set('/items.parquet', { body: Buffer.concat(parts) });
    mkdirSync(work, { recursive: true });
    // Of a process that was killed; no process has this number.
    writeFileSync(join(work, 'download-99999999-x'), 'PAR1');
    const found = await read(`${base}/items.parquet`);
    const [place] = found.map((each) => each.place).slice(-1);
    assert.deepEqual(
      texts(found)
        .map((text) => (JSON.parse(text) as { id: string }).id)
        .sort(),
      ['a', 'b'],
    );
    assert.equal(place, `${base}/items.parquet row 2`);
    assert.deepEqual(readdirSync(work), []);
    await assert.rejects(read(`${base}/items.parquet`, { limit: 1 }), /is no STAC API, and --limit/);
    answers.set('/broken.parquet', { body: 'PAR1....' });
    assert.match(texts(await read(`${base}/broken.parquet`)).join(), /the file cannot be read on/);
    assert.deepEqual(readdirSync(work), []);
  });

  /** Pages that lead to one another; the text of the first is given. */
  const pages = (first: string) => {
    answers.set('/first?limit=2', { body: first });
    const second = { type: 'FeatureCollection', features: [item('c')] };
    const next = { rel: 'next', href: './third', method: 'POST', body: { token: 3 } };
    answers.set('/second', { body: JSON.stringify({ ...second, links: [next] }) });
    answers.set('/third', { body: JSON.stringify({ ...second, features: [item('d')], links: [] }) });
  };
  const features = [item('a'), item('b', { assets: { data: { href: './b.tif' } } })];
  const links = [{ rel: 'next', href: '/second' }];
  const large = (size: number) =>
    JSON.stringify({
      type: 'FeatureCollection',
      features: [item('a', {}, { x: 'x'.repeat(size) }), features[1]],
      links,
    });
  const firsts: [string, string][] = [
    ['in one line', JSON.stringify({ type: 'FeatureCollection', features, links })],
    ['with its links first', JSON.stringify({ links, type: 'FeatureCollection', features })],
    ['in many lines', JSON.stringify({ type: 'FeatureCollection', features, links }, null, 2)],
    // About as much as is looked at for its form, and more.
    ['of a megabyte', large(1_080_000)],
    ['of two', large(2_080_000)],
    ['with one Item', JSON.stringify({ type: 'FeatureCollection', features: features.slice(1), links })],
    ['without an Item', JSON.stringify({ type: 'FeatureCollection', features: [], links })],
  ];
  for (const [what, first] of firsts) {
    test(`a page of a search, ${what}, is followed by the next ones`, async () => {
      pages(first);
      const all = texts(await read(`${base}/first?limit=2`)).map(
        (text) => JSON.parse(text) as Found & { id: string },
      );
      const ids = what === 'with one Item' ? 'b,c,d' : what === 'without an Item' ? 'c,d' : 'a,b,c,d';
      assert.equal(all.map(({ id }) => id).join(), ids);
      const b = all.find(({ id }) => id === 'b') as unknown as ReturnType<typeof item> | undefined;
      if (b) assert.match(JSON.stringify(b), new RegExp(`"href":"${base}/b\\.tif"`));
    });
  }

  test('a list of Collections of a server is followed by the next ones', async () => {
    answers.set('/collections?limit=1', {
      body: JSON.stringify({ collections: [collection('c')], links: [{ rel: 'next', href: '?page=2' }] }),
    });
    answers.set('/collections?page=2', {
      body: JSON.stringify({ collections: [collection('d')], links: [] }),
    });
    assert.equal((await read(`${base}/collections?limit=1`)).length, 2);
  });
});
