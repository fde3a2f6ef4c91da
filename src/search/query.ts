/** `query` -> the same tree as a filter. STAC API Query. */
import type { Decimal, Expression } from '../cql2/ast.ts';
import { readSigned } from '../cql2/number.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { digitsOf } from '../stac/exact-json.ts';

type Scalar = string | number | boolean | Decimal;

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const COMPARISONS: Record<string, string> = { eq: '=', neq: '<>', lt: '<', lte: '<=', gt: '>', gte: '>=' };
const OPERATORS = [...Object.keys(COMPARISONS), 'startsWith', 'endsWith', 'contains', 'in'];

function refuse(path: string, value: unknown, accepted: string): never {
  throw new ApiError(
    'InvalidParameter',
    `query.${path} is ${shown(value)}; accepted is ${accepted}`,
    'query',
  );
}

/** Text as a pattern that matches itself. */
const literal = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

function textOf(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, value, 'a string');
}

function checkScalar(value: unknown, path: string): Scalar {
  const digits = digitsOf(value);
  if (digits !== null) return readSigned(digits);
  if (!isScalar(value)) refuse(path, value, 'a string, a number or a boolean');
  if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()))
    refuse(path, value, 'Unicode text without NUL');
  return value;
}

/** A number of JSON; one that is longer is text alone. */
const NUMBER = /^-?(?=.{1,400}$)(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$/;

/**
 * A value, and beside text that is a number that number: pystac-client sends "10" for `query=["eo:cloud_cover<10"]`, and
 * stac-api-validator all numbers so. With data of the other type neither comparison is true.
 */
const readings = (value: Scalar): Scalar[] =>
  typeof value === 'string' && NUMBER.test(value) ? [value, readSigned(value)] : [value];

function compare(name: string, operator: string, value: unknown, path: string): Expression {
  const property = { property: name };
  const op = COMPARISONS[operator] as string;
  if (value === null && operator === 'eq') return { op: 'isNull', args: [property] };
  if (value === null && operator === 'neq') return { op: 'not', args: [{ op: 'isNull', args: [property] }] };
  if (Array.isArray(value) && (operator === 'eq' || operator === 'neq')) {
    const parts = value.map((part) => checkScalar(part, path));
    const same: Expression = { op: 'a_equals', args: [property, parts] };
    return operator === 'eq' ? same : { op: 'not', args: [same] };
  }
  const conditions = readings(checkScalar(value, path)).map((each) => ({ op, args: [property, each] }));
  const [first] = conditions as [Expression, ...Expression[]];
  return conditions.length === 1 ? first : { op: operator === 'neq' ? 'and' : 'or', args: conditions };
}

function toCondition(name: string, operator: string, value: unknown): Expression {
  const path = `${shown(name)}.${operator}`;
  const property = { property: name };
  if (Object.hasOwn(COMPARISONS, operator)) return compare(name, operator, value, path);
  const like = (pattern: string): Expression => ({ op: 'like', args: [property, pattern] });
  if (operator === 'startsWith') return like(`${literal(textOf(checkScalar(value, path), path))}%`);
  if (operator === 'endsWith') return like(`%${literal(textOf(checkScalar(value, path), path))}`);
  if (operator === 'contains') {
    const element: Expression = { op: 'a_contains', args: [property, [checkScalar(value, path)]] };
    if (typeof value !== 'string') return element;
    return { op: 'or', args: [like(`%${literal(value)}%`), element] };
  }
  if (operator === 'in') {
    if (!Array.isArray(value) || value.length === 0) refuse(path, value, 'a list that is not empty');
    return { op: 'in', args: [property, value.flatMap((part) => readings(checkScalar(part, path)))] };
  }
  throw new ApiError(
    'InvalidParameter',
    `query.${shown(name)} has ${shown(operator)}; accepted are ${OPERATORS.join(', ')}`,
    'query',
  );
}

/**
 * {name: {operator: value}} -> all conditions together; null when there is none.
 * @throws ApiError InvalidParameter
 */
export function parseQuery(query: Record<string, Record<string, unknown>>): Expression | null {
  const conditions = Object.entries(query).flatMap(([name, operators]) =>
    Object.entries(operators).map(([operator, value]) => toCondition(name, operator, value)),
  );
  const [first] = conditions;
  if (first === undefined) return null;
  return conditions.length === 1 ? first : { op: 'and', args: conditions };
}
