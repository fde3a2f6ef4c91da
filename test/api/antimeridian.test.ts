import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { box, collection, item } from '../support/documents.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const point = (lon: number, lat: number) => ({ type: 'Point', coordinates: [lon, lat] });

describe('longitudes 180 and -180 are one place', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    await server.store([
      collection('c'),
      item('east', { geometry: point(180, 10), bbox: [180, 10, 180, 10] }),
      item('west', { geometry: point(-180, 10), bbox: [-180, 10, -180, 10] }),
      item('box-west', { geometry: box(-180, -20, -170, -10), bbox: [-180, -20, -170, -10] }),
      item('far', { geometry: point(0, 10), bbox: [0, 10, 0, 10] }),
    ]);
  });
  after(() => server.close());

  const both = ['east', 'west'];
  const line = (...coordinates: number[][]) => ({ type: 'LineString', coordinates });
  const cases: [string, object, string[]][] = [
    ['a bbox that ends at 180', { bbox: [170, 5, 180, 15] }, both],
    ['a bbox that begins at -180', { bbox: [-180, 5, -170, 15] }, both],
    ['a bbox that is a point', { bbox: [180, 10, 180, 10] }, both],
    ['a bbox from 180 to -180', { bbox: [180, 5, -180, 15] }, both],
    ['a bbox beside it', { bbox: [170, 11, 180, 15] }, []],
    ['a bbox that meets an edge', { bbox: [170, -15, 180, -12] }, ['box-west']],
    ['a point at 180', { intersects: point(180, 10) }, both],
    ['a point at -180', { intersects: point(-180, 10) }, both],
    ['a polygon that ends at 180', { intersects: box(170, 5, 180, 15) }, both],
    ['a polygon that begins at -180', { intersects: box(-180, 5, -170, 15) }, both],
    ['a polygon that begins at 180 and goes on', { intersects: box(180, 5, 185, 15) }, both],
    ['a line that ends at 180', { intersects: line([170, 0], [180, 10]) }, both],
    ['a line along it', { intersects: line([180, 0], [180, 20]) }, both],
    [
      'points',
      {
        intersects: {
          type: 'MultiPoint',
          coordinates: [
            [180, 10],
            [5, 5],
          ],
        },
      },
      both,
    ],
    [
      'a collection',
      { intersects: { type: 'GeometryCollection', geometries: [point(1, 1), point(-180, -15)] } },
      ['box-west'],
    ],
    [
      'polygons',
      {
        intersects: {
          type: 'MultiPolygon',
          coordinates: [(box(170, -15, 180, -12) as { coordinates: unknown }).coordinates],
        },
      },
      ['box-west'],
    ],
  ];
  for (const [title, search, expected] of cases) {
    test(`${title} meets what lies on the other side of the line`, async () => {
      const { features } = await server.search(search);
      assert.deepEqual(features.map(({ id }) => id).sort(), expected);
    });
  }

  test('no fault reached the log', () => assert.deepEqual(server.faults, []));
});

test('a line along longitude 180 that goes beyond is stored and searched by', async () => {
  const server = await startTestServer();
  try {
    const along = {
      type: 'LineString',
      coordinates: [
        [170, 0],
        [180, 0],
        [180, 10],
        [190, 10],
      ],
    };
    await server.store([
      collection('c'),
      item('along', { geometry: along, bbox: [170, 0, -170, 10] }),
      item('beyond', { geometry: { type: 'Point', coordinates: [-175, 10] }, bbox: [-175, 10, -175, 10] }),
      item('off', { geometry: { type: 'Point', coordinates: [0, 5] }, bbox: [0, 5, 0, 5] }),
    ]);
    const { features } = await server.search({ intersects: along });
    assert.deepEqual(features.map(({ id }) => id).sort(), ['along', 'beyond']);
    const point = await server.search({ bbox: [-180, 4, -179, 6] });
    assert.deepEqual(
      point.features.map(({ id }) => id),
      ['along'],
    );
    assert.deepEqual(server.faults, []);
  } finally {
    await server.close();
  }
});

test('collections that overlap themselves are searched by, and found', async () => {
  const parts = (...geometries: object[]) => ({ type: 'GeometryCollection', geometries });
  const overlapping = parts(box(0, 0, 10, 10), {
    type: 'MultiPolygon',
    coordinates: [box(0, 0, 5, 5), box(20, 20, 25, 25)].map(
      (each) => (each as { coordinates: unknown }).coordinates,
    ),
  });
  const server = await startTestServer();
  try {
    await server.store([
      collection('c'),
      item('inside', { geometry: box(1, 1, 2, 2), bbox: [1, 1, 2, 2] }),
      item('itself', { geometry: overlapping, bbox: [0, 0, 25, 25] }),
      item('off', { geometry: box(15, 0, 16, 1), bbox: [15, 0, 16, 1] }),
    ]);
    const found = async (search: object) => (await server.search(search)).features.map(({ id }) => id).sort();
    assert.deepEqual(await found({ intersects: overlapping }), ['inside', 'itself']);
    assert.deepEqual(await found({ intersects: box(1, 1, 2, 2) }), ['inside', 'itself']);
    assert.deepEqual(await found({ bbox: [21, 21, 22, 22] }), ['itself']);
    assert.deepEqual(
      await found({
        intersects: {
          type: 'LineString',
          coordinates: [
            [15, 0],
            [25, 25],
          ],
        },
      }),
      ['itself', 'off'],
    );
    assert.deepEqual(server.faults, []);
  } finally {
    await server.close();
  }
});
