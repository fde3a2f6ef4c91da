/** Keyset page tokens: where a page begins, as opaque text, the same for GET and POST. */
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';

export interface PageToken {
  direction: 'next' | 'prev';
  /** Sort keys and their directions. */
  order: string[];
  /** Of the row that the page follows (next) or comes before (prev), a text or null for each sort key. */
  values: (string | null)[];
  /** How many match in all, counted for the first page. */
  matched: number;
}

export function formatPageToken({ direction, order, values, matched }: PageToken): string {
  return Buffer.from(JSON.stringify([direction, order, values, matched])).toString('base64url');
}

const isText = (value: unknown) => typeof value === 'string';

/** @throws ApiError InvalidParameter */
export function parsePageToken(text: string): PageToken {
  try {
    const parts = JSON.parse(Buffer.from(text, 'base64url').toString()) as unknown[];
    const [direction, order, values, matched] = parts;
    const isToken =
      parts.length === 4 &&
      (direction === 'next' || direction === 'prev') &&
      Array.isArray(order) &&
      order.every(isText) &&
      Array.isArray(values) &&
      values.every((value) => value === null || isText(value)) &&
      Number.isSafeInteger(matched) &&
      (matched as number) >= 0;
    if (isToken) return { direction, order, values, matched: matched as number };
  } catch {
    // Falls through to the same answer.
  }
  throw new ApiError(
    'InvalidParameter',
    `token is ${shown(text)}; accepted is what a next or prev link of this search says`,
    'token',
  );
}
