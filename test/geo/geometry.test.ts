import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBbox, splitBbox } from '../../src/geo/bbox.ts';
import { type Geometry, geometryFault, onAntimeridian, plainGeometry } from '../../src/geo/geometry.ts';
import { shown } from '../../src/geo/shown.ts';

const ring = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 0],
];

const good = [
  { type: 'Point', coordinates: [0, 0] },
  { type: 'Point', coordinates: [0, 0, 100] },
  { type: 'MultiPoint', coordinates: [[0, 0]] },
  {
    type: 'LineString',
    coordinates: [
      [0, 0],
      [1, 1],
    ],
  },
  {
    type: 'MultiLineString',
    coordinates: [
      [
        [0, 0],
        [1, 1],
      ],
    ],
  },
  { type: 'Polygon', coordinates: [ring] },
  { type: 'MultiPolygon', coordinates: [[ring], [ring]] },
  { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [0, 0] }] },
];
for (const geometry of good) {
  test(`${geometry.type} is a geometry`, () => assert.equal(geometryFault(geometry), null));
}

const bad: [unknown, RegExp][] = [
  [null, /expected a GeoJSON geometry/],
  ['POINT(0 0)', /expected a GeoJSON geometry/],
  [{ type: 'Circle', coordinates: [0, 0] }, /"Circle" is none of/],
  [{ type: 'constructor', coordinates: [0, 0] }, /is none of/],
  [{ type: 'Point', coordinates: [0] }, /coordinates: a position has/],
  [{ type: 'Point', coordinates: ['0', 0] }, /no position of numbers/],
  [{ type: 'Point', coordinates: [0, 91] }, /latitude 91/],
  [{ type: 'LineString', coordinates: [[0, 0]] }, /at least 2/],
  [{ type: 'Polygon', coordinates: [] }, /not empty/],
  [{ type: 'Polygon', coordinates: [ring.slice(0, 3)] }, /coordinates\[0\]: a ring has at least 4/],
  [
    {
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ],
      ],
    },
    /not closed/,
  ],
  [
    {
      type: 'MultiPolygon',
      coordinates: [
        [ring],
        [
          [
            [0, 0],
            [1, 1],
          ],
        ],
      ],
    },
    /coordinates\[1\]\[0\]/,
  ],
  [{ type: 'GeometryCollection', geometries: [{ type: 'Point' }] }, /geometries\[0\]\.coordinates/],
];
for (const [geometry, fault] of bad) {
  test(`${JSON.stringify(geometry)} is refused with its path`, () =>
    assert.match(geometryFault(geometry) ?? '', fault));
}

test('a collection of collections is followed only so deep', () => {
  let deep: object = { type: 'Point', coordinates: [0, 0] };
  for (let level = 0; level < 5000; level++) deep = { type: 'GeometryCollection', geometries: [deep] };
  assert.match(geometryFault(deep) ?? '', /nested deeper/);
});

test('a bbox whose west is above its east is two boxes, one on either side of the antimeridian', () => {
  assert.deepEqual(splitBbox(parseBbox('170,-10,-170,10')), [
    [170, -10, 180, 10],
    [-180, -10, -170, 10],
  ]);
});

test('a bbox with an edge at 180 has that edge at -180 too, and the other way round', () => {
  const edges: [string, number[][]][] = [
    [
      '170,0,180,1',
      [
        [170, 0, 180, 1],
        [-180, 0, -180, 1],
      ],
    ],
    [
      '-180,0,-170,1',
      [
        [-180, 0, -170, 1],
        [180, 0, 180, 1],
      ],
    ],
    [
      '180,0,180,1',
      [
        [180, 0, 180, 1],
        [-180, 0, -180, 1],
      ],
    ],
    ['-180,0,180,1', [[-180, 0, 180, 1]]],
    [
      '180,0,-180,1',
      [
        [180, 0, 180, 1],
        [-180, 0, -180, 1],
      ],
    ],
    ['0,0,1,1', [[0, 0, 1, 1]]],
  ];
  for (const [text, boxes] of edges) assert.deepEqual(splitBbox(parseBbox(text)), boxes, text);
});

test('what lies on the antimeridian is said with both longitudes', () => {
  const line = {
    type: 'LineString',
    coordinates: [
      [170, 0],
      [180, 1],
      [180, 2],
    ],
  };
  assert.deepEqual(onAntimeridian(line), {
    type: 'GeometryCollection',
    geometries: [
      {
        type: 'MultiPoint',
        coordinates: [
          [180, 1],
          [180, 2],
          [-180, 1],
          [-180, 2],
        ],
      },
      {
        type: 'MultiLineString',
        coordinates: [
          [
            [180, 1],
            [180, 2],
          ],
          [
            [-180, 1],
            [-180, 2],
          ],
        ],
      },
    ],
  });
  for (const geometry of good) assert.equal(onAntimeridian(geometry as Geometry), null);
});

test('a plain geometry has what the specification names, and three numbers a position', () => {
  for (const geometry of good) assert.deepEqual(plainGeometry(geometry as Geometry), geometry);
  const odd = { type: 'Point', coordinates: [1, 2, 3, 4], Coordinates: [9, 9], crs: null, geometries: 5 };
  assert.deepEqual(plainGeometry(odd as unknown as Geometry), { type: 'Point', coordinates: [1, 2, 3] });
});

test('a value is shown in a few words, however large or deep', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.equal(shown(deep), '[[[[...]]]]');
  assert.equal(shown({ a: 'x', b: [1, null, true] }), '{"a":"x","b":[1,null,true]}');
  assert.equal(shown(undefined), 'missing');
  assert.equal(shown('x'.repeat(1e6)), `"${'x'.repeat(75)}..."`);
  assert.ok(shown(Array(1e6).fill('y'.repeat(1000))).length <= 80);
});

test('a bbox of six numbers has heights', () => {
  const { west, south, bottom, east, north, top } = parseBbox('1,2,3,4,5,6');
  assert.deepEqual([west, south, bottom, east, north, top], [1, 2, 3, 4, 5, 6]);
});

for (const text of [
  '1,2,3',
  '1,2,3,4,5',
  'a,b,c,d',
  '1,2,3,',
  '0,5,1,4',
  '0,-91,1,0',
  '-181,0,1,1',
  '0,0,9,1,1,8',
  '1,2,NaN,4',
  '',
]) {
  test(`bbox "${text}" is refused by name`, () => assert.throws(() => parseBbox(text), /bbox is/));
}
