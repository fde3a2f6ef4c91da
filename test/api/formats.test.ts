import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { collection, item } from '../support/documents.ts';
import { type ItemCollection, startTestServer, type TestServer } from '../support/server.ts';

const GEOJSON = 'application/geo+json';
const NDJSON = 'application/x-ndjson';
const SEQUENCE = 'application/geo+json-seq';
const PARQUET = 'application/vnd.apache.parquet';

/** More than two pages of a stream. */
const MANY = 1203;

const name = (index: number) => `item-${String(index).padStart(5, '0')}`;

interface Feature {
  id: string;
  properties?: { n?: number };
  links?: { rel: string }[];
}

const lines = (text: string, mark = ''): Feature[] => {
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      assert.ok(line.startsWith(mark));
      return JSON.parse(line.slice(mark.length)) as Feature;
    });
};

describe('Items in the form that the client wants', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    const many = Array.from({ length: MANY }, (_, n) => item(name(n), { collection: 'many' }, { n }));
    const pretty = JSON.stringify(item('pretty', { collection: 'few', title: 'a\nb' }), null, 2);
    await server.store([
      collection('many'),
      collection('few'),
      ...many,
      JSON.parse(pretty) as object,
      item('nowhere', { collection: 'few', geometry: null, bbox: undefined }, { big: 1e22 }),
    ]);
  });
  after(() => server.close());

  const ask = (path: string, accept: string | null, body?: object) =>
    server.get(path, {
      headers: { ...(accept !== null && { accept }), 'accept-encoding': 'identity' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  const typeFor = async (accept: string | null) =>
    (await ask('/search?limit=1', accept)).headers.get('content-type');

  const preferences: [string | null, string][] = [
    [null, GEOJSON],
    ['', GEOJSON],
    ['*/*', GEOJSON],
    ['application/*', GEOJSON],
    ['application/json', GEOJSON],
    ['text/html, application/xhtml+xml, */*;q=0.8', GEOJSON],
    [NDJSON, NDJSON],
    ['APPLICATION/X-NDJSON; charset=utf-8', NDJSON],
    ['application/ndjson', 'application/ndjson'],
    ['application/jsonl', 'application/jsonl'],
    [SEQUENCE, SEQUENCE],
    [PARQUET, PARQUET],
    [`${NDJSON}, */*;q=0.1`, NDJSON],
    [`${NDJSON};q=0.4, ${GEOJSON};q=0.5`, GEOJSON],
    [`${GEOJSON};q=0.2, ${PARQUET};q=0.201`, PARQUET],
    [`${GEOJSON};q=0, application/json;q=0, application/x-ndjson`, NDJSON],
  ];
  for (const [accept, expected] of preferences) {
    test(`Accept: ${accept ?? 'not given'} gets ${expected}`, async () => {
      assert.equal(await typeFor(accept), expected);
    });
  }

  test('what cannot be given is 406, and is told what can', async () => {
    for (const accept of ['text/html', 'image/png, text/*', `${GEOJSON};q=0, application/json;q=0`]) {
      const response = await ask('/search', accept);
      const problem = (await response.json()) as { status: number; code: string; detail: string };
      assert.equal(response.status, 406, accept);
      assert.equal(problem.code, 'NotAcceptable');
      for (const type of [GEOJSON, NDJSON, SEQUENCE, PARQUET]) assert.ok(problem.detail.includes(type));
    }
  });

  test('f goes before Accept, on all three paths', async () => {
    for (const path of ['/search?f=ndjson&limit=1', '/collections/many/items?f=ndjson&limit=1'])
      assert.equal((await ask(path, GEOJSON)).headers.get('content-type'), NDJSON);
    assert.equal((await ask('/search?f=ndjson', GEOJSON, { limit: 1 })).headers.get('content-type'), NDJSON);
    assert.equal((await ask('/search?f=geojson', NDJSON)).headers.get('content-type'), GEOJSON);
  });

  for (const query of ['f=xml', 'f=ndjson&f=parquet', 'f=NDJSON']) {
    test(`?${query} is 400 and told what is accepted`, async () => {
      const response = await ask(`/search?${query}`, null);
      const { parameter, detail } = (await response.json()) as { parameter: string; detail: string };
      assert.equal(response.status, 400);
      assert.equal(parameter, 'f');
      assert.match(detail, /geojson, ndjson, geojson-seq, parquet/);
    });
  }

  test('Vary names Accept for each form', async () => {
    for (const accept of [GEOJSON, NDJSON, PARQUET])
      assert.match((await ask('/search?limit=1', accept)).headers.get('vary') ?? '', /\bAccept\b(?!-)/);
  });

  test('NDJSON holds all that is found, each Item once, in the order of the search', async () => {
    const expected = Array.from({ length: MANY }, (_, n) => name(n));
    const got = lines(await (await ask('/search?collections=many&sortby=n', NDJSON)).text());
    assert.deepEqual(
      got.map(({ id }) => id),
      expected,
    );
    const posted = await ask('/search', NDJSON, {
      collections: ['many'],
      sortby: [{ field: 'n', direction: 'desc' }],
    });
    assert.deepEqual(
      lines(await posted.text()).map(({ id }) => id),
      expected.toReversed(),
    );
    const inside = lines(await (await ask('/collections/many/items?sortby=n', NDJSON)).text());
    assert.deepEqual(
      inside.map(({ id }) => id),
      expected,
    );
  });

  test('an Item in NDJSON is the Item of the page', async () => {
    const page = await server.json<ItemCollection>('/search?collections=few');
    assert.deepEqual(lines(await (await ask('/search?collections=few', NDJSON)).text()), page.features);
  });

  test('a limit caps the whole, also above that of a page', async () => {
    for (const limit of [1, 500, 501, 1100])
      assert.equal(lines(await (await ask(`/search?limit=${limit}`, NDJSON)).text()).length, limit);
    assert.equal(
      lines(await (await ask('/search?collections=many&limit=20000', NDJSON)).text()).length,
      MANY,
    );
    assert.equal(lines(await (await ask('/search', NDJSON, { limit: 7 })).text()).length, 7);
    assert.equal((await ask('/search?limit=0', NDJSON)).status, 400);
  });

  test('each record of a GeoJSON text sequence begins with RS and ends with a line feed (RFC 8142 2)', async () => {
    const text = await (await ask('/search?limit=3', SEQUENCE)).text();
    assert.equal(lines(text, '\u001e').length, 3);
  });

  test('an Item that was sent on many lines is on one', async () => {
    const text = await (await ask('/search?ids=pretty', NDJSON)).text();
    const [feature] = lines(text);
    assert.equal((feature as unknown as { title: string }).title, 'a\nb');
  });

  test('fields are those wanted', async () => {
    const [feature] = lines(
      await (await ask('/search?ids=item-00003&fields=id,properties.n', NDJSON)).text(),
    );
    assert.equal(feature?.id, 'item-00003');
    assert.deepEqual(feature?.properties, { n: 3 });
  });

  test('nothing found is an empty text', async () => {
    const response = await ask('/search?ids=none', NDJSON);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });

  test('a Parquet file begins and ends with its mark, also where nothing is found', async () => {
    for (const path of ['/search', '/search?ids=none', '/search?ids=nowhere', '/collections/few/items']) {
      const bytes = Buffer.from(await (await ask(path, PARQUET)).arrayBuffer());
      assert.equal(bytes.subarray(0, 4).toString('latin1'), 'PAR1', path);
      assert.equal(bytes.subarray(-4).toString('latin1'), 'PAR1', path);
    }
  });

  test('a wrong parameter is the same problem in each form', async () => {
    for (const accept of [GEOJSON, NDJSON, PARQUET])
      for (const path of ['/search?bbox=1,2', '/search?filter=)', '/search?nothing=1'])
        assert.equal((await ask(path, accept)).status, 400, `${accept} ${path}`);
    assert.equal((await ask('/collections/none/items', NDJSON)).status, 404);
  });

  test('a token is of pages', async () => {
    const page = await server.json<ItemCollection>('/search?limit=1');
    const next = page.links.find(({ rel }) => rel === 'next')?.href as string;
    const response = await ask(next, NDJSON);
    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as { parameter: string }).parameter, 'token');
  });

  test('the next page of a GeoJSON page asked for by f is there', async () => {
    const page = await server.json<ItemCollection>('/search?limit=1&f=geojson');
    const next = page.links.find(({ rel }) => rel === 'next')?.href as string;
    assert.equal((await server.json<ItemCollection>(next)).features.length, 1);
  });

  test('a page links the whole in other forms', async () => {
    const page = await server.json<{ links: { rel: string; type: string; href: string }[] }>(
      '/search?collections=many&limit=2',
    );
    const links = page.links.filter(({ rel }) => rel === 'alternate');
    assert.deepEqual(links.map(({ type }) => type).sort(), [PARQUET, NDJSON].sort());
    const text = await (await server.get(links.find(({ type }) => type === NDJSON)?.href as string)).text();
    assert.equal(lines(text).length, MANY);
  });

  test('HEAD has the headers and no body', async () => {
    const response = await server.get('/search?f=ndjson', { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), NDJSON);
    assert.equal(await response.text(), '');
  });

  test('OpenAPI lists the media types and f', async () => {
    const api = await server.json<{
      paths: Record<
        string,
        Record<string, { parameters: { name: string }[]; responses: Record<string, { content: object }> }>
      >;
    }>('/api');
    for (const [path, method] of [
      ['/search', 'get'],
      ['/search', 'post'],
      ['/collections/{collectionId}/items', 'get'],
    ] as const) {
      const operation = api.paths[path]?.[method];
      const types = Object.keys(operation?.responses['200']?.content ?? {});
      assert.deepEqual(types, [GEOJSON, NDJSON, SEQUENCE, PARQUET]);
      assert.ok(operation?.parameters.some((parameter) => parameter.name === 'f'));
      assert.ok(operation?.responses['406']);
    }
  });

  test('a client that stops reading does not keep the database from others, and leaves no fault', async () => {
    const asked = httpRequest(`${server.base}/search?f=ndjson`);
    asked.end();
    await new Promise<void>((resolve) =>
      asked.once('response', (response) => {
        response.pause();
        resolve();
      }),
    );
    assert.equal((await server.search({ limit: 1 })).features.length, 1);
    asked.destroy();
    await new Promise((resolve) => asked.once('close', resolve));
    assert.equal((await server.search({ limit: 1 })).features.length, 1);
    assert.deepEqual(server.faults, []);
  });
});

describe('a database that fails amid a stream', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    const documents = Array.from({ length: 1100 }, (_, n) => item(name(n), { note: 'x'.repeat(20_000) }));
    await server.store([collection('c'), ...documents]);
  });
  after(() => server.close());

  test('breaks the connection off, so that nothing seems whole', async () => {
    const response = await server.get('/search?f=ndjson', { headers: { 'accept-encoding': 'identity' } });
    assert.equal(response.status, 200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await sql`alter table items rename column content to gone`.execute(server.database.db);
    const readAll = async () => {
      for (;;) if ((await reader.read()).done) return;
    };
    await assert.rejects(readAll);
    assert.equal(server.faults.length, 1);
  });
});
