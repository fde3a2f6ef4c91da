import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { shipped } from '../../src/package-root.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { item } from '../support/documents.ts';

const path = '/schemas/rucio/v1.0.0/schema.json';
const validator = makeValidator();

test('the schema of the rucio extension holds whatever host its address names', async () => {
  const wrong = { 'rucio:adler32': 'no checksum' };
  for (const host of ['https://a.example', 'http://b.example:8080/stac']) {
    const uris = [host + path];
    const [good, bad] = await validator.validate([
      item('i', { stac_extensions: uris }),
      item('i', { stac_extensions: uris }, wrong),
    ]);
    assert.equal(good, null);
    assert.match(bad ?? '', /adler32/);
  }
});

test('two addresses of one schema are fine, one address twice is not', async () => {
  const [a, b] = [`https://a.example${path}`, `https://b.example${path}`];
  const reports = await validator.validate([
    item('i', { stac_extensions: [a, b] }),
    item('i', { stac_extensions: [a, a] }),
    item('i', { stac_extensions: [null] }),
  ]);
  assert.equal(reports[0], null);
  assert.match(reports[1] ?? '', /stac_extensions/);
  assert.match(reports[2] ?? '', /stac_extensions/);
});

test('a schema is compiled once, not for each host that names it', async () => {
  const { default: Ajv } = createRequire(createRequire(import.meta.url).resolve('stac-node-validator'))(
    'ajv',
  );
  const { compileAsync } = Ajv.prototype;
  const compiled = new Set<string>();
  Ajv.prototype.compileAsync = function (schema: { $id: string }) {
    compiled.add(schema.$id);
    return compileAsync.call(this, schema);
  };
  try {
    const hosts = Array.from({ length: 20 }, (_, index) => `https://h${index}.example${path}`);
    const more = ['https://geojson.org/schema/x/Feature.json', 'https://geojson.org/schema/y/Feature.json'];
    const fresh = makeValidator();
    await fresh.validate(hosts.map((uri) => item('i', { stac_extensions: [uri, ...more] })));
  } finally {
    Ajv.prototype.compileAsync = compileAsync;
  }
  assert.equal([...compiled].filter((uri) => uri.includes('rucio')).length, 1, [...compiled].join(' '));
  assert.ok(![...compiled].some((uri) => uri.includes('/x/')));
});

test('a fault does not repeat a long key', async () => {
  const assets = { ['k'.repeat(1e6)]: {} };
  const [fault] = await validator.validate([item('i', { assets })]);
  assert.match(fault ?? '', /^assets\.k+ /);
  assert.ok((fault ?? '').length < 1500);
});

test('each fault stands with its own document', async () => {
  const reports = await validator.validate([
    item('i', { stac_version: '__proto__' }),
    item('i'),
    item('i', { stac_version: '0.9.0' }),
    item('i', { assets: { a: {} } }),
  ]);
  assert.match(reports[0] ?? '', /stac_version is "__proto__"; accepted are 1\.0\.0 and 1\.1\.0/);
  assert.equal(reports[1], null);
  assert.match(reports[2] ?? '', /"0\.9\.0"/);
  assert.match(reports[3] ?? '', /href/);
});

test('the README of the rucio extension has each field of its schema, and no other', () => {
  const read = (name: string) =>
    readFileSync(shipped('src', 'stac', 'schemas', 'extensions', 'rucio', 'v1.0.0', name), 'utf8');
  const told = Array.from(read('README.md').matchAll(/^\| `(rucio:\w+)` \|/gm), ([, field]) => field);
  const { definitions } = JSON.parse(read('schema.json')) as {
    definitions: { fields: { properties: Record<string, unknown> } };
  };
  assert.deepEqual(told.sort(), Object.keys(definitions.fields.properties).sort());
});
