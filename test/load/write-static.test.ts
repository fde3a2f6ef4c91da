import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { writeStatic } from '../../src/load/write-static.ts';
import { collection, item } from '../support/documents.ts';

const AWKWARD = [
  'a b',
  'a/b',
  'a\\b',
  'a:b',
  'a%2Fb',
  'ö日',
  '.hidden',
  '../up',
  'Case',
  'case',
  'collection.json',
];

describe('a static catalogue', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rucio-stac-static-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const at = (...names: string[]) => join(folder, ...names);

  /** Of ids of Items by Collection. */
  function write(content: Record<string, string[]>) {
    async function* collections() {
      for (const [id, items] of Object.entries(content)) {
        async function* pages() {
          yield items.map((each) => ({
            id: each,
            content: JSON.stringify(item(each, { collection: id, assets: {}, links: undefined })).replace(
              /}$/,
              ',"links":[]}',
            ),
          }));
        }
        const { links: _, ...rest } = collection(id) as { links: unknown };
        yield { id, content: JSON.stringify({ ...rest, links: [] }), items: pages() };
      }
    }
    return writeStatic(folder, collections(), (text) => text);
  }
  const files = () =>
    (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.json')).sort();

  interface Document {
    id: string;
    links: { rel: string; href: string }[];
  }
  /** Ids found by the text of the links, as pystac follows them: nothing is decoded. */
  function follow(path: string, found: Record<string, string> = {}): Record<string, string> {
    const { links } = JSON.parse(readFileSync(path, 'utf8')) as Document;
    for (const { rel, href } of links) {
      assert.match(href, /^[\w./-]+$/);
      assert.ok(existsSync(join(dirname(path), href)), href);
      if (rel === 'child') follow(join(dirname(path), href), found);
      if (rel !== 'item') continue;
      const below = join(dirname(path), href);
      found[(JSON.parse(readFileSync(below, 'utf8')) as Document).id] = below;
    }
    return found;
  }

  test('each id has a file that its links name as the file system does', async () => {
    await write(Object.fromEntries(AWKWARD.map((id) => [id, id === 'a b' ? AWKWARD : [`of ${id}`]])));
    const ids = [...AWKWARD, ...AWKWARD.filter((id) => id !== 'a b').map((id) => `of ${id}`)];
    assert.deepEqual(Object.keys(follow(at('catalog.json'))).sort(), ids.sort());
  });

  test('what an earlier export wrote and is no more is gone, and nothing else is', async () => {
    await write({ c: ['a', 'b', 'x y', 'Big'], d: ['a'], gone: ['a', 'z'] });
    const before = files();
    // What others put there: beside, below, and in the place of an Item.
    writeFileSync(at('c', 'notes.json'), '{}');
    writeFileSync(at('c', 'b', 'b.tif'), 'raster');
    writeFileSync(at('gone', 'z', 'z.json'), '{"type":"Feature","id":"z","collection":"of somebody else"}');
    await write({ c: ['a', 'big'], d: ['a'] });
    const kept = ['c/a/a.json', 'c/big/big.json', 'c/collection.json', 'c/notes.json', 'catalog.json'];
    assert.deepEqual(
      // On a file system that sees capitals, Big may stay.
      files().filter((name) => name !== 'c/Big/Big.json'),
      [...kept, 'd/a/a.json', 'd/collection.json', 'gone/z/z.json'].sort(),
    );
    assert.deepEqual(readdirSync(at('c', 'b')), ['b.tif']);
    assert.ok(before.includes('gone/a/a.json') && !existsSync(at('gone', 'a')));
  });

  test('names with percent signs, of releases before, are cleared away', async () => {
    const up = (href: string) => [{ rel: 'collection', href }];
    mkdirSync(at('s%2Fc', 'a%2Fb'), { recursive: true });
    const write1 = (path: string, document: object) => writeFileSync(path, JSON.stringify(document));
    write1(at('s%2Fc', 'a%2Fb', 'a%2Fb.json'), {
      type: 'Feature',
      id: 'a/b',
      collection: 's/c',
      links: up('x'),
    });
    const items = [{ rel: 'item', href: './a%252Fb/a%252Fb.json' }];
    write1(at('s%2Fc', 'collection.json'), { type: 'Collection', id: 's/c', links: items });
    const children = [{ rel: 'child', href: './s%252Fc/collection.json' }];
    write1(at('catalog.json'), { type: 'Catalog', id: 'rucio-stac', links: children });
    await write({ 's/c': ['a/b'] });
    assert.deepEqual(Object.keys(follow(at('catalog.json'))), ['a/b']);
    assert.ok(!existsSync(at('s%2Fc')));
  });

  test('no link leads a removal out of the folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'rucio-stac-outside-'));
    try {
      await write({ c: ['a'] });
      const feature = JSON.stringify({ type: 'Feature', id: 'x', collection: 'c' });
      mkdirSync(join(outside, 'x'));
      writeFileSync(join(outside, 'x', 'x.json'), feature);
      writeFileSync(join(outside, 'x.json'), feature);
      symlinkSync(join(outside, 'x'), at('c', 'x'));
      const text = readFileSync(at('c', 'collection.json'), 'utf8');
      const collectionJson = JSON.parse(text) as Document;
      const hrefs = ['./x/x.json', join(outside, 'x.json'), './../../x.json', './%2e%2e/%2e%2e.json'];
      hrefs.push(`./${encodeURIComponent('../../')}/x.json`);
      collectionJson.links.push(...hrefs.map((href) => ({ rel: 'item', href })));
      writeFileSync(at('c', 'collection.json'), JSON.stringify(collectionJson));
      await write({ c: [] });
      assert.deepEqual(readdirSync(outside, { recursive: true }).sort(), ['x', 'x.json', 'x/x.json'].sort());
      assert.ok(!existsSync(at('c', 'a')));
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});
