/** STAC API Browseable 1.0.0-rc.3: every Item by child and item links from the landing page. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

interface Linked {
  type: string;
  id: string;
  collection?: string;
  links: { rel: string; href: string }[];
}

const hrefs = ({ links }: Linked, rel: string) =>
  links.filter((link) => link.rel === rel).map(({ href }) => href);

describe('browseable', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c'),
      collection('s', { 'rucio:scope': 'x' }),
      collection('none'),
      collection('many', { 'rucio:scope': 'y' }),
      ...['b', 'a', 'ü/?#&=', ' ', '%2F'].map((id) => item(id)),
      ...['a', '\u{1F600}', '\uFFFD'].map((id) => item(id, { collection: 's' })),
      item('0', { collection: 'many' }),
    ]);
    // 2,500 in all.
    await sql`
      insert into items (collection, id, datetime, period, properties, content)
      select collection, 'i' || n, datetime, period, properties, content
      from items cross join generate_series(1, 2499) as n
      where collection = 'many'`.execute(server.database.db);
  });
  after(() => server.close());

  /** Addresses of Items that child and item links lead to from the landing page. */
  async function browse(): Promise<string[]> {
    const found: string[] = [];
    const left = [`${server.base}/`];
    for (let href = left.pop(); href !== undefined; href = left.pop()) {
      const document = await server.json<Linked>(href);
      for (const child of hrefs(document, 'child')) {
        assert.deepEqual(hrefs(await server.json<Linked>(child), 'parent'), [href], child);
        left.push(child);
      }
      found.push(...hrefs(document, 'item'));
    }
    return found;
  }

  /** Addresses of the Items that a search finds. */
  async function search(): Promise<string[]> {
    const found: string[] = [];
    const self = (feature: unknown) => hrefs(feature as Linked, 'self')[0] ?? '';
    let page = await server.search({ limit: 1000, collections: ['c', 's', 'none'] });
    found.push(...page.features.map(self));
    page = await server.json<ItemCollection>('/collections/many/items?limit=1');
    assert.equal(page.numberMatched, 2500);
    return found;
  }

  test('the links lead to exactly the Items that a search finds, once each', async () => {
    const found = await browse();
    const small = found.filter((href) => !href.includes('/collections/many/'));
    assert.deepEqual(small.sort(), (await search()).sort());
    const many = found.filter((href) => href.includes('/collections/many/'));
    const expected = ['0', ...Array.from({ length: 2499 }, (_, n) => `i${n + 1}`)];
    assert.deepEqual(many.sort(), expected.map((id) => `${server.base}/collections/many/items/${id}`).sort());
  });

  test('each item link is answered by the Item that it names', async () => {
    for (const id of ['c', 's']) {
      const links = hrefs(await server.json<Linked>(`/collections/${id}/browse`), 'item');
      const items = await Promise.all(links.map((href) => server.json<Linked>(href)));
      assert.deepEqual(
        items.map((each) => hrefs(each, 'self')[0]),
        links,
      );
      assert.ok(items.every((each) => each.collection === id));
    }
  });

  test('a Collection without Items has none to reach', async () => {
    const catalog = await server.json<Linked>('/collections/none/browse');
    assert.equal(catalog.type, 'Catalog');
    assert.deepEqual([...hrefs(catalog, 'item'), ...hrefs(catalog, 'child')], []);
  });

  test('many Items are linked in parts, whose /children pages have them all', async () => {
    const catalog = await server.json<Linked>('/collections/many/browse');
    assert.deepEqual(hrefs(catalog, 'item'), []);
    assert.equal(hrefs(catalog, 'child').length, 3);
    const found: string[] = [];
    let [next] = hrefs(catalog, 'children').map((href) => `${href}?limit=1`);
    while (next) {
      const page: { children: Linked[]; numberMatched: number } & Linked = await server.json(next);
      assert.equal(page.numberMatched, 3);
      found.push(...page.children.flatMap((child) => hrefs(child, 'self')));
      [next] = hrefs(page, 'next');
    }
    assert.deepEqual(found, hrefs(catalog, 'child'));
  });

  test('an Item that is written after its part was linked is in one of the parts', async () => {
    const catalog = await server.json<Linked>('/collections/many/browse');
    await server.store([
      item('!first', { collection: 'many' }),
      item('i1500x', { collection: 'many' }),
      item('zz-last', { collection: 'many' }),
    ]);
    const parts = await Promise.all(hrefs(catalog, 'child').map((href) => server.json<Linked>(href)));
    const found = parts.flatMap((part) => hrefs(part, 'item')).map((href) => href.split('/').pop());
    assert.equal(found.length, 2503);
    for (const id of ['!first', 'i1500x', 'zz-last']) assert.ok(found.includes(id), id);
  });

  test('what is wrong is a 400 or a 404', async () => {
    for (const query of ['after=%00', 'until=%00', 'after=a&after=b', 'page=1'])
      assert.equal((await server.get(`/collections/c/browse?${query}`)).status, 400, query);
    for (const path of ['/collections/x/browse', '/collections/x/browse/children', '/collections/%00/browse'])
      assert.equal((await server.get(path)).status, 404, path);
    const empty = await server.json<Linked>('/collections/c/browse?after=z&until=a');
    assert.deepEqual(hrefs(empty, 'item'), []);
  });
});
