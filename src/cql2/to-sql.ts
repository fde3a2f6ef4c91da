/**
 * Expression -> a condition in SQL, values as parameters. Three-valued: null where the answer is unknown. What must not
 * fail in a row is done by functions of the database (migrations/0004-cql2-functions.ts).
 */
import { type RawBuilder, sql } from 'kysely';
import { shown } from '../geo/shown.ts';
import { compileArrays } from './arrays.ts';
import {
  type Expression,
  filterFault,
  isBbox,
  isGeometry,
  isInterval,
  isOperation,
  isProperty,
  type Operation,
} from './ast.ts';
import { compileBetween, compileComparison, compileIn, compileLike } from './comparison.ts';
import { isComparison, OPERATORS } from './operators.ts';
import type { Resolve } from './property.ts';
import { type Compile, isNull, refuseFunction, scalarOf } from './scalar.ts';
import { compileSpatial } from './spatial.ts';
import { compileTemporal } from './temporal.ts';

type Condition = RawBuilder<boolean>;

/** A property as a predicate: what is no boolean in the data is false, null is unknown. */
function compileProperty(name: string, compile: Compile): Condition {
  const column = compile.resolve(name);
  if (column.kind !== 'json') {
    throw filterFault(
      `filter: ${shown(name)} is of type ${column.kind}, where a predicate or a boolean stands`,
    );
  }
  const value = column.sql;
  return sql<boolean>`(nullif(${value}, 'null'::jsonb) = 'true'::jsonb)`;
}

function compileIsNull(arg: Expression, compile: Compile): Condition {
  if (isGeometry(arg) || isBbox(arg) || isInterval(arg)) return sql<boolean>`false`;
  if (isProperty(arg)) {
    const column = compile.resolve(arg.property);
    if (column.kind === 'geometry') return sql<boolean>`(${column.sql} is null)`;
  }
  return sql<boolean>`${isNull(scalarOf(arg, compile))}`;
}

function compileOperation({ op, args }: Operation, compile: Compile): Condition {
  const { predicate } = compile;
  if (op === 'and' || op === 'or') {
    return sql<boolean>`(${sql.join(args.map(predicate), sql.raw(` ${op} `))})`;
  }
  if (!OPERATORS.has(op)) return refuseFunction(op);
  if (op === 'not') return sql<boolean>`(not ${predicate(args[0] as Expression)})`;
  if (op === 'isNull') return compileIsNull(args[0] as Expression, compile);
  if (op === 'like') return compileLike(args, compile);
  if (op === 'between') return compileBetween(args, compile);
  if (op === 'in') return compileIn(args, compile);
  if (isComparison(op)) return compileComparison(op, args, compile);
  if (op.startsWith('s_')) return compileSpatial(op, args, compile);
  if (op.startsWith('t_')) return compileTemporal(op, args, compile);
  if (op.startsWith('a_')) return compileArrays(op, args, compile);
  throw filterFault(`filter: ${op} gives a value, where a predicate stands`);
}

/**
 * A checked filter as a condition.
 * @param resolve where each property is; called for every one that the filter reads
 * @throws ApiError InvalidParameter for functions that are not known and properties of another type than is taken
 */
export function toSql(filter: Expression, resolve: Resolve): Condition {
  const predicate = (expression: Expression): Condition => {
    if (typeof expression === 'boolean') return expression ? sql<boolean>`true` : sql<boolean>`false`;
    if (isProperty(expression)) return compileProperty(expression.property, compile);
    if (isOperation(expression)) return compileOperation(expression, compile);
    throw filterFault(`filter: ${shown(expression)} stands where a predicate does`);
  };
  const compile: Compile = { resolve, predicate };
  return predicate(filter);
}
