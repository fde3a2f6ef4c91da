/**
 * A_* -> SQL over jsonb arrays as sets: neither order nor repetition counts. OGC CQL2 1.0, 7.9. What is no array is in no
 * relation to one (false), and null gives null. Elements are equal when type and value are; of arrays with a DATE or
 * TIMESTAMP, text that is one as well.
 */
import { type RawBuilder, sql } from 'kysely';
import { shown } from '../geo/shown.ts';
import {
  type Expression,
  filterFault,
  instantText,
  isArray,
  isBbox,
  isGeometry,
  isInstant,
  isInterval,
  isProperty,
  partsOf,
} from './ast.ts';
import { type Compile, refuseFunction, type Sql, scalarOf } from './scalar.ts';
import { toJson } from './to-json.ts';

/** jsonb of one element; null in the data is null in jsonb. */
function elementOf(expression: Expression, compile: Compile): Sql {
  if (isArray(expression)) return arrayOf(expression, compile);
  if (isInstant(expression)) return sql`to_jsonb(${instantText(expression)}::text)`;
  if (isGeometry(expression) || isBbox(expression) || isInterval(expression)) {
    return sql`${JSON.stringify(toJson(expression))}::jsonb`;
  }
  const { type, sql: value } = scalarOf(expression, compile);
  if (type === 'interval') throw filterFault(`filter: ${shown(expression)} is an interval, within an array`);
  const instant = sql`${value} at time zone 'UTC'`;
  return sql`coalesce(to_jsonb(${type === 'instant' ? instant : value}), 'null'::jsonb)`;
}

const isLiteral = (expression: Expression): boolean =>
  typeof expression !== 'object' || (isArray(expression) && expression.every(isLiteral));

/** Arguments that one call of a function may have. */
const MOST_ARGUMENTS = 100;

/** An array of text, numbers and booleans is one parameter; of others, each element is compiled. */
function arrayOf(elements: Expression[], compile: Compile): Sql {
  if (isLiteral(elements)) return sql`${JSON.stringify(elements)}::jsonb`;
  const parts: Sql[] = [];
  for (let from = 0; from < elements.length; from += MOST_ARGUMENTS) {
    const some = elements.slice(from, from + MOST_ARGUMENTS).map((element) => elementOf(element, compile));
    parts.push(sql`jsonb_build_array(${sql.join(some)})`);
  }
  return sql`(${sql.join(parts, sql` || `)})`;
}

/** What is an array, or jsonb that may be one. */
function operandOf(expression: Expression, compile: Compile): Sql {
  if (isArray(expression)) return arrayOf(expression, compile);
  if (!isProperty(expression)) return refuseFunction((expression as { op: string }).op);
  const column = compile.resolve(expression.property);
  if (column.kind === 'json') return column.sql;
  throw filterFault(`filter: ${shown(expression.property)} is of type ${column.kind}, and never an array`);
}

const hasInstants = (expression: Expression): boolean =>
  isInstant(expression) || (isArray(expression) && partsOf(expression).some(hasInstants));

/** Of `a` and `b`. jsonb's own containment goes into nested arrays and objects; these compare whole elements. */
const RELATIONS: Record<string, Sql> = {
  a_contains: sql`cql2_superset(a, b)`,
  a_containedBy: sql`cql2_superset(b, a)`,
  a_equals: sql`cql2_superset(a, b) and cql2_superset(b, a)`,
  a_overlaps: sql`cql2_overlap(a, b)`,
};

export function compileArrays(op: string, args: Expression[], compile: Compile): RawBuilder<boolean> {
  const operands = args.map((arg) => operandOf(arg, compile));
  const inTime = (name: string) => sql.raw(args.some(hasInstants) ? `cql2_moments(${name})` : name);
  return sql<boolean>`(select
    case
      when nullif(x, 'null'::jsonb) is null or nullif(y, 'null'::jsonb) is null then null
      when jsonb_typeof(x) <> 'array' or jsonb_typeof(y) <> 'array' then false
      else (select ${RELATIONS[op]} from (select ${inTime('x')}, ${inTime('y')}) as sets (a, b))
    end
    from (select ${operands[0]}, ${operands[1]}) as operands (x, y))`;
}
