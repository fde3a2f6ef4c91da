import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openSource } from '../../src/load/open-source.ts';
import { runLoad } from '../../src/load/run.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Document {
  id: string;
  stac_version: string;
  links: { rel: string; href: string }[];
  assets: Record<string, { href: string }>;
}

const OTHER = 'https://other.example/stac';
const EO = (version: string) => `https://stac-extensions.github.io/eo/${version}/schema.json`;

/** As STAC 1.0 has bands, beside STAC 1.1. */
const old = item(
  'old',
  {
    stac_version: '1.0.0',
    stac_extensions: [EO('v1.1.0')],
    assets: { b: { href: 'https://files.example/b.tif', 'eo:bands': [{ name: 'B4', common_name: 'red' }] } },
    links: [
      { rel: 'self', href: `${OTHER}/collections/c/items/old` },
      { rel: 'root', href: `${OTHER}/` },
      { rel: 'parent', href: `${OTHER}/collections/c` },
      { rel: 'collection', href: `${OTHER}/collections/c` },
      { rel: 'via', href: `${OTHER}/source/old.xml`, 'x:n': 1 },
      { rel: 'derived_from', href: `${OTHER}/collections/raw/items/old`, type: 'application/geo+json' },
    ],
  },
  { 'eo:cloud_cover': 1 },
);
const recent = item('new', {
  stac_extensions: [EO('v2.0.0')],
  assets: {
    b: { href: 'rucio-stac://api/assets/b.tif', bands: [{ name: 'B4', 'eo:common_name': 'red' }] },
    text: { href: 'https://files.example/a', description: 'see rucio-stac://api/ in the middle' },
  },
  links: [{ rel: 'about', href: 'rucio-stac://api/collections/c' }],
});
const home = collection('c', {
  stac_version: '1.0.0',
  links: [
    { rel: 'items', href: `${OTHER}/collections/c/items` },
    { rel: 'http://www.opengis.net/def/rel/ogc/1.0/queryables', href: `${OTHER}/collections/c/queryables` },
    { rel: 'license', href: 'https://licences.example/' },
  ],
});

describe('STAC 1.0 and 1.1 side by side', () => {
  let server: TestServer;
  let folder: string;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-versions-'));
    const path = join(folder, 'all.ndjson');
    writeFileSync(path, [home, old, recent].map((each) => JSON.stringify(each)).join('\n'));
    const filters = { collections: null, bbox: null, datetime: null, limit: null };
    const faults: string[] = [];
    const { documents } = await openSource(path, filters);
    const report = await runLoad(documents, {
      db: server.database.db,
      validator: makeValidator(),
      mode: 'upsert',
      collection: null,
      base: null,
      createCollections: false,
      stopOnFault: false,
      signal: new AbortController().signal,
      onBatch: () => {},
      onFault: (_, reason) => void faults.push(reason),
    });
    assert.deepEqual(faults, []);
    assert.equal(report.created, 3);
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ways: [string, (id: string) => Promise<Document>][] = [
    ['by itself', (id) => server.json<Document>(`/collections/c/items/${id}`)],
    ['in a search', async (id) => (await server.search({ ids: [id] })).features[0] as unknown as Document],
    [
      'in NDJSON',
      async (id) => JSON.parse(await (await server.get(`/search?ids=${id}&f=ndjson`)).text()) as Document,
    ],
  ];

  for (const [way, get] of ways) {
    for (const sent of [old, recent] as unknown as Document[]) {
      test(`an Item of STAC ${sent.stac_version} is given out as it came, ${way}`, async () => {
        const { links: _, ...given } = await get(sent.id);
        const { links: __, ...expected } = sent;
        const text = JSON.stringify(expected).replaceAll('"rucio-stac://api/', `"${server.base}/`);
        assert.deepEqual(given, JSON.parse(text));
      });
    }

    test(`links of the server it came from give way to our own, others are kept, ${way}`, async () => {
      const { links } = await get('old');
      const self = `${server.base}/collections/c/items/old`;
      assert.deepEqual(
        links.map(({ rel, href }) => [rel, href]).sort(),
        [
          ['self', self],
          ['root', `${server.base}/`],
          ['parent', `${server.base}/collections/c`],
          ['collection', `${server.base}/collections/c`],
          ['via', `${OTHER}/source/old.xml`],
          ['derived_from', `${OTHER}/collections/raw/items/old`],
        ].sort(),
      );
      const via = links.find(({ rel }) => rel === 'via');
      assert.deepEqual(via, { rel: 'via', href: `${OTHER}/source/old.xml`, 'x:n': 1 });
    });

    test(`addresses that are ours get the public address, where a string begins with one, ${way}`, async () => {
      const { assets, links } = await get('new');
      assert.equal(assets.b?.href, `${server.base}/assets/b.tif`);
      assert.equal(links.find(({ rel }) => rel === 'about')?.href, `${server.base}/collections/c`);
    });
  }

  test('a Collection keeps its version and foreign links, and has our own', async () => {
    const given = await server.json<Document>('/collections/c');
    assert.equal(given.stac_version, '1.0.0');
    const of = (rel: string) => given.links.filter((link) => link.rel === rel).map(({ href }) => href);
    assert.deepEqual(of('items'), [`${server.base}/collections/c/items`]);
    assert.deepEqual(of('license'), ['https://licences.example/']);
    assert.deepEqual(of('http://www.opengis.net/def/rel/ogc/1.0/queryables'), [
      `${server.base}/collections/c/queryables`,
    ]);
  });

  test('one search finds both versions', async () => {
    const all = await server.search({
      collections: ['c'],
      query: { stac_version: { in: ['1.0.0', '1.1.0'] } },
    });
    assert.deepEqual(all.features.map(({ id }) => id).sort(), ['new', 'old']);
  });

  test('an Item that is read and sent back is stored as it was', async () => {
    for (const id of ['old', 'new']) {
      const address = `/collections/c/items/${id}`;
      const before = await (await server.get(address)).text();
      const put = await server.get(address, {
        method: 'PUT',
        body: before,
        headers: { 'content-type': 'application/geo+json' },
      });
      assert.equal(put.status, 200, await put.text());
      assert.equal(await (await server.get(address)).text(), before);
    }
  });

  test('documents of other versions are refused with what is accepted', async () => {
    const response = await server.get('/collections/c/items', {
      method: 'POST',
      body: JSON.stringify(item('older', { stac_version: '0.9.0' })),
      headers: { 'content-type': 'application/geo+json' },
    });
    assert.equal(response.status, 400);
    assert.match(await response.text(), /1\.0\.0 and 1\.1\.0/);
  });
});
