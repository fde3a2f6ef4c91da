import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../support/server.ts';

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, object> };
  responses: Record<string, { content?: Record<string, object> }>;
}

test('the description tells what writing takes and gives', async () => {
  const server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
  try {
    const { paths } = await server.json<{ paths: Record<string, Record<string, Operation>> }>('/api');
    for (const path of ['/collections/{collectionId}', '/collections/{collectionId}/items/{itemId}']) {
      const { get, put, patch, delete: remove } = paths[path] as Record<string, Operation>;
      for (const each of [put, patch, remove]) {
        assert.ok(each?.parameters?.some(({ name, in: where }) => name === 'If-Match' && where === 'header'));
        assert.ok(each?.responses['412'], each?.operationId);
      }
      const types = ['application/merge-patch+json', 'application/json', 'application/json-patch+json'];
      assert.deepEqual(Object.keys(patch?.requestBody?.content ?? {}), types);
      assert.deepEqual(
        [get?.responses['304']?.content, put?.responses['204']?.content],
        [undefined, undefined],
      );
      assert.ok(get?.responses['304'] && patch?.responses['415']);
    }
    const { post } = paths['/collections/{collectionId}/items'] as Record<string, Operation>;
    const names = post?.parameters?.map(({ name }) => name);
    for (const name of ['mode', 'partial']) assert.ok(names?.includes(name));
    assert.deepEqual(Object.keys(post?.responses['201']?.content ?? {}), [
      'application/geo+json',
      'application/json',
    ]);
  } finally {
    await server.close();
  }
});
