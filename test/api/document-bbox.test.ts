import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkCandidates, toCandidate } from '../../src/load/to-rows.ts';
import { makeValidator } from '../../src/stac/validate.ts';
import { collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const geometry = { type: 'Point', coordinates: [45, 45] };

describe("a document's bbox", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ RUCIO_STAC_TRANSACTIONS: 'true' });
    await server.store([collection('c')]);
  });
  after(() => server.close());

  async function post(path: string, document: object) {
    const headers = { 'content-type': 'application/json' };
    const response = await server.get(path, { method: 'POST', headers, body: JSON.stringify(document) });
    return { status: response.status, body: (await response.json()) as { detail: string } };
  }

  test('with south above north is a 400 that says so', async () => {
    const { status, body } = await post(
      '/collections/c/items',
      item('i', { geometry, bbox: [50, 50, 40, 40] }),
    );
    assert.equal(status, 400);
    assert.match(
      body.detail,
      /^bbox is \[50,50,40,40\]: its south 50 is above its north 40; accepted are 4 numbers west,south/,
    );
  });

  test('of a Collection, too', async () => {
    const extent = {
      spatial: {
        bbox: [
          [0, 0, 1, 1],
          [0, 1, 1, 0],
        ],
      },
      temporal: { interval: [[null, null]] },
    };
    const { status, body } = await post('/collections', collection('x', { extent }));
    assert.equal(status, 400);
    assert.match(body.detail, /^extent\.spatial\.bbox\.1 is /);
  });

  test('an interval whose start is after its end is a 400', async () => {
    const extent = {
      spatial: { bbox: [[0, 0, 1, 1]] },
      temporal: { interval: [['2021-01-01T00:00:00Z', '2021-01-01T00:00:00.5Z']] },
    };
    const good = await post('/collections', collection('timed', { extent }));
    assert.equal(good.status, 201);
    extent.temporal.interval[0]?.reverse();
    const { status, body } = await post('/collections', collection('late', { extent }));
    assert.equal(status, 400);
    assert.match(body.detail, /^extent\.temporal\.interval\.0 is .*start that is not after its end/);
  });

  test('is checked of what is loaded, too', async () => {
    const text = JSON.stringify(item('i', { geometry, bbox: [50, 50, 40, 40] }));
    const candidate = toCandidate({ place: 'line 1', text }, { collection: null, base: null });
    await checkCandidates([candidate], makeValidator());
    assert.match(candidate.fault ?? '', /^bbox is /);
  });

  test('with west above east around a point does not make the point cross the antimeridian', async () => {
    const { status } = await post('/collections/c/items', item('p', { geometry, bbox: [50, 40, 40, 50] }));
    assert.equal(status, 201);
    const { extent } = await server.json<{ extent: { spatial: { bbox: number[][] } } }>('/collections/c');
    assert.deepEqual(extent.spatial.bbox[0], [45, 45, 45, 45]);
    const far = await server.search({ bbox: [170, -90, -170, 90] });
    assert.deepEqual(far.features, []);
  });
});
