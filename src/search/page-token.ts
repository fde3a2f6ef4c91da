/** Keyset page tokens: where a page begins, as opaque text, the same for GET and POST. */
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { checkInstant } from '../stac/datetime.ts';

export interface PageToken {
  direction: 'next' | 'prev';
  /** Sort key of the row that the page follows (next) or comes before (prev). `datetime` to the microsecond, UTC. */
  datetime: string;
  id: string;
  collection: string;
  /** How many Items match in all, counted for the first page. */
  matched: number;
}

/** The form in which the database gives the sort key. */
const EXACT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

export function formatPageToken({ direction, datetime, id, collection, matched }: PageToken): string {
  return Buffer.from(JSON.stringify([direction, datetime, id, collection, matched])).toString('base64url');
}

/** @throws ApiError InvalidParameter */
export function parsePageToken(text: string): PageToken {
  try {
    const parts = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const [direction, datetime, id, collection, matched] = parts;
    const isToken =
      parts.length === 5 &&
      (direction === 'next' || direction === 'prev') &&
      typeof datetime === 'string' &&
      EXACT.test(datetime) &&
      checkInstant(datetime) !== null &&
      typeof id === 'string' &&
      !id.includes('\0') &&
      typeof collection === 'string' &&
      !collection.includes('\0') &&
      Number.isSafeInteger(matched) &&
      (matched as number) >= 0;
    if (isToken) return { direction, datetime, id, collection, matched: matched as number };
  } catch {
    // Falls through to the same answer.
  }
  throw new ApiError(
    'InvalidParameter',
    `token is ${shown(text)}; accepted is what a next or prev link of this search says`,
    'token',
  );
}
