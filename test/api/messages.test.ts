import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';

interface Case {
  asked: [method: string, path: string, body?: string, headers?: Record<string, string>];
  status: number;
  parameter?: string;
  /** What came, and what is accepted. */
  says: (string | RegExp)[];
}

const one = '/collections/c/items/i';
const intervals = ['2024-01-03T00:00:00Z', 'start/end', '".." or empty', 'without datetime'];
const document = (fields: object) => JSON.stringify(item('new', fields));
const cases: Case[] = [
  {
    asked: ['GET', '/search?datetime='],
    status: 400,
    parameter: 'datetime',
    says: ['datetime is "";', ...intervals],
  },
  {
    asked: ['GET', '/search?datetime=../..'],
    status: 400,
    parameter: 'datetime',
    says: ['datetime is "../..";', ...intervals],
  },
  {
    asked: ['GET', '/search?datetime=2025-01-01T00:00:00Z/2024-01-01T00:00:00Z'],
    status: 400,
    parameter: 'datetime',
    says: ['"2025-01-01T00:00:00Z/2024-01-01T00:00:00Z", whose start is after its end', ...intervals],
  },
  {
    asked: ['GET', '/search?colour=red'],
    status: 400,
    parameter: 'colour',
    says: ['"colour"', 'limit', /, f$/],
  },
  {
    asked: ['GET', '/collections/c/items?colour=red'],
    status: 400,
    parameter: 'colour',
    says: ['"colour"', 'limit', /, f$/],
  },
  {
    asked: ['GET', '/search?f=xml'],
    status: 400,
    parameter: 'f',
    says: ['f is "xml"', 'geojson, ndjson, geojson-seq, parquet'],
  },
  { asked: ['POST', '/search', '[1, 2]'], status: 400, says: ['the body is [1, 2]', 'a JSON object'] },
  { asked: ['POST', '/search', 'null'], status: 400, says: ['the body is null', 'a JSON object'] },
  {
    asked: ['POST', '/collections/c/items', document({ id: 5 })],
    status: 400,
    parameter: 'id',
    says: ['id is 5; expected a string'],
  },
  {
    asked: ['POST', '/collections/c/items', document({ properties: null })],
    status: 400,
    parameter: 'properties',
    says: ['properties is null; expected an object'],
  },
  {
    asked: ['POST', '/collections/c/items', document({ stac_version: '9' })],
    status: 400,
    parameter: 'stac_version',
    says: ['stac_version is "9"', '1.0.0 and 1.1.0'],
  },
  {
    asked: ['POST', '/collections/c/items', document({ assets: { a: {} } })],
    status: 400,
    parameter: 'assets.a',
    says: ["must have required property 'href'"],
  },
  {
    asked: ['DELETE', one, undefined, { 'if-match': '"an-older-one", W/"b"' }],
    status: 412,
    parameter: 'if-match',
    says: [
      /^if-match is "an-older-one", W\/"b", but the document there has the ETag "[\w-]{27}"; read it again$/,
    ],
  },
  {
    asked: ['DELETE', one, undefined, { 'if-none-match': '*' }],
    status: 412,
    parameter: 'if-none-match',
    says: [/^if-none-match is \*, and the document there has the ETag "[\w-]{27}"$/],
  },
  {
    asked: ['DELETE', one, undefined, { 'if-match': 'abc' }],
    status: 400,
    parameter: 'if-match',
    says: ['if-match is abc; accepted are * and a list of ETags'],
  },
  {
    asked: ['DELETE', one, undefined, { 'if-match': '' }],
    status: 400,
    parameter: 'if-match',
    says: ['if-match is empty; accepted are *'],
  },
  {
    asked: [
      'PATCH',
      one,
      '[{"op": "test", "path": "/properties/long", "value": 1.00000000000000000001}]',
      { 'content-type': JSON_PATCH },
    ],
    status: 409,
    parameter: '[0]',
    says: ['the value there is 123456789012345678901234567890.10, not 1.00000000000000000001'],
  },
  {
    asked: ['PATCH', one, '[1e400]', { 'content-type': JSON_PATCH }],
    status: 400,
    parameter: '[0]',
    says: ['operation 0: it is 1e400; expected an object'],
  },
  {
    asked: ['PATCH', one, '{"op": "test"}', { 'content-type': JSON_PATCH }],
    status: 400,
    says: ['a list of operations; what came is {"op": "test"}'],
  },
];

describe('messages say what came and what is accepted', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c'), item('i')]);
    const patched = await server.get(one, {
      method: 'PATCH',
      headers: { 'content-type': MERGE_PATCH },
      body: '{"properties": {"long": 123456789012345678901234567890.10}}',
    });
    assert.equal(patched.status, 200);
  });
  after(() => server.close());

  for (const { asked, status, parameter, says } of cases) {
    const [method, path, body, headers = { 'content-type': 'application/json' }] = asked;
    test(`${method} ${path} ${body?.slice(0, 90) ?? ''} ${JSON.stringify(headers)}`, async () => {
      const response = await server.get(path, { method, headers, ...(body !== undefined && { body }) });
      const problem = (await response.json()) as { detail: string; parameter?: string };
      assert.deepEqual([response.status, problem.parameter], [status, parameter], problem.detail);
      for (const part of says) {
        if (typeof part === 'string') assert.ok(problem.detail.includes(part), problem.detail);
        else assert.match(problem.detail, part);
      }
    });
  }
});
