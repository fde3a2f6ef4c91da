/** Checked values of a filter: dates, date-times, the bounds of intervals, boxes. */
import { ApiError } from '../errors.ts';
import { toBbox } from '../geo/bbox.ts';
import { shown } from '../geo/shown.ts';
import { checkInstant } from '../stac/datetime.ts';
import { type Bound, type Expression, filterFault, isOperation, isProperty } from './ast.ts';
import { OPERATORS } from './operators.ts';

const isDate = (text: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && checkInstant(`${text}T00:00:00Z`) !== null;

/** @throws ApiError InvalidParameter */
export function readDate(value: unknown): string {
  if (typeof value === 'string' && isDate(value)) return value;
  throw filterFault(`filter has the date ${shown(value)}; accepted is a day that exists, as 2024-01-31`);
}

/** @throws ApiError InvalidParameter */
export function readTimestamp(value: unknown): string {
  if (typeof value === 'string' && checkInstant(value) !== null) return value;
  throw filterFault(
    `filter has the timestamp ${shown(value)}; accepted is an RFC 3339 date-time, as 2024-01-31T12:00:00Z`,
  );
}

/** The RFC 3339 date-time of text that is a date or a date-time, a date being its midnight in UTC; null: it is neither. */
export function instantOf(text: string): string | null {
  return isDate(text) ? `${text}T00:00:00Z` : checkInstant(text);
}

/** @throws ApiError InvalidParameter */
export function readBound(value: Expression): Bound {
  if (typeof value === 'string' && (value === '..' || instantOf(value) !== null)) return value;
  const isFunction = isOperation(value) && !OPERATORS.has(value.op) && !['and', 'or'].includes(value.op);
  if (isFunction || isProperty(value)) return value as Bound;
  throw filterFault(
    `filter has ${shown(value)} as an end of an interval; accepted are a date or date-time as text, '..', a property or a function`,
  );
}

/** @throws ApiError InvalidParameter */
export function readBbox(values: unknown[]): { bbox: number[] } {
  try {
    toBbox(values);
  } catch (error) {
    if (error instanceof ApiError) throw filterFault(`filter: ${error.message}`);
    throw error;
  }
  return { bbox: (values as number[]).map((value) => (value === 0 ? 0 : value)) };
}
