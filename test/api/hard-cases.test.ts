import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memberTexts } from '../../src/stac/json-text.ts';
import { box, collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

describe('documents come back as they were sent', () => {
  const DIGITS = `"big":9007199254740993,"long":123456789012345678901234567890,"tiny":1e-7,"one":1.0,"zero":-0.0,"wide":0.123456789012345678901234567891`;
  const text = (id: string, more: string) =>
    `{"odd:field":{"a.b":[1.50,null]},"type":"Feature","stac_version":"1.1.0","id":"${id}","collection":"c","geometry":null,"properties":{"datetime":null,"start_datetime":"2024-01-01T00:00:00Z","end_datetime":"2024-02-01T00:00:00Z",${DIGITS}${more}},"assets":{},"links":[],"other":null}`;
  const NAMES = ['odd:field', 'other', 'properties', 'geometry'];
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c')]);
  });
  after(() => server.close());

  const send = async (method: string, path: string, body: string, type = 'application/json') => {
    const response = await server.get(path, { method, body, headers: { 'content-type': type } });
    const answer = await response.text();
    assert.ok(response.ok, answer);
    return answer;
  };

  async function isKept(id: string, sent: string): Promise<void> {
    const expected = memberTexts(sent);
    const read = await (await server.get(`/collections/c/items/${id}`)).text();
    const found = await (await server.get(`/search?ids=${id}`)).text();
    const listed = await (await server.get('/collections/c/items?limit=100')).text();
    for (const name of NAMES) {
      assert.equal(memberTexts(read).get(name), expected.get(name), name);
      for (const page of [found, listed]) assert.ok(page.includes(`"${name}":${expected.get(name)}`), name);
    }
  }

  test('datetime null, unknown members, integers beyond 2^53 and 30 digits, by POST, PUT and PATCH', async () => {
    await send('POST', '/collections/c/items', text('i', ''));
    await isKept('i', text('i', ''));
    await send('PUT', '/collections/c/items/i', text('i', ',"more":[18446744073709551617]'));
    await isKept('i', text('i', ',"more":[18446744073709551617]'));
    const patch = '{"properties":{"patched":98765432109876543210.5}}';
    await send('PATCH', '/collections/c/items/i', patch, 'application/merge-patch+json');
    await isKept('i', text('i', ',"more":[18446744073709551617],"patched":98765432109876543210.5'));
    const operations =
      '[{"op":"add","path":"/properties/last","value":0.1000000000000000055511151231257827}]';
    await send('PATCH', '/collections/c/items/i', operations, 'application/json-patch+json');
    const all =
      ',"more":[18446744073709551617],"patched":98765432109876543210.5,"last":0.1000000000000000055511151231257827';
    await isKept('i', text('i', all));
  });

  test('in a list they are kept too, and compared digit by digit', async () => {
    const features = ['x', 'y'].map((id) =>
      text(id, `,"n":${id === 'x' ? '9007199254740993' : '9007199254740992'}`),
    );
    await send('POST', '/collections/c/items', `{"type":"FeatureCollection","features":[${features}]}`);
    await isKept('x', features[0] as string);
    const found = await server.json<ItemCollection>('/search?filter=n=9007199254740993');
    assert.deepEqual(
      found.features.map(({ id }) => id),
      ['x'],
    );
  });

  test('numbers of a property that nobody registered are sorted as numbers, in pages', async () => {
    const numbers = ['10', '9', '1e2', '-3', '9.5', '0.001', '123456789012345678901234567890', '100.5'];
    for (const [index, number] of numbers.entries())
      await send('POST', '/collections/c/items', text(`s${index}`, `,"x:unheard.of":${number}`));
    for (const direction of ['', '-']) {
      const found: string[] = [];
      for (
        let next: string | undefined =
          `/search?sortby=${direction}x:unheard.of&limit=3&filter=id LIKE 's%25'`;
        next;
      ) {
        const page: ItemCollection = await server.json(next);
        found.push(...page.features.map(({ id }) => numbers[Number(id.slice(1))] as string));
        next = page.links.find(({ rel }) => rel === 'next')?.href;
      }
      const expected = [...numbers].sort((a, b) => Number(a) - Number(b));
      assert.deepEqual(found, direction ? expected.reverse() : expected);
    }
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});

describe('across the antimeridian', () => {
  let server: TestServer;
  const point = (lon: number, lat: number, height: number) => ({
    type: 'Point',
    coordinates: [lon, lat, height],
  });
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c'),
      item('fiji', { geometry: box(177, -19, 182, -16), bbox: [177, -19, -178, -16] }),
      item('west', { geometry: point(179, -17, 100), bbox: [179, -17, 100, 179, -17, 100] }),
      item('east', { geometry: point(-179, -17, 5000), bbox: [-179, -17, 5000, -179, -17, 5000] }),
      item('rome', { geometry: point(12, 42, 20), bbox: [12, 42, 20, 12, 42, 20] }),
    ]);
  });
  after(() => server.close());

  const split = {
    type: 'MultiPolygon',
    coordinates: [box(178, -20, 180, -15), box(-180, -20, -178, -15)].map(
      (each) => (each as { coordinates: unknown }).coordinates,
    ),
  };
  const cases: [string, object, string][] = [
    ['4 numbers, west > east', { bbox: [178, -20, -178, -15] }, 'east fiji west'],
    ['one side', { bbox: [178.5, -20, 180, -15] }, 'fiji west'],
    ['the rest of the world', { bbox: [-177, -90, 176, 90] }, 'rome'],
    // What has no heights is at any of them.
    ['6 numbers, low', { bbox: [178, -20, 0, -178, -15, 200] }, 'fiji west'],
    ['6 numbers, high', { bbox: [178, -20, 4000, -178, -15, 6000] }, 'east fiji'],
    ['a geometry that goes beyond 180', { intersects: box(178, -20, 182, -15) }, 'east fiji west'],
    ['a geometry in two parts', { intersects: split }, 'east fiji west'],
    ['a geometry of one side', { intersects: box(-179.5, -20, -178.5, -15) }, 'east fiji'],
  ];
  for (const [title, search, expected] of cases)
    test(`${title} by POST, GET and on the Collection's Items`, async () => {
      const of = ({ features }: ItemCollection) =>
        features
          .map(({ id }) => id)
          .sort()
          .join(' ');
      assert.equal(of(await server.search(search)), expected);
      const [[name, value]] = Object.entries(search) as [[string, unknown]];
      const query = new URLSearchParams({ [name]: name === 'bbox' ? String(value) : JSON.stringify(value) });
      assert.equal(of(await server.json(`/search?${query}`)), expected);
      if (name === 'bbox') assert.equal(of(await server.json(`/collections/c/items?${query}`)), expected);
    });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});

describe('a proxy that is trusted and says nonsense', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRUST_PROXY: 'true' });
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  const nonsense: Record<string, string[]> = {
    'x-forwarded-proto': [
      'javascript:',
      'javascript',
      'data:text/html,x',
      'javascript:,https',
      'ftp',
      'file',
      '"',
      '',
    ],
    'x-forwarded-host': [
      'evil.example/x',
      'a b',
      'user@evil.example',
      'a:99999',
      'a:x',
      '<b>',
      '[::1',
      '..',
      '[:::]',
      'a#b',
      'a?b',
      '%00',
      'a..b',
      '-',
      '1.2.3.4.5',
      '999.1.1.1',
    ],
    'x-forwarded-port': ['-1', 'x', '99999', '80;', '1/2', '8443<'],
    'x-forwarded-prefix': [
      'javascript:alert(1)',
      '//evil.example',
      '/<b>',
      '/a b',
      '/a"b',
      'a',
      '/a?b',
      '/a#b',
      '/%zz',
      '/..',
      '/a/../..',
      '/a/%2E%2e/b',
      '\\\\evil.example',
    ],
  };
  for (const [name, values] of Object.entries(nonsense))
    for (const value of values)
      test(`${name}: ${value || 'nothing'} leaves addresses whole`, async () => {
        for (const path of ['/', '/search?limit=1', '/collections/c/items/i', '/api']) {
          const response = await server.get(path, { headers: { [name]: value } });
          const text = await response.text();
          assert.equal(response.status, 200, text);
          const { links = [], servers = [] } = JSON.parse(text) as {
            links?: { href: string }[];
            servers?: { url: string }[];
          };
          const own = [...links.map(({ href }) => href), ...servers.map(({ url }) => url)].filter(
            (href) => !href.startsWith('https://'),
          );
          assert.ok(own.length > 0);
          for (const href of own) {
            assert.ok(URL.canParse(href), href);
            const { protocol, username } = new URL(href);
            assert.deepEqual([protocol, username], ['http:', '']);
            assert.ok(!/evil|javascript|[<>" \\]|\.\./.test(href), href);
          }
        }
      });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
