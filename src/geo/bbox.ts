/** Bounding boxes in degrees, lon/lat, west south east north (with heights: west south bottom east north top). RFC 7946 5. */
import { ApiError } from '../errors.ts';
import { shown } from './shown.ts';

export interface Bbox {
  west: number;
  south: number;
  east: number;
  north: number;
  /** Metres; null: any height. */
  bottom: number | null;
  top: number | null;
}

export const BBOX_ORDER =
  '4 numbers west,south,east,north or 6 numbers west,south,bottom,east,north,top in degrees';

function refuse(value: unknown, why: string): never {
  throw new ApiError(
    'InvalidParameter',
    `bbox is ${shown(value)}; ${why}; accepted are ${BBOX_ORDER}`,
    'bbox',
  );
}

/**
 * west > east crosses the antimeridian.
 * @param values 4 or 6 numbers
 * @throws ApiError InvalidParameter
 */
export function toBbox(values: readonly unknown[], came: unknown = values): Bbox {
  const isNumbers = values.every((value) => typeof value === 'number' && Number.isFinite(value));
  if (!isNumbers) refuse(came, 'not all of it are numbers');
  if (values.length !== 4 && values.length !== 6) refuse(came, `it has ${values.length} numbers`);
  const numbers = values as number[];
  const is3d = numbers.length === 6;
  const [west, south, east, north] = (is3d ? [0, 1, 3, 4] : [0, 1, 2, 3]).map((at) => numbers[at]) as [
    number,
    number,
    number,
    number,
  ];
  const bottom = is3d ? (numbers[2] as number) : null;
  const top = is3d ? (numbers[5] as number) : null;
  if (south > north) refuse(came, 'its south is above its north');
  if (south < -90 || north > 90) refuse(came, 'a latitude is beyond 90 degrees');
  if ([west, east].some((lon) => lon < -180 || lon > 180)) refuse(came, 'a longitude is beyond 180 degrees');
  if (bottom !== null && top !== null && bottom > top) refuse(came, 'its bottom is above its top');
  return { west, south, east, north, bottom, top };
}

/**
 * What JSON Schema cannot say of a document's bbox, or null; RFC 7946 5: "southwesterly point followed by [...] more
 * northeasterly". West may be above east (5.2).
 */
export function documentBboxFault(bbox: unknown): string | null {
  if (!Array.isArray(bbox) || (bbox.length !== 4 && bbox.length !== 6)) return null;
  const [south, north] = [bbox[1], bbox[bbox.length / 2 + 1]] as [number, number];
  if (south > north) return `${shown(bbox)}: its south ${south} is above its north ${north}`;
  const [bottom, top] = [bbox[2], bbox[5]] as [number, number];
  if (bbox.length === 6 && bottom > top)
    return `${shown(bbox)}: its bottom ${bottom} is above its top ${top}`;
  return null;
}

/** "1,2,3,4" -> Bbox. @throws ApiError InvalidParameter */
export function parseBbox(text: string): Bbox {
  const parts = text.split(',').map((part) => part.trim());
  return toBbox(
    parts.map((part) => (part === '' ? Number.NaN : Number(part))),
    text,
  );
}

/**
 * The one or two boxes that do not cross the antimeridian, as [west, south, east, north]. Longitudes 180 and -180 are one
 * place: a box with an edge on one of them has that edge on the other as well.
 */
export function splitBbox({ west, south, east, north }: Bbox): [number, number, number, number][] {
  if (west <= east) {
    const box: [number, number, number, number] = [west, south, east, north];
    if (east === 180 && west > -180) return [box, [-180, south, -180, north]];
    if (west === -180 && east < 180) return [box, [180, south, 180, north]];
    return [box];
  }
  return [
    [west, south, 180, north],
    [-180, south, east, north],
  ];
}
