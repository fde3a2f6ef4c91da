import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { UserError } from '../../src/errors.ts';
import type { Found } from '../../src/load/found.ts';
import { openSource } from '../../src/load/open-source.ts';
import type { Filters } from '../../src/load/stac-api.ts';
import { collection, item } from '../support/documents.ts';

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

const NO_FILTERS: Filters = { collections: null, bbox: null, datetime: null, limit: null };

const documents = [collection('c'), item('a'), item('b')].map((each) => JSON.stringify(each));
const lines = documents.join('\n');

describe('sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rucio-stac-source-'));
  /** What the server answers, by path. */
  const answers = new Map<string, Answer | ((count: number) => Answer)>();
  const asked = new Map<string, number>();
  let base: string;
  const server = createServer((request, response) => {
    const path = request.url as string;
    const count = (asked.get(path) ?? 0) + 1;
    asked.set(path, count);
    const given = answers.get(path) ?? { status: 404, body: 'nothing here' };
    const { status = 200, headers = {}, body = '' } = typeof given === 'function' ? given(count) : given;
    response.writeHead(status, headers).end(body);
  });
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  async function read(name: string, filters: Partial<Filters> = {}): Promise<Found[]> {
    const found: Found[] = [];
    const { documents: all } = await openSource(name, { ...NO_FILTERS, ...filters });
    for await (const each of all) found.push(each);
    return found;
  }

  test('options that choose from a STAC API are refused where there is none', async () => {
    const path = write('whole.ndjson', lines);
    const refused = (names: string) =>
      new RegExp(`is no STAC API, and ${names} choose from one only; leave them out`);
    await assert.rejects(read(path, { limit: 1 }), refused('--limit'));
    await assert.rejects(read(path, { collections: ['c'], bbox: [0, 0, 1, 1] }), refused('.*--bbox'));
    answers.set('/x.ndjson', { body: lines });
    await assert.rejects(
      read(`${base}/x.ndjson`, { datetime: '2024-01-01T00:00:00Z' }),
      refused('--datetime'),
    );
  });

  const texts = (found: Found[]) => found.map((each) => ('text' in each ? each.text : each.fault));
  const one = (reason: RegExp) => (error: unknown) =>
    error instanceof UserError && reason.test(error.message) && !error.message.includes('\n');

  test('gzip is taken off, of files and of answers', async () => {
    const packed = gzipSync(lines);
    assert.deepEqual(texts(await read(write('packed.ndjson.gz', packed))), documents);
    answers.set('/packed.ndjson.gz', { body: packed });
    answers.set('/coded.ndjson', { body: packed, headers: { 'content-encoding': 'gzip' } });
    answers.set('/brotli.ndjson', { body: brotliCompressSync(lines), headers: { 'content-encoding': 'br' } });
    for (const path of ['/packed.ndjson.gz', '/coded.ndjson', '/brotli.ndjson'])
      assert.deepEqual(texts(await read(base + path)), documents, path);
  });

  const many = gzipSync(
    Array.from({ length: 20_000 }, (_, n) => JSON.stringify({ n, at: n / 7 })).join('\n'),
  );
  const broken: [string, Buffer][] = [
    ['a cut one', many.subarray(0, many.length >> 1)],
    ['one with a hole', Buffer.concat([many.subarray(0, 50_000), Buffer.alloc(500), many.subarray(50_500)])],
    ['one that only begins so', Buffer.from([0x1f, 0x8b, 0x6e, 0x6f])],
    ['one whose checksum is not its own', Buffer.concat([many.subarray(0, -8), Buffer.alloc(8)])],
  ];
  for (const [what, bytes] of broken) {
    test(`broken gzip, ${what}, ends with one sentence, of a file and of a server`, async () => {
      const reason = /cannot be read( on)?: its gzip compression is broken \(/;
      await assert.rejects(read(write('broken.ndjson.gz', bytes)), one(reason));
      answers.set('/broken.ndjson.gz', { body: bytes });
      await assert.rejects(read(`${base}/broken.ndjson.gz`), one(reason));
      answers.set('/broken.ndjson', { body: bytes, headers: { 'content-encoding': 'gzip' } });
      await assert.rejects(read(`${base}/broken.ndjson`), one(reason));
    });
  }

  test('what is no text ends with one sentence', async () => {
    const latin = Buffer.from('{"type":"Feature","title":"Z\u00fcrich"}', 'latin1');
    await assert.rejects(read(write('latin.json', latin)), one(/latin\.json cannot be read.*not UTF-8/));
    answers.set('/latin.json', { body: latin });
    await assert.rejects(read(`${base}/latin.json`), one(/latin\.json cannot be read.*not UTF-8/));
  });

  /** A STAC API whose one page of Items has such a `next` link. */
  const offer = (next: object | null) => {
    const links = [
      { rel: 'data', href: `${base}/collections` },
      { rel: 'search', href: `${base}/search` },
    ];
    const json = (body: object) => ({ body: JSON.stringify(body) });
    answers.set('/api', json({ type: 'Catalog', id: 'a', stac_version: '1.1.0', description: 'd', links }));
    answers.set('/collections', json({ collections: [collection('c')], links: [] }));
    answers.set(
      '/search?limit=250',
      json({ type: 'FeatureCollection', features: [item('a')], links: next ? [next] : [] }),
    );
  };

  const hopeless: [string, object, RegExp][] = [
    ['a file', { href: 'file:///etc/passwd' }, /its protocol is file:; accepted are http: and https:/],
    ['what is in the address', { href: 'data:application/json,{"features":[]}' }, /its protocol is data:/],
    ['a port out of range', { href: 'http://127.0.0.1:99999/' }, /it is no address; check its host and port/],
    ['a host that is none', { href: '//[/' }, /it is no address/],
    ['a header that is none', { href: '/next', headers: { 'x y': '\n' } }, /cannot be read: .*header/i],
    [
      'a password',
      { href: 'http://user:secret@127.0.0.1/' },
      /^http:..\*\*\*@127.* holds a user name or password/,
    ],
    ['a method that is none', { href: '/missing', method: 5 }, /answers 404: nothing here/],
  ];
  for (const [what, link, reason] of hopeless) {
    test(`a next link of ${what} ends at once with one sentence`, async () => {
      offer({ rel: 'next', ...link });
      const begun = performance.now();
      await assert.rejects(read(`${base}/api`), one(reason));
      // Trying again begins with 250 ms, and is 5 s in all.
      assert.ok(performance.now() - begun < 2000);
    });
  }

  test('an answer that passes is asked for again', async () => {
    offer(null);
    const { body } = answers.get('/search?limit=250') as Answer;
    answers.set('/search?limit=250', (count) => (count === 1 ? { status: 503 } : { body: body as string }));
    asked.clear();
    assert.equal((await read(`${base}/api`)).length, 2);
    assert.equal(asked.get('/search?limit=250'), 2);
  });

  test('what a server says is wrong is told in its words', async () => {
    const told: [string, RegExp][] = [
      [
        '{"type":"about:blank","title":"Bad","detail":"limit is 250;\\naccepted is 100"}',
        /answers 400: limit is 250; accepted is 100$/,
      ],
      ['{"code":"InvalidParameterValue","description":"no such field"}', /answers 400: no such field$/],
      ['{"detail":[{"loc":["query","limit"],"msg":"too large"}]}', /answers 400: .*"too large"/],
      ['<html><body>Bad Request</body></html>', /answers 400$/],
    ];
    for (const [body, reason] of told) {
      answers.set('/wrong', { status: 400, body });
      await assert.rejects(read(`${base}/wrong`), one(reason));
    }
  });

  test('redirects are followed, but not round and round', async () => {
    answers.set('/moved', { status: 302, headers: { location: '/packed.ndjson' } });
    answers.set('/packed.ndjson', { body: lines });
    assert.deepEqual(texts(await read(`${base}/moved`)), documents);
    answers.set('/round', { status: 302, headers: { location: '/round' } });
    await assert.rejects(read(`${base}/round`), one(/leads on more than 10 times/));
    answers.set('/off', { status: 302, headers: { location: 'file:///etc/passwd' } });
    await assert.rejects(read(`${base}/off`), one(/its protocol is file:/));
  });

  test('what is no source is one clear sentence', async () => {
    await assert.rejects(read(join(folder, 'none.ndjson')), one(/does not exist; give the path of a file/));
    mkdirSync(join(folder, 'empty'));
    await assert.rejects(
      read(join(folder, 'empty')),
      one(/holds neither catalog\.json nor collection\.json/),
    );
    await assert.rejects(
      read('http://127.0.0.1:1/'),
      one(/^http:..127\.0\.0\.1:1\/ cannot be read: .*ECONNREFUSED/),
    );
    await assert.rejects(read('http://127.0.0.1:99999/'), one(/is no address/));
  });

  test('a file may be named by its address; other protocols are one clear sentence', async () => {
    const path = write('named ü.ndjson', lines);
    assert.deepEqual(texts(await read(pathToFileURL(path).href)), documents);
    await assert.rejects(
      read('s3://bucket/items.json'),
      one(/is of s3:; load reads files, and addresses of http/),
    );
  });

  test('a static catalogue whose links go round is read once, however they are written', async () => {
    const hrefs = [
      './catalog.json',
      '%2e/catalog.json',
      './/catalog.json',
      'c%61talog.json',
      'in/catalog.json',
      'no%2ejson',
    ];
    const links = hrefs.map((href) => ({ rel: 'child', href }));
    const root = { type: 'Catalog', id: 'r', stac_version: '1.1.0', description: 'd' };
    const text = JSON.stringify({
      ...root,
      links: [...links, { rel: 'item', href: 'a.json' }, { rel: 'item', href: '%61.json' }],
    });
    const path = write('catalog.json', text);
    write('a.json', documents[1] as string);
    symlinkSync('.', join(folder, 'in'));
    answers.set('/catalog.json', { body: text });
    answers.set('/a.json', { body: documents[1] as string });
    asked.clear();
    const kinds = (found: Found[]) => found.map((each) => ('text' in each ? 'Item' : 'fault')).sort();
    assert.deepEqual(kinds(await read(path)), ['Item', 'fault']);
    // A server knows no links of a file system: both are addresses without an answer.
    assert.deepEqual(kinds(await read(`${base}/catalog.json`)), ['Item', 'fault', 'fault']);
    assert.equal(asked.get('/a.json'), 1);
  });

  test('other places of an asset become absolute as the asset does', async () => {
    const alternate = { near: { href: './b.tif' }, far: { href: 's3://b/b.tif' }, odd: null };
    const assets = { data: { href: '../a.tif', alternate }, odd: { href: 'c.tif', alternate: 5 } };
    answers.set('/below/item.json', { body: JSON.stringify(item('a', { assets })) });
    const [text] = texts(await read(`${base}/below/item.json`));
    const { assets: made } = JSON.parse(text as string) as { assets: unknown };
    assert.deepEqual(made, {
      data: {
        href: `${base}/a.tif`,
        alternate: { near: { href: `${base}/below/b.tif` }, far: { href: 's3://b/b.tif' }, odd: null },
      },
      odd: { href: `${base}/below/c.tif`, alternate: 5 },
    });
  });
});
