/** Each S_* over places in every relation to a square, to the antimeridian, and of every type. Simple Features 6.1.15. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Expression } from '../../src/cql2/ast.ts';
import type { Database } from '../../src/db/schema.ts';
import { openTestCatalogue } from '../support/catalogue.ts';

import { box, collection, evaluate, line, makeTable, point, ring } from './support.ts';

const OPS = ['contains', 'crosses', 'disjoint', 'equals', 'intersects', 'overlaps', 'touches', 'within'];

/** A place, and the relations that it has to the square of 0 to 10 degrees. */
const places: [string, unknown, string[]][] = [
  ['a square apart', box(20, 20, 30, 30), ['disjoint']],
  ['a square at its edge', box(10, 0, 20, 10), ['intersects', 'touches']],
  ['a square at its corner', box(10, 10, 20, 20), ['intersects', 'touches']],
  ['a square partly over it', box(5, 5, 15, 15), ['intersects', 'overlaps']],
  ['a square inside', box(2, 2, 4, 4), ['intersects', 'within']],
  ['a square around', box(-5, -5, 15, 15), ['contains', 'intersects']],
  ['the square', box(0, 0, 10, 10), ['contains', 'equals', 'intersects', 'within']],
  ['a line through', line([-5, 5], [15, 5]), ['crosses', 'intersects']],
  ['a line inside', line([1, 1], [9, 9]), ['intersects', 'within']],
  ['a line along its edge', line([0, 0], [0, 10]), ['intersects', 'touches']],
  ['a point inside', point(5, 5), ['intersects', 'within']],
  ['a point of its edge', point(10, 5), ['intersects', 'touches']],
  ['a point inside, high up', point(5, 5, 9000), ['intersects', 'within']],
  [
    'points inside and apart',
    {
      type: 'MultiPoint',
      coordinates: [
        [5, 5],
        [20, 20],
      ],
    },
    ['crosses', 'intersects'],
  ],
  [
    'two halves',
    collection(box(0, 0, 6, 10), box(4, 0, 10, 10)),
    ['contains', 'equals', 'intersects', 'within'],
  ],
  [
    'a collection inside',
    collection(point(1, 1), line([2, 2], [3, 3]), box(4, 4, 5, 5)),
    ['intersects', 'within'],
  ],
  ['a collection apart', collection(point(20, 1), line([22, 2], [23, 3])), ['disjoint']],
  ['a collection in a collection', collection(collection(point(5, 5))), ['intersects', 'within']],
];

/** Which op `a` has to `b`, when `b` has this one to `a`. */
const INVERSE: Record<string, string> = { contains: 'within', within: 'contains' };

describe('spatial predicates', () => {
  let database: Database;
  before(async () => {
    database = await openTestCatalogue();
    const features = [...places.map(([, geometry]) => geometry), null];
    await makeTable(
      database.db,
      'places',
      features.map((geometry) => ({ geometry, properties: {} })),
    );
  });
  after(() => database.close());

  const squares: [string, Expression][] = [
    ['a polygon', box(0, 0, 10, 10) as Expression],
    ['a box', { bbox: [0, 0, 10, 10] }],
    ['a box with heights, which only intersects heeds', { bbox: [0, 0, -1e5, 10, 10, 1e5] }],
    [
      'a polygon with heights',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0, 1],
            [10, 0, 2],
            [10, 10, 3],
            [0, 10, 4],
            [0, 0, 1],
          ],
        ],
      },
    ],
    ['a collection of one', collection(box(0, 0, 10, 10)) as Expression],
    [
      'a collection that overlaps itself',
      collection(box(0, 0, 6, 10), box(4, 0, 10, 10), point(5, 5)) as Expression,
    ],
  ];
  for (const [what, square] of squares) {
    for (const op of OPS) {
      test(`s_${op} of each place and ${what}`, async () => {
        const geom = { property: 'geom' };
        const answers = await evaluate(database.db, 'places', { op: `s_${op}`, args: [geom, square] });
        const expected = places.map(([name, , relations]) => [name, relations.includes(op)]);
        assert.deepEqual(answers, [...expected.map(([, is]) => is), null]);
        const mirrored = { op: `s_${INVERSE[op] ?? op}`, args: [square, geom] };
        assert.deepEqual(await evaluate(database.db, 'places', mirrored), answers);
      });
    }
  }

  test('a place relates to itself', async () => {
    for (const op of OPS) {
      const own = ['contains', 'equals', 'intersects', 'within'].includes(op);
      const answers = await evaluate(database.db, 'places', `s_${op}(geom, geom)`);
      assert.deepEqual(answers, [...places.map(() => own), null], op);
    }
  });

  const invalid: [string, unknown][] = [
    [
      'a bow tie',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [10, 10],
            [10, 0],
            [0, 10],
            [0, 0],
          ],
        ],
      },
    ],
    [
      'a spike',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [10, 0],
            [10, 10],
            [20, 20],
            [10, 10],
            [0, 10],
            [0, 0],
          ],
        ],
      },
    ],
    [
      'a hole outside',
      {
        type: 'Polygon',
        coordinates: [ring(0, 0, 10, 10), ring(20, 20, 30, 30)],
      },
    ],
    [
      'a ring of one point',
      {
        type: 'Polygon',
        coordinates: [
          [
            [5, 5],
            [5, 5],
            [5, 5],
            [5, 5],
          ],
        ],
      },
    ],
    ['a line of one point', line([5, 5], [5, 5])],
    [
      'a ring of one line',
      {
        type: 'Polygon',
        coordinates: [
          [
            [0, 0],
            [5, 5],
            [0, 0],
            [0, 0],
          ],
        ],
      },
    ],
    [
      'overlapping parts',
      { type: 'MultiPolygon', coordinates: [box(0, 0, 6, 6).coordinates, box(3, 3, 9, 9).coordinates] },
    ],
    [
      'a line along the antimeridian and beyond',
      line([180, -90], [180, 0], [360, 90], [236, 56], [-180, 90]),
    ],
    [
      'polygons that are wrapped onto themselves',
      {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [-3, 47],
              [0, -90],
              [0, -90],
              [-360, 90],
              [-3, 47],
            ],
          ],
          [
            [
              [191, -32],
              [-123, 77],
              [180, 0],
              [-93, -11],
              [-304, 30],
              [191, -32],
            ],
          ],
        ],
      },
    ],
    ['a collection beyond', collection(line([170, 0], [350, 10]), box(-200, -10, -150, 10), point(181, 0))],
    ['a box without width', { bbox: [5, 0, 5, 10] }],
    ['a box without size', { bbox: [5, 5, 5, 5] }],
  ];
  for (const [what, shape] of invalid) {
    test(`${what} is answered by each predicate, in a literal`, async () => {
      for (const op of OPS) {
        const filter = { op: `s_${op}`, args: [{ property: 'geom' }, shape as Expression] };
        const answers = await evaluate(database.db, 'places', filter);
        assert.equal(answers.length, places.length + 1);
        assert.ok(answers.every((answer, index) => (answer === null) === (index === places.length)));
      }
    });
    // Stored places are within 180 degrees.
    if (/^a box|beyond|wrapped/.test(what)) continue;
    test(`${what} is answered by each predicate, in the data`, async () => {
      await makeTable(database.db, what, [{ geometry: shape, properties: {} }]);
      for (const op of OPS) {
        const [answer] = await evaluate(
          database.db,
          what,
          `s_${op}(geom, POLYGON((0 0, 10 0, 10 10, 0 10, 0 0)))`,
        );
        assert.equal(typeof answer, 'boolean', op);
      }
    });
  }
});
