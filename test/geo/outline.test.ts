/** Rings round data: every pixel with data lies inside, and none of the ring is far from one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { footprintOfRings } from '../../src/geo/footprint-parts.ts';
import { type Corner, outline } from '../../src/geo/outline.ts';

const WIDTH = 60;
const HEIGHT = 44;

function maskOf(isData: (column: number, row: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) =>
    Number(isData(at % WIDTH, Math.floor(at / WIDTH))),
  );
}

/** Winding number by crossings, of a closed polygon. */
function isInside(rings: Corner[][], column: number, row: number): boolean {
  return rings.some((ring) => {
    let inside = false;
    for (const [at, [x, y]] of ring.entries()) {
      const [nextX, nextY] = ring[(at + 1) % ring.length]!;
      if (y > row !== nextY > row && column < x + ((nextX - x) * (row - y)) / (nextY - y)) inside = !inside;
    }
    return inside;
  });
}

const area = (ring: Corner[]) =>
  ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[(at + 1) % ring.length]!;
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

/** Numbers that are the same in each run (mulberry32). */
function randomOf(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const discs = (seed: number, count: number) => {
  const random = randomOf(seed);
  const all = Array.from(
    { length: count },
    () => [random() * WIDTH, random() * HEIGHT, 2 + random() * 12] as const,
  );
  return (column: number, row: number) => all.some(([x, y, size]) => Math.hypot(column - x, row - y) < size);
};

const shapes: [name: string, isData: (column: number, row: number) => boolean, pieces: number | null][] = [
  ['all of it', () => true, 1],
  ['a swath aslant', (column, row) => column - row > 4 && column - row < 20, 1],
  ['a ring with a hole', (column, row) => Math.abs(Math.hypot(column - 30, row - 22) - 14) < 3, 1],
  ['two far pieces', (column) => column < 9 || column > 40, 2],
  ['one pixel in a corner', (column, row) => column === WIDTH - 1 && row === 0, 1],
  [
    'pixels that share a corner',
    (column, row) => (column === 20 && row === 20) || (column === 21 && row === 21),
    1,
  ],
  ...[1, 2, 3, 4, 5].map((seed): [string, (column: number, row: number) => boolean, null] => [
    `discs ${seed}`,
    discs(seed, 3 + seed * 2),
    null,
  ]),
];
for (const [name, isData, pieces] of shapes) {
  test(`${name}: all data are inside, and nothing else is for more than three pixels`, () => {
    const mask = maskOf(isData);
    const rings = outline(mask, WIDTH, HEIGHT);
    if (pieces !== null) assert.equal(rings.length, pieces);
    const near = (column: number, row: number) => {
      for (let y = row - 3; y <= row + 3; y += 1)
        for (let x = column - 3; x <= column + 3; x += 1)
          if (x >= 0 && y >= 0 && x < WIDTH && y < HEIGHT && mask[y * WIDTH + x] === 1) return true;
      return false;
    };
    const isHoled = name.includes('hole') || name.includes('discs');
    for (let row = 0; row < HEIGHT; row += 1) {
      for (let column = 0; column < WIDTH; column += 1) {
        const inside = isInside(rings, column + 0.5, row + 0.5);
        if (mask[row * WIDTH + column] === 1) assert.ok(inside, `${column}, ${row} is left out`);
        else if (!isHoled) assert.ok(!inside || near(column, row), `${column}, ${row} is far from any data`);
      }
    }
    // Clockwise where rows go down.
    for (const ring of rings) assert.ok(area(ring) > 0);
  });
}

test('all of the raster is its four corners', () => {
  const [ring = [], ...others] = outline(
    maskOf(() => true),
    WIDTH,
    HEIGHT,
  );
  const corners = ring.map(String).sort();
  assert.deepEqual(
    [corners, others],
    [['0,0', `0,${HEIGHT}`, `${WIDTH},0`, `${WIDTH},${HEIGHT}`].sort(), []],
  );
});

test('nothing has no ring; many pieces have one convex ring', () => {
  assert.deepEqual(
    outline(
      maskOf(() => false),
      WIDTH,
      HEIGHT,
    ),
    [],
  );
  const scattered = outline(
    maskOf((column, row) => column % 6 === 0 && row % 6 === 0),
    WIDTH,
    HEIGHT,
  );
  assert.equal(scattered.length, 1);
  assert.ok(isInside(scattered, 30, 22));
});

test('parts on both sides of the antimeridian have one box across it', () => {
  const grid = {
    width: 60,
    height: 10,
    transform: [1, 0, 150, 0, -1, 10] as const,
    crs: { epsg: 4326, proj4: null },
  };
  const square = (from: number): Corner[] => [
    [from, 0],
    [from + 5, 0],
    [from + 5, 10],
    [from, 10],
  ];
  const found = footprintOfRings({ ...grid, transform: [...grid.transform] }, [square(10), square(40)]);
  assert.deepEqual(found?.bbox, [160, 0, -165, 10]);
  assert.deepEqual(found?.geometry.type, 'MultiPolygon');
  assert.equal(found?.geometry.coordinates.length, 2);
});
