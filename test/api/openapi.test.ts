import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/server.ts';

interface Schema extends Record<string, unknown> {
  type?: string;
  pattern?: string;
  properties?: Record<string, Schema>;
}
interface Operation {
  operationId: string;
  parameters?: { name: string; in: string; schema?: Schema; content?: object }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { content?: object }>;
}

describe('the OpenAPI document', () => {
  let server: TestServer;
  let operations: Operation[];
  const named = (id: string) => operations.find((each) => each.operationId === id) as Operation;
  const inQuery = (id: string, name: string) =>
    named(id).parameters?.find((each) => each.name === name)?.schema as Schema;

  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    const { paths } = await server.json<{ paths: Record<string, Record<string, Operation>> }>('/api');
    operations = Object.values(paths).flatMap((path) => Object.values(path));
  });
  after(() => server.close());

  test('tells of a 400 wherever there is a parameter, of 413 and 415 wherever there is a body', () => {
    assert.ok(operations.length > 30);
    for (const { operationId, parameters = [], requestBody, responses } of operations) {
      if (parameters.length > 0 || requestBody) assert.ok('400' in responses, operationId);
      for (const status of ['413', '415'])
        assert.equal(requestBody !== undefined, status in responses, operationId);
      for (const status of ['414', '431', '500', '503', '504']) assert.ok(status in responses, operationId);
      assert.equal(responses['431']?.content, undefined);
    }
  });

  test('a language that is none is the 400 that it tells of', async () => {
    assert.equal((await server.get('/?language=%C3%B3')).status, 400);
    assert.ok(!new RegExp(inQuery('getLandingPage', 'language').pattern ?? '').test('ó'));
    assert.ok(new RegExp(inQuery('getLandingPage', 'language').pattern ?? '').test('de-CH'));
  });

  test('sortby, fields and filter are text in a query string, and JSON in a body', () => {
    const body = named('postSearch').requestBody?.content['application/json']?.schema.properties ?? {};
    for (const name of ['sortby', 'fields'])
      assert.deepEqual(
        [inQuery('getSearch', name).type, inQuery('getSearch', name).items],
        ['array', { type: 'string', minLength: 1 }],
      );
    assert.equal(inQuery('getSearch', 'filter').type, 'string');
    assert.deepEqual(
      [(body.sortby?.items as Schema | undefined)?.type, body.fields?.type],
      ['object', 'object'],
    );
    assert.ok(!JSON.stringify(operations).includes('x-query'));
  });

  const instants: [string, boolean][] = [
    ['2024-01-01T00:00:00Z', true],
    ['2024-01-01t00:00:00.5+01:00', true],
    ['2024-01-01T00:00:00Z/..', true],
    ['2024-01-01T00:00:00Z/', true],
    ['../2024-01-01T00:00:00Z', true],
    ['/2024-01-01T00:00:00Z', true],
    ['2024-01-01T00:00:00Z/2024-02-01T00:00:00Z', true],
    ['', false],
    ['..', false],
    ['../..', false],
    ['/', false],
    ['2024', false],
    ['2024-13-01T00:00:00Z', false],
    ['0000-01-01T00:00:00Z', false],
    ['0001-01-01T00:00:00Z', true],
    ['2024-01-01T24:00:00Z', false],
    ['2024-01-01T00:00:00', false],
  ];
  for (const [datetime, isRight] of instants)
    test(`datetime "${datetime}" is ${isRight ? 'right' : 'wrong'} by the pattern and to a search`, async () => {
      assert.equal(new RegExp(inQuery('getSearch', 'datetime').pattern ?? '').test(datetime), isRight);
      const response = await server.get(`/search?datetime=${encodeURIComponent(datetime)}`);
      assert.equal(response.status, isRight ? 200 : 400);
    });

  test('a bbox has 4 numbers or 6', () => {
    const { oneOf } = inQuery('getSearch', 'bbox') as {
      oneOf: { minItems: number; prefixItems: object[] }[];
    };
    assert.deepEqual(
      oneOf.map(({ minItems, prefixItems }) => [minItems, prefixItems.length]),
      [
        [4, 4],
        [6, 6],
      ],
    );
  });

  test('answers are described by what they are, each type with its own schema', () => {
    const of = (id: string, status: string) =>
      named(id).responses[status]?.content as Record<string, { schema?: object }> | undefined;
    const component = (name: string) => ({ $ref: `#/components/schemas/${name}` });
    const features = { oneOf: [component('ItemCollection'), component('Item')] };
    assert.deepEqual(of('getSearch', '200')?.['application/geo+json'], { schema: features });
    assert.deepEqual(of('getQueryables', '200')?.['application/schema+json'], {
      schema: component('Queryables'),
    });
    assert.deepEqual(of('getSearch', '400'), {
      'application/problem+json': { schema: component('Problem') },
    });
    for (const [type, { schema }] of Object.entries(of('getSearch', '200') ?? {}))
      assert.equal(schema !== undefined, type === 'application/geo+json', type);
  });
});
