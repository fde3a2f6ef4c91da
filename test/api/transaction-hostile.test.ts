import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const TYPES = [
  'application/json',
  'application/geo+json',
  'application/merge-patch+json',
  'application/json-patch+json',
];
const TARGETS: [string, string][] = [
  ['POST', '/collections'],
  ['PUT', '/collections/c'],
  ['PATCH', '/collections/c'],
  ['POST', '/collections/c/items'],
  ['POST', '/collections/c/items?mode=upsert&partial=true'],
  ['PUT', '/collections/c/items/i'],
  ['PATCH', '/collections/c/items/i'],
];

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);
/** Bodies that are wrong in every place. */
const BODIES = [
  '',
  ' ',
  'null',
  '[]',
  '{}',
  '0',
  '"x"',
  'true',
  '\0',
  '{"id":"\\u0000"}',
  '{"id":1e999}',
  '{"id":"\\ud800"}',
  '{"id":".."}',
  '{"id":{}}',
  '{"__proto__":{"id":"x"}}',
  '{"constructor":null}',
  '{"links":"x"}',
  '{"links":[null]}',
  '{"links":{"0":{}}}',
  '{"type":"Feature"}',
  '{"type":"FeatureCollection"}',
  '{"type":"FeatureCollection","features":[null,[],{},"x",1,{"type":"Feature"}]}',
  '{"type":"FeatureCollection","features":[{"type":"Feature","id":"\\u0000"}]}',
  '{"collections":[null,[],{},"x",1,{"type":"Collection"}]}',
  '{"collections":{}}',
  '{"type":"Collection"}',
  '{"type":"Collection","id":"x","extent":[]}',
  '{"geometry":{"type":"Point","coordinates":[1e999,null]}}',
  '{"geometry":{"type":"GeometryCollection","geometries":[]}}',
  '{"properties":[]}',
  '{"properties":{"datetime":"0000-00-00T00:00:00Z"}}',
  '{"stac_extensions":["__proto__",5]}',
  '{"stac_extensions":{"a":1}}',
  '{"stac_version":"__proto__"}',
  '{"bbox":[null,"a"]}',
  '{"assets":[]}',
  '[{"op":"add"}]',
  '[{"op":"add","path":"/__proto__/x","value":1}]',
  '[{"op":"add","path":"/links/0/href","value":{}}]',
  '[{"op":"replace","path":"","value":null}]',
  '[{"op":"replace","path":"","value":[]}]',
  '[{"op":"move","from":"","path":"/a"}]',
  '[{"op":"test","path":"","value":null}]',
  '[{"op":"test","path":"/id","value":"x"},null]',
  '[{"op":"add","path":"/properties/\\u0000","value":"\\u0000"},{"op":"add","path":"/bbox/0","value":1e999}]',
  nested(5000, '[', ']'),
  nested(5000, '{"a":', '}'),
  `{"a":${nested(99, '[', ']')}}`,
  `[{"op":"add","path":"/properties/x","value":${nested(98, '[', ']')}}]`,
];

describe('bodies and headers that are wrong', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c'), item('i')]);
  });
  after(() => server.close());

  for (const [method, path] of TARGETS) {
    test(`${method} ${path}: a 4xx that says why, or what was asked for; never a 5xx`, async () => {
      for (const type of TYPES)
        for (const body of BODIES) {
          const response = await server.get(path, { method, body, headers: { 'content-type': type } });
          const text = await response.text();
          assert.ok(response.status < 500, `${type} ${body.slice(0, 80)}: ${text}`);
          if (response.status < 400) continue;
          const { description } = JSON.parse(text) as { description: string };
          assert.ok(description.length > 10 && description.length < 1500, description);
        }
    });
  }

  test('conditions and preferences that are wrong', async () => {
    const path = '/collections/c/items/i';
    const values = [
      '',
      ',',
      '"',
      'W/',
      '"a',
      '*,*',
      '"\xe9"',
      ',,"a",,',
      'x'.repeat(8000),
      '"a",'.repeat(1500),
    ];
    for (const value of values)
      for (const name of ['if-match', 'if-none-match', 'prefer'])
        for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
          if (name !== 'if-match' && method === 'DELETE') continue;
          const { status } = await server.get(path, {
            method,
            headers: { [name]: value, 'content-type': 'application/json' },
            ...(method !== 'GET' &&
              method !== 'DELETE' && { body: method === 'PUT' ? JSON.stringify(item('i')) : '{}' }),
          });
          assert.ok(status < 500, `${method} ${name}: ${value.slice(0, 40)}: ${status}`);
          if (method === 'DELETE') assert.ok([400, 412].includes(status), `${value.slice(0, 40)}: ${status}`);
        }
    assert.equal((await server.get(path)).status, 200);
  });

  test('what was right stands as it was', async () => {
    const { id, type } = await server.json('/collections/c/items/i');
    assert.deepEqual([id, type], ['i', 'Feature']);
    assert.equal((await server.json('/collections/c')).type, 'Collection');
  });

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});
