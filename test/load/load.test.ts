import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Database } from '../../src/db/schema.ts';
import { openJournal } from '../../src/load/journal.ts';
import { openSource } from '../../src/load/open-source.ts';
import type { Reading } from '../../src/load/reading.ts';
import { type LoadReport, type LoadSettings, runLoad } from '../../src/load/run.ts';
import type { Filters } from '../../src/load/stac-api.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer } from '../support/server.ts';

const NO_FILTERS: Filters = { collections: null, bbox: null, datetime: null, limit: null };

const text = (document: object) => JSON.stringify(document);

describe('load', () => {
  let folder: string;
  let database: Database;
  const validator = makeValidator();
  before(async () => {
    database = await openTestCatalogue();
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-load-'));
  });
  beforeEach(async () => {
    await database.db.deleteFrom('items').execute();
    await database.db.deleteFrom('collections').execute();
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, content: string | Buffer): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  };

  async function load(
    name: string,
    settings: Partial<LoadSettings> = {},
    filters: Partial<Filters> = {},
    reading: Partial<Reading> = {},
  ) {
    const faults: string[] = [];
    const source = await openSource(name, { ...NO_FILTERS, ...filters }, reading);
    const report = await runLoad(source.documents, {
      db: database.db,
      validator,
      mode: 'upsert',
      collection: null,
      base: null,
      createCollections: false,
      stopOnFault: false,
      signal: new AbortController().signal,
      onBatch: () => {},
      onFault: (place, reason) => void faults.push(`${place.replace(folder, '')}: ${reason}`),
      ...settings,
    });
    return { report, faults };
  }
  const fates = ({ created, updated, unchanged, skipped, failed }: LoadReport) =>
    [created, updated, unchanged, skipped, failed] as const;
  async function stored(): Promise<Map<string, string>> {
    const items = await database.db.selectFrom('items').select(['collection', 'id', 'content']).execute();
    const collections = await database.db.selectFrom('collections').select(['id', 'content']).execute();
    return new Map([
      ...collections.map(({ id, content }): [string, string] => [id, content]),
      ...items.map(({ collection: home, id, content }): [string, string] => [`${home}/${id}`, content]),
    ]);
  }

  const documents = [collection('c'), item('a'), item('b', { stac_version: '1.0.0' })];
  const forms: [string, string][] = [
    ['documents.ndjson', documents.map(text).join('\n')],
    ['documents.txt', `${documents.map(text).join('\n')}\n`],
    ['sequence.geojsons', documents.map((each) => `\u001e${text(each)}\n`).join('')],
    ['pretty.json', documents.map((each) => JSON.stringify(each, null, 2)).join('\n')],
    ['list.json', JSON.stringify(documents, null, 1)],
    [
      'collection.geojson',
      text({ type: 'FeatureCollection', features: documents.slice(1), collections: documents.slice(0, 1) }),
    ],
    [
      'line.json',
      `${text({ type: 'FeatureCollection', collections: documents.slice(0, 1), features: documents.slice(1) })}\n`,
    ],
  ];
  for (const [name, content] of forms) {
    test(`${name} is read whatever its form`, async () => {
      const { report, faults } = await load(write(name, content));
      assert.deepEqual(faults, []);
      assert.deepEqual(fates(report), [3, 0, 0, 0, 0]);
      assert.deepEqual([...(await stored()).keys()].sort(), ['c', 'c/a', 'c/b']);
    });
  }

  test('numbers and unknown members stay as they were written', async () => {
    const odd = text(item('a')).replace(
      '"assets":{}',
      '"assets":{},"x:n":[1.0,1e-7,123456789012345678901234567890]',
    );
    await load(write('odd.ndjson', `${text(collection('c'))}\n${odd}\n`));
    assert.match((await stored()).get('c/a') as string, /"x:n":\[1\.0,1e-7,123456789012345678901234567890\]/);
  });

  test('what is the same is not written again, what changed is', async () => {
    const path = write('again.ndjson', documents.map(text).join('\n'));
    await load(path);
    assert.deepEqual(fates((await load(path)).report), [0, 0, 3, 0, 0]);
    write(
      'again.ndjson',
      [collection('c'), item('a', {}, { n: 1 }), item('b', { stac_version: '1.0.0' })].map(text).join('\n'),
    );
    assert.deepEqual(fates((await load(path)).report), [0, 1, 2, 0, 0]);
  });

  test('insert reports what is there, skip leaves it', async () => {
    await load(write('first.ndjson', [collection('c'), item('a')].map(text).join('\n')));
    const before = (await stored()).get('c/a');
    const path = write('then.ndjson', [item('a', {}, { n: 2 }), item('b')].map(text).join('\n'));
    assert.deepEqual(fates((await load(path, { mode: 'skip' })).report), [1, 0, 0, 1, 0]);
    const { report, faults } = await load(path, { mode: 'insert' });
    assert.deepEqual(fates(report), [0, 0, 0, 0, 2]);
    assert.match(faults[0] as string, /then\.ndjson:1 \(c\/a\): a document with this id exists already/);
    assert.equal((await stored()).get('c/a'), before);
  });

  test('of two with one id in a file the later counts', async () => {
    const path = write(
      'twins.ndjson',
      [collection('c'), item('a', {}, { n: 1 }), item('a', {}, { n: 2 })].map(text).join('\n'),
    );
    assert.deepEqual(fates((await load(path)).report), [2, 1, 0, 0, 0]);
    assert.match((await stored()).get('c/a') as string, /"n":2/);
  });

  test('each that cannot be written is told with its place and reason, the others are written', async () => {
    const path = write(
      'faulty.ndjson',
      [
        text(collection('c')),
        '{"type":"Feature",',
        text(item('no-time', { properties: {} })),
        text(item('bad', { stac_version: '0.9.0' })),
        text(item('nowhere', { collection: 'x' })),
        '[1]',
        text({ type: 'Catalog', id: 'k' }),
        text(item('good')),
        text(item('homeless', { collection: undefined })),
      ].join('\n'),
    );
    const { report, faults } = await load(path);
    assert.equal(report.created, 2);
    assert.equal(report.failed, 7);
    const told = faults.sort().join('\n');
    for (const expected of [
      /faulty\.ndjson:2: it is not JSON/,
      /faulty\.ndjson:3: properties\.datetime/,
      /faulty\.ndjson:4 \(c\/bad\): stac_version is "0\.9\.0"/,
      /faulty\.ndjson:5 \(x\/nowhere\): its Collection "x" is neither in the source nor in the catalogue/,
      /faulty\.ndjson:6: /,
      /faulty\.ndjson:7: type is "Catalog"/,
      /faulty\.ndjson:9: collection .*--collection names one/,
    ])
      assert.match(told, expected);
  });

  test('what comes before the place where a source breaks off is written', async () => {
    const whole = documents.map(text);
    const cut = (content: string) => Buffer.concat([gzipSync(content), gzipSync('{}').subarray(0, 12)]);
    const compact = `{"type":"FeatureCollection","collections":[${whole[0]}],"features":[${whole[1]}`;
    for (const [name, content] of [
      ['lines', whole.join('\n')],
      ['compact', compact],
    ] as const) {
      const { report } = await load(write(`${name}.gz`, cut(content)));
      assert.match(report.broken?.message ?? '', /\.gz cannot be read on: its gzip compression is broken/);
      assert.equal(report.created + report.unchanged, 2);
    }
  });

  test('without validation the schemas are not asked', async () => {
    const path = write(
      'lax.ndjson',
      [collection('c'), item('bad', { stac_version: '0.9.0' })].map(text).join('\n'),
    );
    assert.deepEqual(fates((await load(path, { validator: null })).report), [2, 0, 0, 0, 0]);
  });

  test('Items may come before their Collection, and without one get a minimal one where asked', async () => {
    const path = write(
      'early.ndjson',
      [item('a'), item('b', { collection: 'd' }), collection('c')].map(text).join('\n'),
    );
    const { report, faults } = await load(path, { createCollections: true });
    assert.deepEqual(faults, []);
    assert.deepEqual(report.made, ['d']);
    assert.deepEqual(fates(report), [3, 0, 0, 0, 0]);
    const made = JSON.parse((await stored()).get('d') as string) as object;
    assert.deepEqual(await validator.validate([made]), [null]);
  });

  test('Items that name no Collection go to the one given', async () => {
    const path = write(
      'homeless.ndjson',
      [collection('c'), item('a', { collection: undefined })].map(text).join('\n'),
    );
    assert.deepEqual(fates((await load(path, { collection: 'c' })).report), [2, 0, 0, 0, 0]);
    assert.ok((await stored()).has('c/a'));
  });

  test('an interrupted load continues where its journal says, unless the file changed', async () => {
    const many = Array.from({ length: 1200 }, (_, index) => item(`i${index}`));
    const path = write('many.ndjson', [collection('c'), ...many].map(text).join('\n'));
    const abort = new AbortController();
    const journal = () => openJournal(folder, path, {});
    const first = journal();
    const onBatch: LoadSettings['onBatch'] = (_, { mark, keys }) => {
      first.keep(mark, keys);
      abort.abort();
    };
    const { report } = await load(path, { signal: abort.signal, onBatch }, {}, { journal: first });
    assert.deepEqual([report.isInterrupted, report.created], [true, 500]);
    const again = async () => fates((await load(path, {}, {}, { journal: journal() })).report);
    assert.deepEqual(await again(), [701, 0, 0, 0, 0]);
    utimesSync(path, 1, 1);
    assert.deepEqual(await again(), [0, 0, 1201, 0, 0]);
  });

  test('a static catalogue is followed from its root, and addresses in it become absolute', async () => {
    const root = { type: 'Catalog', stac_version: '1.1.0', id: 'r', description: 'd' };
    const child = { rel: 'child', href: './c/collection.json' };
    write('static/catalog.json', text({ ...root, links: [child, { rel: 'child', href: 'gone.json' }] }));
    const links = [
      { rel: 'root', href: '../catalog.json' },
      { rel: 'item', href: './a%20b.json' },
      { rel: 'item', href: './a%20b.json' },
      { rel: 'license', href: 'LICENSE' },
    ];
    write('static/c/collection.json', text(collection('c', { links })));
    const assets = { data: { href: './data.tif', 'x:n': 1 }, far: { href: 's3://b/far.tif' } };
    const own = { assets, collection: undefined, links: [{ rel: 'collection', href: 'collection.json' }] };
    write('static/c/a b.json', text(item('a', own)).replace('"x:n":1', '"x:n": 1.0'));
    for (const name of ['static', 'static/catalog.json']) {
      const { report, faults } = await load(join(folder, name));
      assert.equal(report.created + report.unchanged, 2, faults.join());
      assert.equal(faults.length, 1);
      assert.match(faults[0] as string, /gone\.json/);
    }
    const content = (await stored()).get('c/a') as string;
    const { href } = (JSON.parse(content) as { assets: { data: { href: string } } }).assets.data;
    assert.equal(href, join(folder, 'static/c/data.tif'));
    assert.match(content, /"x:n":1\.0|"x:n": 1\.0/);
    assert.match(content, /s3:\/\/b\/far\.tif/);
    assert.ok((await stored()).get('c')?.includes(join(folder, 'static/c/LICENSE')));
  });

  for (const isPost of [true, false]) {
    test(`another STAC API is walked by ${isPost ? 'POST' : 'GET'} next links, with its filters`, async () => {
      const other = await startTestServer();
      const via = { rel: 'via', href: 'https://elsewhere.example/x' };
      const many = Array.from({ length: 600 }, (_, index) => item(`i${index}`, { links: [via] }));
      await other.store([collection('c'), collection('d'), ...many, item('x', { collection: 'd' })]);
      // A server that offers GET alone.
      const relay = createServer((request, response) => {
        const address = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
        void fetch(`${other.base}${request.url}`).then(async (answer) => {
          const body = (await answer.text()).replaceAll(other.base, address);
          response.end(isPost ? body : body.replaceAll('"method":"POST"', '"method":"GET"'));
        });
      });
      await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
      const base = isPost ? other.base : `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
      try {
        const { report, faults } = await load(base);
        assert.deepEqual(faults, []);
        assert.deepEqual(fates(report), [603, 0, 0, 0, 0]);
        const content = (await stored()).get('c/i7') as string;
        assert.deepEqual((JSON.parse(content) as { links: object[] }).links, [via]);
        const some = await load(base, {}, { collections: ['c'], limit: 251 });
        assert.deepEqual([some.report.collections, some.report.items], [1, 251]);
        assert.equal((await load(base, {}, { bbox: [0, 0, 1, 1] })).report.items, 0);
        assert.equal((await load(base, {}, { datetime: '2024-01-01T00:00:00Z' })).report.items, 601);
      } finally {
        relay.closeAllConnections();
        relay.close();
        await other.close();
      }
    });
  }
});
