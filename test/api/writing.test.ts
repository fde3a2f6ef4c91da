import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Problem {
  code: string;
  description: string;
  parameter?: string;
}

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
/** An Item's text with one more member in its properties. */
const withProperty = (id: string, member: string) =>
  JSON.stringify(item(id)).replace('"properties":{', `"properties":{${member},`);

describe('what is written is checked first, and written whole', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c')]);
  });
  after(() => server.close());

  const path = '/collections/c/items';
  const send = (body: string | Buffer, headers: Record<string, string> = {}, method = 'POST', to = path) =>
    server.get(to, { method, body, headers: { 'content-type': 'application/json', ...headers } });

  async function refused(body: string | Buffer, code: string, told: RegExp, headers = {}, to = path) {
    const response = await send(body, headers, 'POST', to);
    const problem = (await response.json()) as Problem;
    assert.equal(problem.code, code, `${response.status} ${problem.description}`);
    assert.match(problem.description, told);
    assert.ok(problem.description.length < 1000, 'what came is not repeated whole');
  }

  test('600 Items, one of which is there already, are a 409 and none is written', async () => {
    assert.equal((await send(JSON.stringify(item('p550')))).status, 201);
    const features = Array.from({ length: 600 }, (_, index) => item(`p${index}`));
    const response = await send(JSON.stringify({ type: 'FeatureCollection', features }));
    assert.equal(response.status, 409);
    assert.equal((await server.search({ limit: 1 })).numberMatched, 1);
  });

  test('two Items with one id in one body are a 400 that names it', async () => {
    const features = [item('twin'), item('other'), item('twin', {}, { second: true })];
    await refused(JSON.stringify({ type: 'FeatureCollection', features }), 'InvalidDocument', /"twin"/);
    assert.equal((await server.search({ ids: ['twin', 'other'] })).numberMatched, 0);
  });

  test('bytes that are no UTF-8 are a 400, not other text', async () => {
    const [head, tail] = withProperty('bytes', '"title":"~"').split('~') as [string, string];
    const body = Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from(tail)]);
    await refused(body, 'InvalidBody', /utf-8/);
    await refused(gzipSync(body), 'InvalidBody', /utf-8/, { 'content-encoding': 'gzip' });
  });

  test('a compressed body is taken; other encodings and charsets are a 415', async () => {
    const packed = gzipSync(JSON.stringify(item('packed')));
    assert.equal((await send(packed, { 'content-encoding': 'gzip' })).status, 201);
    await refused('{}', 'UnsupportedMediaType', /gzip/, { 'content-encoding': 'compress' });
    const odd = { 'content-type': 'application/json; charset=klingon' };
    await refused('{}', 'UnsupportedMediaType', /"klingon"; accepted is utf-8/, odd);
    await refused(gzipSync(' '.repeat(40_000_000)), 'PayloadTooLarge', /larger/, {
      'content-encoding': 'gzip',
    });
  });

  for (const links of [{ a: 1 }, {}, null, 'ab', '', 5, [null], ['['], [[]]]) {
    test(`links that are ${JSON.stringify(links)} are a 400 that names links`, async () => {
      await refused(JSON.stringify(item('l', { links })), 'InvalidDocument', /^links/);
      const body = JSON.stringify(collection('l', { links }));
      await refused(body, 'InvalidDocument', /^links/, {}, '/collections');
    });
  }

  test('a document nested deeper than a hundred levels is a 400', async () => {
    await refused(withProperty('d', `"a":${nested(101)}`), 'InvalidBody', /100/);
    await refused(withProperty('d', `"a":${nested(1_000_000)}`), 'InvalidBody', /100/);
    assert.equal((await send(withProperty('d', `"a":${nested(90)},"b":"${'['.repeat(200)}"`))).status, 201);
  });

  const versions = [
    '__proto__',
    'constructor',
    '0.9.0',
    '1.0.0-rc.1',
    '1.1.0/../x',
    1,
    null,
    'x'.repeat(1e6),
  ];
  for (const version of versions) {
    test(`stac_version ${JSON.stringify(version).slice(0, 40)} is a 400`, async () => {
      const body = JSON.stringify(item('v', { stac_version: version }));
      await refused(body, 'InvalidDocument', /^stac_version is .*1\.0\.0 and 1\.1\.0/);
    });
  }

  test('an instant that is not within the years 0001 to 9999 in UTC is a 400', async () => {
    for (const datetime of ['9999-12-31T23:59:59-23:59', '0001-01-01T00:00:00+01:00', 'x'.repeat(1e6)]) {
      await refused(JSON.stringify(item('y', {}, { datetime })), 'InvalidDocument', /0001 to 9999/);
    }
  });

  test('ids that no URL can name are a 400', async () => {
    for (const id of ['.', '..']) {
      await refused(JSON.stringify(item(id)), 'InvalidDocument', /^id is/);
      await refused(JSON.stringify(collection(id)), 'InvalidDocument', /^id is/, {}, '/collections');
    }
  });

  test('numbers beyond what the copy for filters can hold keep their text', async () => {
    const member = `"big":1e200000,"small":1e-20000,"many":[${Array(10_000).fill('1e131071')}],"n":0.1`;
    const response = await send(withProperty('numbers', member));
    assert.equal(response.status, 201, await response.clone().text());
    assert.ok((await (await server.get(`${path}/numbers`)).text()).includes(member));
    const { rows } = await sql<{ copy: object }>`
      select (properties - 'many')::text as copy from items where id = 'numbers'`.execute(server.database.db);
    const copy = JSON.parse(String(rows[0]?.copy));
    assert.deepEqual([copy.big, copy.small, copy.n], [null, 0, 0.1]);
  });

  test('members that only PostGIS would read do not move an Item; the document keeps them', async () => {
    const geometry = {
      Coordinates: [50, 50],
      type: 'Point',
      coordinates: [1, 2, 3, 4, 5],
      crs: { type: 'name', properties: { name: 'EPSG:3857' } },
    };
    const response = await send(JSON.stringify(item('cased', { geometry, bbox: [1, 2, 1, 2] })));
    assert.equal(response.status, 201, await response.clone().text());
    assert.equal((await server.search({ ids: ['cased'], bbox: [0, 1, 2, 3] })).numberMatched, 1);
    assert.deepEqual((await server.json(`${path}/cased`)).geometry, geometry);
  });

  test('PUT writes what is there; what is not is a 404 and stays away', async () => {
    const body = JSON.stringify(item('new'));
    assert.equal((await send(body, {}, 'PUT', `${path}/new`)).status, 404);
    assert.equal((await server.get(`${path}/new`)).status, 404);
    const absent = JSON.stringify(collection('absent'));
    assert.equal((await send(absent, {}, 'PUT', '/collections/absent')).status, 404);
    assert.equal((await server.get('/collections/absent')).status, 404);
    const changed = JSON.stringify(collection('c', { title: 'changed' }));
    assert.equal((await send(changed, {}, 'PUT', '/collections/c')).status, 200);
    assert.equal((await server.json('/collections/c')).title, 'changed');
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
