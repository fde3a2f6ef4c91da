/** Which pixels of a raster hold data -> rings that hold them all: closed paths between pixels, columns and rows from the upper left corner. */

export type Corner = [column: number, row: number];

/** Rings, and corners in all of them, beyond which one convex ring is drawn instead. */
const MOST_RINGS = 16;
const MOST_CORNERS = 400;
/** Pixels that a straightened path may leave the exact one; the mask is widened by as much before. */
const SLACK = 1;

/** The mask and all that touches it, in a frame of `SLACK` pixels: paths are straightened at the raster's edge as elsewhere. */
function widened(mask: Uint8Array, width: number, height: number): Uint8Array {
  const stride = width + 2 * SLACK;
  const out = new Uint8Array(stride * (height + 2 * SLACK));
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (mask[row * width + column] === 0) continue;
      for (let y = row; y <= row + 2 * SLACK; y += 1)
        out.fill(1, y * stride + column, y * stride + column + 2 * SLACK + 1);
    }
  }
  return out;
}

/** Sutherland and Hodgman: the part of a ring where an axis (0: columns) is at least, or at most, a limit. */
function clip(ring: Corner[], axis: 0 | 1, limit: number, isLeast: boolean): Corner[] {
  const depth = (corner: Corner) => (corner[axis] - limit) * (isLeast ? 1 : -1);
  return ring.flatMap((from, at) => {
    const to = ring[(at + 1) % ring.length]!;
    const [here, there] = [depth(from), depth(to)];
    const out: Corner[] = here >= 0 ? [from] : [];
    if (here < 0 !== there < 0) {
      const share = here / (here - there);
      out.push([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
    }
    return out;
  });
}

/** Without corners that stand twice, or on the way between their neighbours. */
function tidy(ring: Corner[]): Corner[] {
  const single = ring.filter(([x, y], at) => {
    const [beforeX, beforeY] = ring.at(at - 1)!;
    return x !== beforeX || y !== beforeY;
  });
  return single.filter((corner, at) => {
    const [before, after] = [single.at(at - 1)!, single[(at + 1) % single.length]!];
    return Math.abs(cross(before, corner, after)) > 1e-9;
  });
}

/** A ring of the framed raster -> of the raster itself. */
function inRaster(ring: Corner[], width: number, height: number): Corner[] {
  let inside = ring.map(([x, y]): Corner => [x - SLACK, y - SLACK]);
  inside = clip(clip(inside, 0, 0, true), 0, width, false);
  return tidy(clip(clip(inside, 1, 0, true), 1, height, false));
}

/** Steps right, down, left, up. */
const STEPS: Corner[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

/**
 * Outer edges of what is set, clockwise as rows go down, one ring for each piece whose pixels share sides; holes are filled.
 * Each step has a set pixel on its right and none on its left.
 */
function trace(mask: Uint8Array, width: number, height: number): Corner[][] {
  const isSet = (column: number, row: number) =>
    column >= 0 && row >= 0 && column < width && row < height && mask[row * width + column] !== 0;
  /** Pixels on the right and left of a step from a corner. */
  const beside = (column: number, row: number, direction: number): [boolean, boolean] => {
    if (direction === 0) return [isSet(column, row), isSet(column, row - 1)];
    if (direction === 1) return [isSet(column - 1, row), isSet(column, row)];
    if (direction === 2) return [isSet(column - 1, row - 1), isSet(column - 1, row)];
    return [isSet(column, row - 1), isSet(column - 1, row - 1)];
  };
  const canStep = (column: number, row: number, direction: number) => {
    const [right, left] = beside(column, row, direction);
    return right && !left;
  };
  // Upper sides of pixels that a ring has gone along.
  const seen = new Uint8Array(width * height);
  const rings: Corner[][] = [];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      if (seen[row * width + column] !== 0 || !canStep(column, row, 0)) continue;
      const ring: Corner[] = [];
      let [x, y, direction] = [column, row, 0];
      let area = 0;
      do {
        if (direction === 0) seen[y * width + x] = 1;
        const [dx, dy] = STEPS[direction]!;
        ring.push([x, y]);
        area += x * dy - y * dx;
        [x, y] = [x + dx, y + dy];
        // Right first: pixels that share a corner alone are two pieces.
        const turn = [1, 0, 3].find((each) => canStep(x, y, (direction + each) % 4)) ?? 2;
        direction = (direction + turn) % 4;
      } while (x !== column || y !== row || direction !== 0);
      // Round a hole the way is the other.
      if (area > 0) rings.push(ring);
    }
  }
  return rings;
}

function distance([x, y]: Corner, [ax, ay]: Corner, [bx, by]: Corner): number {
  const length = Math.hypot(bx - ax, by - ay);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length;
}

/** Douglas and Peucker, of an open path; on a list, since a path may be as long as the raster has edges. */
function straighten(path: Corner[]): Corner[] {
  const kept = new Uint8Array(path.length);
  kept[0] = kept[path.length - 1] = 1;
  const parts: [number, number][] = [[0, path.length - 1]];
  for (let part = parts.pop(); part; part = parts.pop()) {
    const [from, to] = part;
    let [farthest, far] = [0, SLACK];
    for (let at = from + 1; at < to; at += 1) {
      const away = distance(path[at]!, path[from]!, path[to]!);
      if (away > far) [farthest, far] = [at, away];
    }
    if (farthest === 0) continue;
    kept[farthest] = 1;
    parts.push([from, farthest], [farthest, to]);
  }
  return path.filter((_, at) => kept[at] === 1);
}

/** A ring from one corner to the one farthest from it, and back. */
function straightenRing(ring: Corner[]): Corner[] {
  const [first] = ring as [Corner];
  let [opposite, far] = [0, -1];
  for (const [at, corner] of ring.entries()) {
    const away = Math.hypot(corner[0] - first[0], corner[1] - first[1]);
    if (away > far) [opposite, far] = [at, away];
  }
  const there = straighten(ring.slice(0, opposite + 1));
  const back = straighten([...ring.slice(opposite), first]);
  return [...there.slice(0, -1), ...back.slice(0, -1)];
}

const cross = ([ax, ay]: Corner, [bx, by]: Corner, [x, y]: Corner) =>
  (bx - ax) * (y - ay) - (by - ay) * (x - ax);

/** Andrew's monotone chain. */
function hull(corners: Corner[]): Corner[] {
  const sorted = corners.toSorted(([ax, ay], [bx, by]) => ax - bx || ay - by);
  const half = (points: Corner[]) => {
    const chain: Corner[] = [];
    for (const point of points) {
      while (chain.length > 1 && cross(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.toReversed())];
}

/**
 * Open rings round all pixels that are not 0, a pixel or two away from them at most, or one convex ring where they would be
 * many. Empty: no pixel holds data.
 * @param mask row-major, width * height
 */
export function outline(mask: Uint8Array, width: number, height: number): Corner[][] {
  const framed = trace(widened(mask, width, height), width + 2 * SLACK, height + 2 * SLACK).map(
    straightenRing,
  );
  const corners = framed.flat();
  const isPlain = framed.length <= MOST_RINGS && corners.length <= MOST_CORNERS;
  return (isPlain ? framed : [hull(corners)]).map((ring) => inRaster(ring, width, height));
}
