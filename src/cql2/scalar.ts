/**
 * Values of a filter -> SQL of a known type, or jsonb whose type the data tells. Values are parameters, always cast, so
 * that the database need not guess.
 *
 * A function or operator that gets a value of another type than it takes gives null: CASEI of a number, text + 1.
 */
import { type RawBuilder, sql } from 'kysely';
import { shown } from '../geo/shown.ts';
import { toUtc } from '../stac/datetime.ts';
import {
  type Expression,
  filterFault,
  instantText,
  isArray,
  isDecimal,
  isInstant,
  isOperation,
  isProperty,
  type Operation,
} from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { isArithmetic, OPERATORS } from './operators.ts';
import type { Resolve } from './property.ts';
import { instantOf } from './values.ts';

export type Sql = RawBuilder<unknown>;

/** `interval` has the SQL of its start here; json may be of any type in each row. */
export interface Scalar {
  type: 'string' | 'number' | 'boolean' | 'instant' | 'interval' | 'json';
  sql: Sql;
  /** The end, of an interval alone. */
  end?: Sql;
  /** A literal's value: it is never null. */
  literal?: string | number | boolean;
}

/** What the parts of a filter need to be compiled. */
export interface Compile {
  resolve: Resolve;
  predicate(expression: Expression): RawBuilder<boolean>;
}

export const timestamptz = (instant: string): Sql => sql`${toUtc(instant)}::timestamptz`;
const text = (value: string): Sql => sql`(${value}::text collate "C")`;

/** jsonb as text where it is a string, else null. */
export const stringIn = (json: Sql): Sql =>
  sql`((case when jsonb_typeof(${json}) = 'string' then ${json} #>> '{}' end) collate "C")`;

/** jsonb as a number where it is one, else null. */
const numberIn = (json: Sql): Sql =>
  sql`(case when jsonb_typeof(${json}) = 'number' then (${json})::numeric end)`;

/** An RFC 3339 date-time or date as an instant, other text and other types as null. */
export const instantIn = (json: Sql): Sql => sql`cql2_instant(${stringIn(json)})`;

/** A property that only some functions take. @throws ApiError InvalidParameter */
function refuseKind(name: string, kind: string, where: string): never {
  throw filterFault(`filter: ${shown(name)} is of type ${kind}, which ${where} does not take`);
}

/** @throws ApiError InvalidParameter naming a function that is none of ours */
export function refuseFunction(op: string): never {
  throw filterFault(
    `filter has the function ${shown(op)}, which is not known here; accepted are casei, accenti, ${[...FUNCTIONS.keys()].join(', ')}`,
  );
}

function propertyOf(name: string, { resolve }: Compile): Scalar {
  const column = resolve(name);
  if (column.kind === 'geometry') return refuseKind(name, 'geometry', 'a comparison or calculation');
  if (column.kind === 'interval') return { type: 'interval', sql: column.start, end: column.end };
  return { type: column.kind === 'text' ? 'string' : column.kind, sql: column.sql };
}

/** The text of an expression; null in rows where it is something else. */
function stringOf(expression: Expression, compile: Compile): Sql {
  const scalar = scalarOf(expression, compile);
  if (scalar.type === 'string') return scalar.sql;
  return scalar.type === 'json' ? stringIn(scalar.sql) : sql`null::text collate "C"`;
}

/** The number of an expression; null in rows where it is something else. */
function numberOf(expression: Expression, compile: Compile): Sql {
  const scalar = scalarOf(expression, compile);
  if (scalar.type === 'number') return scalar.sql;
  return scalar.type === 'json' ? numberIn(scalar.sql) : sql`null::numeric`;
}

/** The instant of an expression; null in rows where it is something else. */
function instantOfExpression(expression: Expression, compile: Compile): Sql {
  const scalar = scalarOf(expression, compile);
  if (scalar.type === 'instant' || scalar.type === 'interval') return scalar.sql;
  if (scalar.type === 'json') return instantIn(scalar.sql);
  return scalar.type === 'string' ? sql`cql2_instant(${scalar.sql})` : sql`null::timestamptz`;
}

/** @throws ApiError InvalidParameter when it is not known, or takes another number of arguments */
function callOf({ op, args }: Operation, compile: Compile): Scalar {
  const known = FUNCTIONS.get(op.toLowerCase()) ?? refuseFunction(op);
  const [argument] = args;
  if (argument === undefined || args.length !== 1)
    throw filterFault(`filter: ${op} takes 1 argument, not ${args.length}`);
  const read = { string: stringOf, number: numberOf, instant: instantOfExpression }[known.takes];
  return { type: 'number', sql: sql`(${known.compile(read(argument, compile))})` };
}

const ARITHMETIC: Record<string, string> = {
  '+': 'cql2_add',
  '-': 'cql2_subtract',
  '*': 'cql2_multiply',
  '/': 'cql2_divide',
  '%': 'cql2_modulo',
  div: 'cql2_quotient',
  '^': 'cql2_power',
};

function operationOf(operation: Operation, compile: Compile): Scalar {
  const { op, args } = operation;
  const [first, second] = args as [Expression, Expression];
  if (op === 'casei' || op === 'accenti') {
    const folded = sql`${sql.raw(`cql2_${op}`)}(${stringOf(first, compile)})`;
    return { type: 'string', sql: sql`(${folded} collate "C")` };
  }
  if (isArithmetic(op)) {
    const name = sql.raw(ARITHMETIC[op] as string);
    return { type: 'number', sql: sql`${name}(${numberOf(first, compile)}, ${numberOf(second, compile)})` };
  }
  if (!OPERATORS.has(op)) return callOf(operation, compile);
  return { type: 'boolean', sql: sql`(${compile.predicate({ op, args })})` };
}

/** @throws ApiError InvalidParameter for functions that are not known, and what is no scalar */
export function scalarOf(expression: Expression, compile: Compile): Scalar {
  if (typeof expression === 'string') return { type: 'string', sql: text(expression), literal: expression };
  if (typeof expression === 'number') {
    return { type: 'number', sql: sql`${String(expression)}::numeric`, literal: expression };
  }
  if (typeof expression === 'boolean') {
    return { type: 'boolean', sql: expression ? sql`true` : sql`false`, literal: expression };
  }
  if (isArray(expression))
    throw filterFault(`filter: ${shown(expression)} is an array, where one value stands`);
  if (isDecimal(expression)) {
    return { type: 'number', sql: sql`${expression.decimal}::numeric`, literal: expression.decimal };
  }
  if (isProperty(expression)) return propertyOf(expression.property, compile);
  if (isInstant(expression)) {
    const given = instantText(expression);
    return { type: 'instant', sql: timestamptz(instantOf(given) as string), literal: given };
  }
  if (isOperation(expression)) return operationOf(expression, compile);
  throw filterFault(`filter: ${shown(expression)} stands where one value does`);
}

/** Whether it is null: absent, or null in the data. */
export const isNull = ({ type, sql: value, end }: Scalar): Sql => {
  if (type === 'json') return sql`(nullif(${value}, 'null'::jsonb) is null)`;
  return end ? sql`(${value} is null and ${end} is null)` : sql`(${value} is null)`;
};
