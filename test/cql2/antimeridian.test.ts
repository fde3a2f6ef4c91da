/** S_* where longitudes 180 and -180 meet, and boxes with heights. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';
import { box, evaluate, line, makeTable, point } from './support.ts';

describe('spatial predicates at the antimeridian', () => {
  let database: Database;
  const west = {
    type: 'MultiPolygon',
    coordinates: [box(177, -19, 180, -16).coordinates, box(-180, -19, -178, -16).coordinates],
  };
  const features = [
    west,
    box(170, -19, 175, -16),
    box(-180, -19, -179, -16),
    point(180, -17),
    point(-170, -17),
    point(0, 0),
  ];
  before(async () => {
    database = await openTestCatalogue();
    await makeTable(
      database.db,
      'edge',
      features.map((geometry) => ({ geometry, properties: {} })),
    );
  });
  after(() => database.close());

  const cases: [string, number[]][] = [
    ['S_INTERSECTS(geom, BBOX(176, -20, -177, -10))', [0, 2, 3]],
    // In the plane a point on the antimeridian is on the edge of what crosses it, and so not within.
    ['S_WITHIN(geom, BBOX(176, -20, -177, -10))', [0, 2]],
    ['S_DISJOINT(geom, BBOX(176, -20, -177, -10))', [1, 4, 5]],
    ['S_INTERSECTS(geom, BBOX(-180, -20, -177, -10))', [0, 2, 3]],
    ['S_INTERSECTS(geom, POLYGON((176 -20, 183 -20, 183 -10, 176 -10, 176 -20)))', [0, 2, 3]],
    ['S_WITHIN(geom, POLYGON((176 -20, 183 -20, 183 -10, 176 -10, 176 -20)))', [0, 2]],
    ['S_EQUALS(geom, POLYGON((177 -19, 182 -19, 182 -16, 177 -16, 177 -19)))', [0]],
    ['S_CONTAINS(geom, POINT(181 -17))', [0]],
    ['S_INTERSECTS(geom, POINT(-180 -17))', [0, 2, 3]],
    ['S_DISJOINT(geom, POINT(-180 -17))', [1, 4, 5]],
    ['S_INTERSECTS(geom, POINT(190 -17))', [4]],
    ['S_INTERSECTS(geom, BBOX(-180, -90, 180, 90))', [0, 1, 2, 3, 4, 5]],
    ['S_WITHIN(geom, BBOX(-180, -90, 180, 90))', [0, 1, 2, 4, 5]],
  ];
  for (const [filter, expected] of cases) {
    test(filter, async () => {
      const answers = await evaluate(database.db, 'edge', filter);
      assert.deepEqual(
        answers.flatMap((answer, index) => (answer ? [index] : [])),
        expected,
      );
    });
  }
});

describe('a box with heights', () => {
  let database: Database;
  const features = [line([0, 50, 1000], [2, 50, 3000]), point(1, 50), point(1, 50, 5000)];
  before(async () => {
    database = await openTestCatalogue();
    await makeTable(
      database.db,
      'heights',
      features.map((geometry) => ({ geometry, properties: {} })),
    );
  });
  after(() => database.close());

  test('meets what is at its heights, and what has none', async () => {
    const over = (bottom: number, top: number) =>
      evaluate(database.db, 'heights', {
        op: 's_intersects',
        args: [{ property: 'geom' }, { bbox: [0, 0, bottom, 9, 60, top] }],
      });
    assert.deepEqual(await over(2000, 2500), [true, true, false]);
    assert.deepEqual(await over(3000, 6000), [true, true, true]);
    assert.deepEqual(await over(-100, 0), [false, true, false]);
  });
});
