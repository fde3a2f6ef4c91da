/**
 * Tile -> where in the image the centre of each of its pixels lies. Upright grids exactly, a row and a column at a time;
 * others by a mesh, which is made finer until straight lines between its points are an eighth of a pixel off at most.
 */
import { setImmediate } from 'node:timers/promises';
import type { Geolocation, Pixel } from './geolocation.ts';
import type { Image } from './image.ts';
import { placeOfTile, type Tile, xOfLongitude, yOfLatitude } from './mercator.ts';
import type { Places } from './resample.ts';

/** Pixels of the tile: columns [left, right), rows [top, bottom). */
interface Rect {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Off by this much of a pixel, of the tile or of the image, whichever is larger. */
const TOLERANCE = 0.125;
/** Pixels of a side of the mesh's first cells; below the second, each pixel is projected. */
const COARSE = 64;
const FINE = 4;
/** Milliseconds after which others come first. */
const SLICE = 8;

/** Places in pixels of the whole image; NaN outside of it. null: nothing of it is on the tile. */
export async function warp(image: Image, where: Geolocation, tile: Tile): Promise<Places | null> {
  const rect = touched(where, tile);
  if (rect === null) return null;
  const { west, north, resolution } = placeOfTile(tile);
  const toPixel = (x: number, y: number) =>
    where.toPixel(west + (x + 0.5) * resolution, north - (y + 0.5) * resolution);
  const places: Places = {
    columns: new Float64Array(tile.size ** 2).fill(Number.NaN),
    rows: new Float64Array(tile.size ** 2).fill(Number.NaN),
  };
  if (where.isUpright) fillUpright(places, rect, tile.size, toPixel);
  else await fillMesh(places, rect, tile.size, meshOf(image, toPixel, resolution / where.resolution));
  return places;
}

/** Pixels of a tile that the image's bounds reach, with a margin, since its edges are curves there. */
function touched({ bounds, resolution: own }: Geolocation, tile: Tile): Rect | null {
  const { west, north, resolution } = placeOfTile(tile);
  const [left, low, right, high] = bounds;
  const east = right < left ? right + 360 : right;
  const [least, most] = [yOfLatitude(low), yOfLatitude(high)];
  const margin = (extent: number) => extent / 100 + 2 * own + 2 * resolution;
  const [marginX, marginY] = [margin(xOfLongitude(east - left)), margin(most - least)];
  const top = Math.max(0, Math.floor((north - most - marginY) / resolution));
  const bottom = Math.min(tile.size, Math.ceil((north - least + marginY) / resolution));
  if (top >= bottom) return null;
  const spans = [-360, 0, 360].flatMap((turn) => {
    const from = Math.max(0, Math.floor((xOfLongitude(left + turn) - marginX - west) / resolution));
    const to = Math.min(tile.size, Math.ceil((xOfLongitude(east + turn) + marginX - west) / resolution));
    return from < to ? [{ from, to }] : [];
  });
  if (spans.length === 0) return null;
  const from = Math.min(...spans.map((span) => span.from));
  return { top, bottom, left: from, right: Math.max(...spans.map((span) => span.to)) };
}

type ToPixel = (x: number, y: number) => Pixel;

function fillUpright({ columns, rows }: Places, rect: Rect, size: number, toPixel: ToPixel): void {
  for (let x = rect.left; x < rect.right; x += 1) columns[x] = toPixel(x, rect.top)[0];
  const across = columns.slice(0, size);
  columns.fill(Number.NaN, 0, size);
  for (let y = rect.top; y < rect.bottom; y += 1) {
    columns.set(across, y * size);
    rows.fill(toPixel(rect.left, y)[1], y * size, (y + 1) * size);
  }
}

interface Mesh {
  toPixel: ToPixel;
  tolerance: number;
  /** All of these lie on one side of the image. */
  isOutside(points: Pixel[]): boolean;
}

function meshOf({ width, height }: Image, toPixel: ToPixel, ratio: number): Mesh {
  const margin = 2 * Math.max(1, ratio);
  return {
    toPixel,
    tolerance: TOLERANCE * Math.max(1, ratio),
    isOutside: (points) =>
      points.every(([column]) => column < -margin) ||
      points.every(([column]) => column > width + margin) ||
      points.every(([, row]) => row < -margin) ||
      points.every(([, row]) => row > height + margin),
  };
}

async function fillMesh(places: Places, rect: Rect, size: number, mesh: Mesh): Promise<void> {
  let start = performance.now();
  for (let y = rect.top; y < rect.bottom; y += COARSE)
    for (let x = rect.left; x < rect.right; x += COARSE) {
      const { toPixel } = mesh;
      const corners: Corners = [
        toPixel(x, y),
        toPixel(x + COARSE, y),
        toPixel(x, y + COARSE),
        toPixel(x + COARSE, y + COARSE),
      ];
      fillCell(places, rect, size, mesh, { x, y, side: COARSE, corners });
      if (performance.now() - start < SLICE) continue;
      await setImmediate();
      start = performance.now();
    }
}

type Corners = [Pixel, Pixel, Pixel, Pixel];

interface Cell {
  x: number;
  y: number;
  side: number;
  /** Upper left, upper right, lower left, lower right: of the pixels there, the right and lower ones of the next cell. */
  corners: Corners;
}

function fillCell(places: Places, rect: Rect, size: number, mesh: Mesh, cell: Cell): void {
  const { x, y, side, corners } = cell;
  if (x >= rect.right || y >= rect.bottom) return;
  const half = side / 2;
  const at = (dx: number, dy: number) => mesh.toPixel(x + dx * half, y + dy * half);
  const [top, left, middle, right, bottom] = [at(1, 0), at(0, 1), at(1, 1), at(2, 1), at(1, 2)];
  if (mesh.isOutside([...corners, top, left, middle, right, bottom])) return;
  const [upperLeft, upperRight, lowerLeft, lowerRight] = corners;
  const off = Math.max(
    distance(top, mean(upperLeft, upperRight)),
    distance(left, mean(upperLeft, lowerLeft)),
    distance(right, mean(upperRight, lowerRight)),
    distance(bottom, mean(lowerLeft, lowerRight)),
    distance(middle, mean(mean(upperLeft, upperRight), mean(lowerLeft, lowerRight))),
  );
  if (off <= mesh.tolerance) fillBetween(places, rect, size, cell);
  else if (side <= FINE) fillExactly(places, rect, size, mesh, cell);
  else {
    const parts: [number, number, Corners][] = [
      [0, 0, [upperLeft, top, left, middle]],
      [half, 0, [top, upperRight, middle, right]],
      [0, half, [left, middle, lowerLeft, bottom]],
      [half, half, [middle, right, bottom, lowerRight]],
    ];
    for (const [dx, dy, part] of parts)
      fillCell(places, rect, size, mesh, { x: x + dx, y: y + dy, side: half, corners: part });
  }
}

const mean = (one: Pixel, other: Pixel): Pixel => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];

/** Infinity where either is nowhere, so that a cell that is partly nowhere is divided. */
function distance(one: Pixel, other: Pixel): number {
  const off = Math.max(Math.abs(one[0] - other[0]), Math.abs(one[1] - other[1]));
  return Number.isFinite(off) ? off : Number.POSITIVE_INFINITY;
}

function fillBetween(
  { columns, rows }: Places,
  rect: Rect,
  size: number,
  { x, y, side, corners }: Cell,
): void {
  const [upperLeft, upperRight, lowerLeft, lowerRight] = corners;
  const right = Math.min(x + side, rect.right);
  const bottom = Math.min(y + side, rect.bottom);
  for (let row = y; row < bottom; row += 1) {
    const down = (row - y) / side;
    const startColumn = upperLeft[0] + (lowerLeft[0] - upperLeft[0]) * down;
    const startRow = upperLeft[1] + (lowerLeft[1] - upperLeft[1]) * down;
    const stepColumn = (upperRight[0] + (lowerRight[0] - upperRight[0]) * down - startColumn) / side;
    const stepRow = (upperRight[1] + (lowerRight[1] - upperRight[1]) * down - startRow) / side;
    for (let column = x; column < right; column += 1) {
      columns[row * size + column] = startColumn + stepColumn * (column - x);
      rows[row * size + column] = startRow + stepRow * (column - x);
    }
  }
}

function fillExactly(places: Places, rect: Rect, size: number, mesh: Mesh, { x, y, side }: Cell): void {
  for (let row = y; row < Math.min(y + side, rect.bottom); row += 1)
    for (let column = x; column < Math.min(x + side, rect.right); column += 1) {
      const [placeColumn, placeRow] = mesh.toPixel(column, row);
      places.columns[row * size + column] = placeColumn;
      places.rows[row * size + column] = placeRow;
    }
}
