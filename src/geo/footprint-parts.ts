/** Rings of pixels that hold data -> one footprint of them all in WGS 84. RFC 7946 sections 3.1.7 and 5.2. */
import { type Footprint, type FootprintGrid, footprint } from './footprint.ts';
import type { Corner } from './outline.ts';

type Span = [west: number, east: number];

/** Footprints of several parts of one grid as one. Null where none of them is anywhere. */
export function footprintOfRings(grid: FootprintGrid, rings: Corner[][]): Footprint | null {
  const parts = rings.map((ring) => footprint(grid, ring)).filter((part) => part !== null);
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? null;
  const polygons = parts.flatMap(polygonsOf);
  return {
    geometry: { type: 'MultiPolygon', coordinates: polygons },
    bbox: boxOf(parts.map(({ bbox }) => bbox)),
  };
}

/** The smallest box round some: across the antimeridian where the widest gap between them is not there. */
function boxOf(boxes: Footprint['bbox'][]): Footprint['bbox'] {
  const south = Math.min(...boxes.map((box) => box[1]));
  const north = Math.max(...boxes.map((box) => box[3]));
  const spans = boxes
    .flatMap(
      ([west, , east]) =>
        (west > east
          ? [
              [west, 180],
              [-180, east],
            ]
          : [[west, east]]) as Span[],
    )
    .sort(([a], [b]) => a - b);
  const joined: Span[] = [];
  for (const [west, east] of spans) {
    const last = joined.at(-1);
    if (last && west <= last[1]) last[1] = Math.max(last[1], east);
    else joined.push([west, east]);
  }
  const gaps = joined.map(([west], index) => {
    const before = joined.at(index - 1)!;
    return index === 0 ? west + 360 - before[1] : west - before[1];
  });
  const widest = gaps.indexOf(Math.max(...gaps));
  return [joined[widest]![0], south, joined.at(widest - 1)![1], north];
}

const polygonsOf = ({ geometry }: Footprint) =>
  geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;

/** Of its outer rings in the plane of longitude and latitude, square degrees: to tell which of two is larger. */
export function footprintArea(footprint: Footprint): number {
  let area = 0;
  for (const [ring = []] of polygonsOf(footprint)) {
    for (const [at, [x, y]] of ring.entries()) {
      const [nextX, nextY] = ring[(at + 1) % ring.length]!;
      area += (x * nextY - nextX * y) / 2;
    }
  }
  return area;
}
