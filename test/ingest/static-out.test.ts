import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { makeStaticWriter } from '../../src/ingest/static-out.ts';
import type { Document } from '../../src/ingest/to-item.ts';
import { collection, item } from '../support/documents.ts';

describe('a static catalogue of what was ingested', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-out-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Items with one raster each, whose file has the Item's name. */
  function write(collectionId: string, ids: string[]) {
    const assetFolder = join(folder, 'assets');
    const out = join(folder, 'out');
    const writer = makeStaticWriter({ folder: out, collectionId, assetFolder, base: null });
    for (const [index, id] of ids.entries()) {
      const key = `k${index}/${encodeURIComponent(id)}.tif`;
      mkdirSync(join(assetFolder, `k${index}`), { recursive: true });
      writeFileSync(join(assetFolder, `k${index}`, `${id.replaceAll('/', '')}.tif`), id);
      const href = `rucio-stac://api/assets/${key.replaceAll('%2F', '')}`;
      writer.item(item(id, { collection: collectionId, assets: { data: { href } } }) as Document);
    }
    writer.finish(collection(collectionId) as Document);
    return join(out, 'catalog.json');
  }

  interface Read {
    id: string;
    links: { rel: string; href: string }[];
    assets?: { data: { href: string } };
  }
  const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Read;
  /** Documents that a document's links lead to, as pystac follows them: nothing is decoded. */
  const below = (path: string, rel: string) =>
    read(path)
      .links.filter((link) => link.rel === rel)
      .map(({ href }) => join(dirname(path), href));

  test('each id has a file that its links name as the file system does, and so has its raster', () => {
    const ids = ['plain', 'a b', 'a/b', 'a:b', 'a%2Fb', 'ö', '.hidden', '..up', 'Case', 'case'];
    const root = write('scope:ö b', ids);
    const [home = ''] = below(root, 'child');
    assert.equal(read(home).id, 'scope:ö b');
    const items = below(home, 'item');
    assert.deepEqual(items.map((path) => read(path).id).sort(), [...ids].sort());
    for (const path of items) {
      const { id, assets } = read(path);
      assert.equal(readFileSync(join(dirname(path), assets?.data.href ?? ''), 'utf8'), id);
      assert.match(assets?.data.href ?? '', /^\.\/[\w.-]+\.tif$/);
    }
    assert.ok(existsSync(join(dirname(home), 'plain', 'plain.json')));
  });

  test('Collections stand beside one another, each once however often it is written', () => {
    for (const id of ['c', 'C', 'a b', 'c', 'C', 'a b']) write(id, ['x']);
    const homes = below(join(folder, 'out', 'catalog.json'), 'child');
    assert.deepEqual(homes.map((path) => read(path).id).sort(), ['C', 'a b', 'c']);
    assert.equal(new Set(homes.map((path) => path.toLowerCase())).size, 3);
  });

  test('a Collection that an earlier release named with percent signs is in it once', () => {
    const root = write('other', ['x']);
    mkdirSync(join(folder, 'out', 'a b'));
    writeFileSync(join(folder, 'out', 'a b', 'collection.json'), JSON.stringify(collection('a b')));
    const catalog = read(root);
    catalog.links.push({ rel: 'child', href: './a%20b/collection.json' });
    writeFileSync(root, JSON.stringify(catalog));
    write('a b', ['x']);
    assert.deepEqual(
      below(root, 'child').map((path) => read(path).id),
      ['other', 'a b'],
    );
  });

  test('an original is where its first replica is, or by its server where that has an address', () => {
    const replica = { href: 'https://storage.example/x.tif' };
    const told = { 'rucio:scope': 's', 'rucio:name': 'd/x y.tif' };
    const hrefOf = (base: string | null, asset: object) => {
      const out = mkdtempSync(join(folder, 'out-'));
      const writer = makeStaticWriter({ folder: out, collectionId: 'c', assetFolder: folder, base });
      const href = 'rucio-stac://api/collections/c/items/x/assets/data';
      writer.item(item('x', { collection: 'c', assets: { data: { href, ...told, ...asset } } }) as Document);
      writer.finish(collection('c') as Document);
      return read(join(out, 'c', 'x', 'x.json')).assets?.data.href;
    };
    assert.equal(hrefOf(null, { alternate: { A: replica } }), replica.href);
    assert.equal(hrefOf(null, {}), 'rucio://s/d/x%20y.tif');
    assert.equal(
      hrefOf('https://stac.example', { alternate: { A: replica } }),
      'https://stac.example/collections/c/items/x/assets/data',
    );
  });
});
