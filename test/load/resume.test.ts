import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Database } from '../../src/db/schema.ts';
import { openJournal } from '../../src/load/journal.ts';
import { openSource } from '../../src/load/open-source.ts';
import { type LoadReport, type LoadSettings, runLoad } from '../../src/load/run.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';

const NO_FILTERS = { collections: null, bbox: null, datetime: null, limit: null };
/** Items of the other server, and how many it gives at a time. */
const ITEMS = 1200;
const PAGE = 100;

describe('an interrupted load of another server continues', () => {
  let database: Database;
  let base: string;
  let folder: string;
  /** Paths that were asked for, in order. */
  let asked: string[];
  /** What is answered instead, by path, and how many times. */
  let instead: Map<string, { status: number; body: string; times?: number }>;
  let links: object[];
  let most: number;
  let now: number;

  const idOf = (index: number) => `i${String(index).padStart(5, '0')}`;
  const features = (from: number) =>
    Array.from({ length: Math.min(PAGE, ITEMS - from) }, (_, index) => item(idOf(from + index)));

  function bodyAt({ pathname, searchParams }: URL): object | null {
    if (pathname === '/catalog.json')
      return {
        ...{ type: 'Catalog', id: 'r', stac_version: '1.1.0', description: 'd' },
        links: [{ rel: 'child', href: 'c.json' }],
      };
    if (pathname === '/c.json') return collection('c', { links });
    const [, index] = /^\/items\/i(\d+)\.json$/.exec(pathname) ?? [];
    if (index) return item(idOf(Number(index)));
    if (pathname === '/api')
      return {
        ...{ type: 'Catalog', id: 'a', stac_version: '1.1.0', description: 'd' },
        links: [
          { rel: 'data', href: '/collections' },
          { rel: 'search', href: '/search' },
        ],
      };
    if (pathname === '/collections') return { collections: [collection('c')], links: [] };
    if (pathname !== '/search') return null;
    const from = Number(searchParams.get('token') ?? 0);
    const next = from + PAGE < ITEMS ? [{ rel: 'next', href: `/search?limit=250&token=${from + PAGE}` }] : [];
    return { type: 'FeatureCollection', features: features(from), links: next };
  }

  const server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url as string, 'http://127.0.0.1');
    asked.push(request.url as string);
    most = Math.max(most, ++now);
    setImmediate(() => {
      now--;
      const given = instead.get(request.url as string);
      if (given?.times && --given.times === 0) instead.delete(request.url as string);
      const body = given ? given.body : JSON.stringify(bodyAt(url));
      response.writeHead(given?.status ?? (body === 'null' ? 404 : 200)).end(body);
    });
  });

  before(async () => {
    database = await openTestCatalogue();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(async () => {
    await database.db.deleteFrom('items').execute();
    await database.db.deleteFrom('collections').execute();
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-resume-'));
    [asked, instead, most, now] = [[], new Map(), 0, 0];
    links = Array.from({ length: ITEMS }, (_, index) => ({ rel: 'item', href: `items/${idOf(index)}.json` }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(async () => {
    server.closeAllConnections();
    server.close();
    await database.close();
  });

  /** @param batches after which it is interrupted; null: it is not @param isKilled what comes after is not kept */
  async function load(path: string, batches: number | null = null, settings: Partial<LoadSettings> = {}) {
    const said: string[] = [];
    const faults: string[] = [];
    const abort = new AbortController();
    const name = path.startsWith(tmpdir()) ? path : base + path;
    const journal = openJournal(folder, name, {});
    const say = (message: string) => void said.push(message);
    const source = await openSource(name, NO_FILTERS, { journal, say, folder });
    let count = 0;
    asked = [];
    const report = await runLoad(source.documents, {
      db: database.db,
      validator: null,
      mode: 'upsert',
      collection: null,
      base: null,
      createCollections: false,
      stopOnFault: false,
      signal: abort.signal,
      onBatch(_, { mark, keys }) {
        journal.keep(mark, keys);
        if (++count === batches) abort.abort();
      },
      onFault: (place, reason) => void faults.push(`${place}: ${reason}`),
      ...settings,
    });
    if (!report.isInterrupted && !report.broken) journal.forget();
    return { report, said: said.join('\n'), faults, asked };
  }
  const fates = ({ created, updated, unchanged, skipped, failed }: LoadReport) =>
    [created, updated, unchanged, skipped, failed] as const;
  async function ids(): Promise<string[]> {
    const rows = await database.db.selectFrom('items').select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  }
  const all = Array.from({ length: ITEMS }, (_, index) => idOf(index));
  // Each once: what an interrupted load asked for ahead may arrive when the next one has begun.
  const ofItems = (paths: string[]) => [...new Set(paths)].filter((path) => path.startsWith('/items/'));
  const ofPages = (paths: string[]) => [...new Set(paths)].filter((path) => path.startsWith('/search'));

  for (const mode of ['upsert', 'insert', 'skip'] as const) {
    test(`a static catalogue, --mode ${mode}: Items that are written are not asked for again`, async () => {
      const first = await load('/catalog.json', 1, { mode });
      assert.deepEqual(fates(first.report), [500, 0, 0, 0, 0]);
      const { report, said, asked: again } = await load('/catalog.json', null, { mode });
      assert.match(said, /continues; 500 documents of it are done/);
      assert.deepEqual(fates(report), [ITEMS - 499, 0, 0, 0, 0]);
      assert.equal(ofItems(again).length, ITEMS - 499);
      assert.deepEqual(await ids(), all);
      assert.deepEqual(readdirSync(folder), []);
    });

    test(`a STAC API, --mode ${mode}: pages that are written are not asked for again`, async () => {
      const first = await load('/api', 1, { mode });
      assert.deepEqual(fates(first.report), [500, 0, 0, 0, 0]);
      const { report, said, asked: again } = await load('/api', null, { mode });
      assert.match(said, /continues after 400 Items/);
      // One Collection and 499 Items are done: the fifth page is asked for again, and one of it is written.
      assert.deepEqual(fates(report), [ITEMS - 499, 0, 0, 0, 0]);
      assert.deepEqual(ofPages(again).length, 8);
      assert.ok(!again.includes('/collections'));
      assert.deepEqual(await ids(), all);
      assert.deepEqual(readdirSync(folder), []);
    });
  }

  test('a page of a search is followed by the next ones, and continues', async () => {
    await load('/api', null, { stopOnFault: true });
    await database.db.deleteFrom('items').execute();
    const first = await load('/search?limit=250', 1);
    assert.deepEqual(fates(first.report), [500, 0, 0, 0, 0]);
    const { report, asked: again } = await load('/search?limit=250');
    assert.deepEqual(fates(report), [ITEMS - 500, 0, 0, 0, 0]);
    // The first tells what is there, then those from the sixth.
    assert.equal(ofPages(again).length, 1 + 7);
    assert.deepEqual(await ids(), all);
  });

  const forgotten: [string, number, string][] = [
    ['is refused', 400, '{"detail":"no such token"}'],
    ['is unknown to a server that answers 500', 500, ''],
    ['has become an empty page', 200, '{"type":"FeatureCollection","features":[],"links":[]}'],
    ['has become something else', 200, '<html></html>'],
  ];
  for (const [what, status, body] of forgotten) {
    test(`a page that ${what}: all is read again, which is said`, async () => {
      await load('/api', 1);
      await database.db.deleteFrom('items').execute();
      // 500 is asked for four times.
      instead.set('/search?limit=250&token=400', { status, body, times: status === 500 ? 4 : 1 });
      const { said, report, asked: again } = await load('/api');
      assert.match(
        said,
        /does not give the page any more where this was interrupted; all of it is read again/,
      );
      assert.equal(ofPages(again).filter((path) => path === '/search?limit=250').length, 1);
      assert.equal(report.broken, null);
      assert.deepEqual(await ids(), all);
    });
  }

  test('a server that is overloaded does not make it begin again', async () => {
    await load('/api', 1);
    instead.set('/search?limit=250&token=400', { status: 503, body: '' });
    const { report } = await load('/api');
    assert.match(report.broken?.message ?? '', /answers 503/);
    instead.clear();
    assert.equal(ofPages((await load('/api')).asked).length, 8);
    assert.deepEqual(await ids(), all);
  });

  test('a catalogue that changed in between: what is new is loaded, whatever its place', async () => {
    await load('/catalog.json', 1);
    links = [{ rel: 'item', href: 'items/i99999.json' }, ...links.slice(3).reverse()];
    const { report, asked: again } = await load('/catalog.json');
    assert.equal(ofItems(again).length, ITEMS - 499 + 1);
    // Of the Collection only the links differ, which are not stored.
    assert.deepEqual(fates(report), [ITEMS - 499 + 1, 0, 1, 0, 0]);
    assert.deepEqual(await ids(), [...all, 'i99999']);
  });

  test('what failed is read and told again', async () => {
    instead.set('/items/i00007.json', { status: 404, body: 'gone' });
    instead.set('/items/i00008.json', { status: 200, body: '{"type":"Feature"}' });
    const first = await load('/catalog.json', 1);
    assert.equal(first.faults.length, 2);
    const { report, faults } = await load('/catalog.json');
    assert.deepEqual(fates(report), [ITEMS - 497 - 2, 0, 0, 0, 2]);
    assert.equal(faults.length, 2);
  });

  test('on disk, an Item that changed after it was written is read again', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'rucio-stac-static-'));
    try {
      mkdirSync(join(disk, 'items'));
      for (const id of all) writeFileSync(join(disk, 'items', `${id}.json`), JSON.stringify(item(id)));
      for (const name of ['catalog.json', 'c.json'])
        writeFileSync(join(disk, name), JSON.stringify(bodyAt(new URL(`${base}/${name}`))));
      await load(join(disk, 'catalog.json'), 1);
      writeFileSync(join(disk, 'items', `${idOf(7)}.json`), JSON.stringify(item(idOf(7), {}, { n: 1 })));
      const { report } = await load(join(disk, 'catalog.json'));
      assert.deepEqual(fates(report), [ITEMS - 499, 1, 0, 0, 0]);
    } finally {
      rmSync(disk, { recursive: true, force: true });
    }
  });

  test('a root of another text, or other options, begin at the beginning', async () => {
    await load('/catalog.json', 1);
    const root = JSON.stringify({ ...bodyAt(new URL(`${base}/catalog.json`)), title: 'new' });
    instead.set('/catalog.json', { status: 200, body: root });
    assert.equal(ofItems((await load('/catalog.json')).asked).length, ITEMS);
  });

  test('a static catalogue is asked for eight documents at a time, each once, and given in order', async () => {
    const { documents } = await openSource(`${base}/catalog.json`, NO_FILTERS);
    const places: string[] = [];
    for await (const { place } of documents) places.push(place.slice(base.length));
    assert.deepEqual(places, ['/c.json', ...all.map((id) => `/items/${id}.json`)]);
    assert.equal(asked.length, ITEMS + 2);
    assert.equal(new Set(asked).size, asked.length);
    assert.equal(most, 8);
  });
});
