/** The one tree that both encodings of a filter become, in the shape of CQL2 JSON. OGC CQL2 1.0 (21-065r2), 6 to 8. */
import { ApiError } from '../errors.ts';
import type { Geometry } from '../geo/geometry.ts';
import { shown } from '../geo/shown.ts';

/** A number that a double cannot hold without loss, as its digits; only the text encoding makes one. */
export interface Decimal {
  decimal: string;
}

export interface Property {
  property: string;
}

/** An operator, a predicate, or a function by its name. */
export interface Operation {
  op: string;
  args: Expression[];
}

/** Either side of an interval: an RFC 3339 date or date-time, '..', a property or a function. */
export type Bound = string | Property | Operation;

export type Instant = { date: string } | { timestamp: string };

/** `and` and `or` have two args or more, none of them of the same op: chains are flat. */
export type Expression =
  | string
  | number
  | boolean
  | Decimal
  | Property
  | Instant
  | { interval: [Bound, Bound] }
  | { bbox: number[] }
  | Geometry
  | Operation
  | Expression[];

/** Levels of operators, functions and arrays; the parts of a geometry do not count. */
export const DEEPEST_FILTER = 64;
/** Operators, properties, literals and arrays of one filter. */
export const MOST_NODES = 5000;

export const isArray = (value: Expression): value is Expression[] => Array.isArray(value);
const has = (value: Expression, key: string) =>
  typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, key);
export const isOperation = (value: Expression): value is Operation => has(value, 'op');
export const isProperty = (value: Expression): value is Property => has(value, 'property');
export const isDecimal = (value: Expression): value is Decimal => has(value, 'decimal');
export const isInterval = (value: Expression): value is { interval: [Bound, Bound] } =>
  has(value, 'interval');
export const isBbox = (value: Expression): value is { bbox: number[] } => has(value, 'bbox');
export const isGeometry = (value: Expression): value is Geometry => has(value, 'type');
export const isInstant = (value: Expression): value is Instant =>
  has(value, 'date') || has(value, 'timestamp');

/** The RFC 3339 text of a DATE or TIMESTAMP. */
export const instantText = (value: Instant): string => ('date' in value ? value.date : value.timestamp);

/** A 400 of the filter. */
export const filterFault = (detail: string): ApiError => new ApiError('InvalidParameter', detail, 'filter');

export const tooDeep = () => filterFault(`filter is nested deeper than ${DEEPEST_FILTER} levels`);
export const tooLarge = () =>
  filterFault(`filter has more than ${MOST_NODES} operators, properties and values`);

/** @throws ApiError InvalidParameter where a text could not reach the database as it came */
export function checkText(text: string): string {
  if (text.includes('\0'))
    throw filterFault(`filter has a NUL character in ${shown(text)}; no text holds one`);
  if (!text.isWellFormed()) throw filterFault(`filter is not well-formed Unicode in ${shown(text)}`);
  return text;
}

/**
 * `and` or `or` of any number of args, flat: what is nested under the same op is taken up, and one arg alone is itself.
 * @param op and, or
 */
export function joined(op: string, args: Expression[]): Expression {
  if (args.length === 1) return args[0] as Expression;
  const isSame = (arg: Expression) => isOperation(arg) && arg.op === op;
  return { op, args: args.flatMap((arg) => (isSame(arg) ? (arg as Operation).args : [arg])) };
}

/** What stands directly below an expression. */
export function partsOf(expression: Expression): Expression[] {
  if (isArray(expression)) return expression;
  if (isOperation(expression)) return expression.args;
  return isInterval(expression) ? expression.interval : [];
}

/** The names of the properties that a filter reads, each once, in their order. */
export function usedProperties(expression: Expression): string[] {
  const names = new Set<string>();
  const visit = (part: Expression): void => {
    if (isProperty(part)) names.add(part.property);
    for (const inner of partsOf(part)) visit(inner);
  };
  visit(expression);
  return [...names];
}
