/** CQL2 JSON, as parseExact gives it -> Expression. OGC CQL2 1.0, schema cql2.yml; operators may be in any case. */
import { type Geometry, geometryFault, plainGeometry } from '../geo/geometry.ts';
import { shown } from '../geo/shown.ts';
import { digitsOf, withDoubles } from '../stac/exact-json.ts';
import {
  checkText,
  DEEPEST_FILTER,
  type Expression,
  filterFault,
  joined,
  MOST_NODES,
  tooDeep,
  tooLarge,
} from './ast.ts';
import { checkFilter } from './check.ts';
import { isPlainName } from './lex.ts';
import { readSigned } from './number.ts';
import { operatorName } from './operators.ts';
import { readBbox, readBound, readDate, readTimestamp } from './values.ts';

interface Walk {
  nodes: number;
}

type Members = Record<string, unknown>;

/** @throws ApiError InvalidParameter when a member is there that the object cannot have */
function checkMembers(object: Members, allowed: string[]): void {
  const unknown = Object.keys(object).find((key) => !allowed.includes(key));
  if (unknown === undefined) return;
  throw filterFault(`filter has the unknown member ${shown(unknown)} beside ${shown(allowed[0])}`);
}

function toList(value: unknown, of: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw filterFault(`filter: ${of} is ${shown(value)}; accepted is an array`);
}

/** Drafts, and clients that follow them, have the args of `in` flat and those of `between` nested. */
function argumentsOf(op: string, args: unknown[]): unknown[] {
  const [first, second] = args;
  if (op === 'in' && args.length >= 2 && !Array.isArray(second)) return [first, args.slice(1)];
  if (op === 'between' && args.length === 2 && Array.isArray(second)) return [first, ...second];
  return args;
}

function toOperation(object: Members, depth: number, walk: Walk): Expression {
  checkMembers(object, ['op', 'args']);
  if (typeof object.op !== 'string') throw filterFault(`filter: op is ${shown(object.op)}; accepted is text`);
  const op = operatorName(object.op) ?? object.op;
  if (operatorName(op) === null && !isPlainName(op)) {
    throw filterFault(
      `filter: op is ${shown(op)}; accepted are the operators of CQL2 and names of functions`,
    );
  }
  const given = toList(object.args, `args of ${op}`);
  const args = argumentsOf(op, given).map((arg) => toExpression(arg, depth + 1, walk));
  if (op !== 'and' && op !== 'or') return { op, args };
  if (args.length === 0) throw filterFault(`filter: ${op} has no arguments; it takes 2 or more`);
  return joined(op, args);
}

function toProperty(object: Members): Expression {
  checkMembers(object, ['property']);
  const { property } = object;
  if (typeof property === 'string' && property !== '') return { property: checkText(property) };
  throw filterFault(`filter: property is ${shown(property)}; accepted is a name`);
}

function toGeometry(object: Members): Expression {
  const fault = geometryFault(object);
  const isEmpty = object.type === 'GeometryCollection' && (object.geometries as unknown[])?.length === 0;
  if (fault || isEmpty) {
    throw filterFault(`filter has a geometry that is none: ${fault ?? 'geometries: it has at least one'}`);
  }
  return withoutNegativeZero(plainGeometry(object as unknown as Geometry));
}

/** JSON has two zeros, which are one place. */
function withoutNegativeZero<Value>(value: Value): Value {
  if (value === 0) return 0 as Value;
  if (Array.isArray(value)) return value.map(withoutNegativeZero) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, withoutNegativeZero(part)]),
  ) as Value;
}

function toInterval(object: Members, depth: number, walk: Walk): Expression {
  checkMembers(object, ['interval']);
  const bounds = toList(object.interval, 'interval');
  if (bounds.length !== 2) {
    throw filterFault(`filter: interval has ${bounds.length} ends; accepted are 2, the start and the end`);
  }
  const [start, end] = bounds.map((bound) => readBound(toExpression(bound, depth + 1, walk)));
  return { interval: [start as string, end as string] };
}

function toObject(object: Members, depth: number, walk: Walk): Expression {
  if (Object.hasOwn(object, 'op')) return toOperation(object, depth, walk);
  if (Object.hasOwn(object, 'property')) return toProperty(object);
  if (Object.hasOwn(object, 'type')) return toGeometry(withDoubles(object) as Members);
  if (Object.hasOwn(object, 'interval')) return toInterval(object, depth, walk);
  if (Object.hasOwn(object, 'date')) {
    checkMembers(object, ['date']);
    return { date: readDate(object.date) };
  }
  if (Object.hasOwn(object, 'timestamp')) {
    checkMembers(object, ['timestamp']);
    return { timestamp: readTimestamp(object.timestamp) };
  }
  if (Object.hasOwn(object, 'bbox')) {
    checkMembers(object, ['bbox']);
    return readBbox(toList(withDoubles(object.bbox), 'bbox'));
  }
  throw filterFault(
    `filter has ${shown(object)}; accepted are objects with op, property, date, timestamp, interval, bbox, or a GeoJSON geometry`,
  );
}

function toExpression(value: unknown, depth: number, walk: Walk): Expression {
  if (depth > DEEPEST_FILTER) throw tooDeep();
  if (++walk.nodes > MOST_NODES) throw tooLarge();
  if (typeof value === 'string') return checkText(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map((part) => toExpression(part, depth + 1, walk));
  const digits = digitsOf(value);
  if (digits !== null) return readSigned(digits);
  if (typeof value === 'object' && value !== null) return toObject(value as Members, depth, walk);
  throw filterFault(
    `filter has ${shown(value)}; accepted are text, numbers, booleans, arrays and the objects of CQL2 (for null there is isNull)`,
  );
}

/**
 * A filter in CQL2 JSON.
 * @throws ApiError InvalidParameter naming the operator or member, what came and what is accepted
 */
export function parseJson(value: unknown): Expression {
  return checkFilter(toExpression(value, 1, { nodes: 0 }));
}
