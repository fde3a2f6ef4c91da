/** STAC API Children 1.0.0-rc.2, with one sub-catalogue a Rucio scope. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeValidator } from '../../src/stac/validate.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Link {
  rel: string;
  href: string;
  type?: string;
  title?: string;
}
interface Linked {
  type: string;
  id: string;
  links: Link[];
}
interface Children {
  children: Linked[];
  links: Link[];
  numberMatched: number;
  numberReturned: number;
}

const hrefs = ({ links }: { links: Link[] }, rel: string) =>
  links.filter((link) => link.rel === rel).map(({ href }) => href);
const ids = ({ children }: Children) => children.map(({ id }) => id);

const inScope = (id: string, scope: unknown) => collection(id, { 'rucio:scope': scope });

describe('children', () => {
  const validator = makeValidator();
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('loose-b', { title: 'Loose b' }),
      collection('loose-a'),
      inScope('x.one', 'x'),
      inScope('x.two', 'x'),
      inScope('x.three', 'x'),
      inScope('user/jö', 'user.jö/é?#'),
      // What no address can name, and what is no scope, is shown under the root.
      inScope('dots', '..'),
      inScope('empty', ''),
      inScope('number', 7),
      // Its extent follows.
      item('i', { collection: 'x.one' }),
      item('i', { collection: 'loose-a' }),
    ]);
  });
  after(() => server.close());

  const ROOT = ['user.jö/é?#', 'x', 'dots', 'empty', 'loose-a', 'loose-b', 'number'];

  test('the landing page has a children link and links to each scope and each Collection without one', async () => {
    const landing = await server.json<Linked & { conformsTo: string[] }>('/');
    assert.ok(landing.conformsTo.includes('https://api.stacspec.org/v1.0.0-rc.2/children'));
    assert.deepEqual(hrefs(landing, 'children'), [`${server.base}/children`]);
    const children = await Promise.all(hrefs(landing, 'child').map((href) => server.json<Linked>(href)));
    assert.deepEqual(
      children.map(({ id }) => id),
      ROOT,
    );
    const titled = landing.links.find(({ href }) => href.endsWith('/loose-b'));
    assert.deepEqual(titled, {
      rel: 'child',
      type: 'application/json',
      href: `${server.base}/collections/loose-b`,
      title: 'Loose b',
    });
  });

  test('/children returns all that the child links name, with root, parent and self', async () => {
    const page = await server.json<Children>('/children');
    assert.deepEqual(ids(page), ROOT);
    assert.deepEqual([page.numberMatched, page.numberReturned], [7, 7]);
    assert.deepEqual(hrefs(page, 'root'), [`${server.base}/`]);
    assert.deepEqual(hrefs(page, 'parent'), [`${server.base}/`]);
    assert.deepEqual(hrefs(page, 'self'), [`${server.base}/children`]);
    const landing = await server.json<Linked>('/');
    assert.deepEqual(
      page.children.flatMap((child) => hrefs(child, 'self')),
      hrefs(landing, 'child'),
    );
  });

  test('every child is valid STAC, is at its self link, and names the one it is below as its parent', async () => {
    for (const path of ['/children', '/catalogs/x/children', '/collections/x.one/children']) {
      const page = await server.json<Children>(path);
      assert.ok(page.children.length > 0, path);
      const faults = await validator.validate(page.children);
      assert.deepEqual(faults.filter(Boolean), [], path);
      for (const child of page.children) {
        assert.deepEqual(hrefs(child, 'parent'), hrefs(page, 'parent'), child.id);
        const [self = ''] = hrefs(child, 'self');
        const there = await server.json<Linked>(self);
        // stac-api-validator compares the whole; a Catalog of Items may leave its links out here.
        if (path.startsWith('/collections/')) assert.equal(there.id, child.id);
        else assert.deepEqual(there, child);
      }
    }
  });

  test('what has child links has a children link, whose page has them all', async () => {
    const seen: string[] = [];
    const walk = async (href: string): Promise<void> => {
      seen.push(href);
      const document = await server.json<Linked>(href);
      const below = hrefs(document, 'child');
      if (below.length === 0) return;
      const [children = ''] = hrefs(document, 'children');
      const page = await server.json<Children>(children);
      assert.deepEqual(
        page.children.flatMap((child) => hrefs(child, 'self')),
        below,
      );
      assert.deepEqual(hrefs(page, 'parent'), hrefs(document, 'self'));
      for (const each of below) await walk(each);
    };
    await walk(`${server.base}/`);
    // The root, 2 scopes, 9 Collections, and the Catalog of the Items of each.
    assert.equal(new Set(seen).size, 1 + 2 + 9 + 9);
  });

  test('a Collection of a scope is below its Catalog, another below the root', async () => {
    const one = await server.json<Linked>('/collections/x.one');
    assert.deepEqual(hrefs(one, 'parent'), [`${server.base}/catalogs/x`]);
    const scope = await server.json<Linked>('/catalogs/x');
    assert.equal(scope.type, 'Catalog');
    assert.deepEqual(hrefs(scope, 'child'), [
      `${server.base}/collections/x.one`,
      `${server.base}/collections/x.three`,
      `${server.base}/collections/x.two`,
    ]);
    for (const id of ['loose-a', 'dots', 'number'])
      assert.deepEqual(hrefs(await server.json<Linked>(`/collections/${id}`), 'parent'), [`${server.base}/`]);
    const awkward = await server.json<Linked>('/collections/user%2Fj%C3%B6');
    const [parent = ''] = hrefs(awkward, 'parent');
    assert.equal((await server.json<Linked>(parent)).id, 'user.jö/é?#');
  });

  test('/collections lists them with the same parent', async () => {
    const { collections } = await server.json<{ collections: Linked[] }>('/collections?limit=1000');
    const found = collections.find(({ id }) => id === 'x.two') as Linked;
    assert.deepEqual(hrefs(found, 'parent'), [`${server.base}/catalogs/x`]);
  });

  test('pages go on at their next link, and have each child once', async () => {
    for (const [path, expected] of [
      ['/children', ROOT],
      ['/catalogs/x/children', ['x.one', 'x.three', 'x.two']],
    ] as const) {
      const found: string[] = [];
      let next: string | undefined = `${path}?limit=2`;
      while (next) {
        const page: Children = await server.json<Children>(next);
        assert.ok(page.numberReturned <= 2);
        assert.equal(page.numberMatched, expected.length);
        found.push(...ids(page));
        [next] = hrefs(page, 'next');
      }
      assert.deepEqual(found, expected);
    }
  });

  test('type filters, and is kept by the next link', async () => {
    assert.deepEqual(ids(await server.json<Children>('/children?type=Catalog')), ROOT.slice(0, 2));
    assert.deepEqual(ids(await server.json<Children>('/catalogs/x/children?type=Catalog')), []);
    assert.deepEqual(ids(await server.json<Children>('/collections/x.one/children?type=Collection')), []);
    const first = await server.json<Children>('/children?type=Collection&limit=3');
    const second = await server.json<Children>(hrefs(first, 'next')[0] ?? '');
    assert.deepEqual([...ids(first), ...ids(second)], ROOT.slice(2));
    assert.equal(first.numberMatched, 5);
  });

  test('what is wrong is a 400 that names the parameter; a scope that nobody has is a 404', async () => {
    for (const [query, parameter] of [
      ['limit=0', 'limit'],
      ['limit=x', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['type=Item', 'type'],
      ['type=catalog', 'type'],
      ['token=x', 'token'],
      ['token=Q2F0YWxvZyAA', 'token'],
      ['colour=red', 'colour'],
    ]) {
      for (const path of ['/children', '/catalogs/x/children', '/collections/x.one/children']) {
        const response = await server.get(`${path}?${query}`);
        assert.equal(response.status, 400, `${path}?${query}`);
        assert.equal(((await response.json()) as { parameter: string }).parameter, parameter);
      }
    }
    for (const path of [
      '/catalogs/none',
      '/catalogs/none/children',
      '/catalogs/%00',
      '/collections/none/children',
    ])
      assert.equal((await server.get(path)).status, 404, path);
  });

  test('the sub-catalogue follows what is written', async () => {
    await server.store([inScope('moves', 'was')]);
    assert.equal((await server.get('/catalogs/was')).status, 200);
    await server.store([inScope('moves', 'is')]);
    assert.equal((await server.get('/catalogs/was')).status, 404);
    const moved = await server.json<Linked>('/collections/moves');
    assert.deepEqual(hrefs(moved, 'parent'), [`${server.base}/catalogs/is`]);
  });

  test('child, item and children links of a stored document give way to those of the server', async () => {
    const links = ['child', 'item', 'children'].map((rel) => ({ rel, href: `https://else.example/${rel}` }));
    await server.store([
      collection('from-files', { links: [...links, { rel: 'license', href: 'https://else.example/l' }] }),
    ]);
    const found = await server.json<Linked>('/collections/from-files');
    assert.deepEqual(
      found.links.filter(({ href }) => href.startsWith('https://else.example/')).map(({ rel }) => rel),
      ['license'],
    );
  });
});
