import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collection } from '../support/documents.ts';
import { startTestServer } from '../support/server.ts';

interface Linked {
  links: { rel: string; title?: string }[];
}

test('links to what is no STAC document have a title', async () => {
  const server = await startTestServer();
  try {
    await server.store([collection('c')]);
    const both: [RegExp, string][] = [
      [/^aggregate$/, 'Aggregate'],
      [/^aggregations$/, 'Aggregations'],
      [/\/queryables$/, 'Queryables'],
      [/\/sortables$/, 'Sortables'],
    ];
    const landing: [RegExp, string][] = [...both, [/\/functions$/, 'Functions']];
    for (const [path, expected] of [
      ['/', landing],
      ['/collections/c', both],
    ] as const) {
      const { links } = await server.json<Linked>(path);
      for (const [rel, title] of expected) {
        const found = links.filter((link) => rel.test(link.rel));
        assert.ok(found.length > 0, `${path} ${rel}`);
        for (const link of found) assert.equal(link.title, title, `${path} ${rel}`);
      }
    }
  } finally {
    await server.close();
  }
});
