/**
 * = <> < <= > >= LIKE BETWEEN IN -> SQL. OGC CQL2 1.0, 6.6 and 7.2.
 *
 * What the data is, decides: numbers compare as numbers, text by code point, booleans false before true, instants in
 * time. With null the answer is null. Values of different types are not equal and neither comes first: = < <= > >= are
 * false and <> is true, so that `a <> b` and `NOT a = b` are the same everywhere. Text that is an RFC 3339 date-time is
 * an instant beside another one; a date is its midnight in UTC. An interval is before an instant when its end is.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Expression } from './ast.ts';
import { checkedPattern } from './pattern.ts';
import {
  type Compile,
  instantIn,
  isNull,
  type Scalar,
  type Sql,
  scalarOf,
  stringIn,
  timestamptz,
} from './scalar.ts';
import { instantOf } from './values.ts';

type Condition = RawBuilder<boolean>;

const compared = (a: Sql, op: string, b: Sql): Condition => sql<boolean>`(${a} ${sql.raw(op)} ${b})`;

/** What a comparison of different types gives. */
const across = (op: string): Sql => (op === '<>' ? sql`true` : sql`false`);

/** Null where one of them is null; literals never are. */
function unlessNull(scalars: Scalar[], condition: Sql): Condition {
  const nullable = scalars.filter(({ literal }) => literal === undefined).map(isNull);
  if (nullable.length === 0) return sql<boolean>`(${condition})`;
  return sql<boolean>`(case when ${sql.join(nullable, sql` or `)} then null::boolean else ${condition} end)`;
}

const isMomentText = (value: unknown): value is string =>
  typeof value === 'string' && instantOf(value) !== null;

/** jsonb equals jsonb of the same type and value only, which is what a comparison with a literal is. */
function equalsLiteral(json: Sql, op: string, literal: Scalar): Condition {
  return sql<boolean>`(nullif(${json}, 'null'::jsonb) ${sql.raw(op)} to_jsonb(${literal.sql}))`;
}

/** An expression of known type beside jsonb. */
function compareJson(json: Scalar, op: string, other: Scalar): Condition {
  const value = json.sql;
  const isEquality = op === '=' || op === '<>';
  const isMoment = other.type === 'instant' || isMomentText(other.literal);
  if (isEquality && other.literal !== undefined && !isMoment) return equalsLiteral(value, op, other);
  const otherwise = unlessNull([json, other], across(op));
  if (other.type === 'instant') {
    return sql<boolean>`coalesce(${instantIn(value)} ${sql.raw(op)} ${other.sql}, ${otherwise})`;
  }
  const asType = {
    string: stringIn(value),
    number: sql`(${value})::numeric`,
    boolean: sql`(${value})::boolean`,
  }[other.type as 'string' | 'number' | 'boolean'];
  const plain = compared(asType, op, other.sql);
  const same = isMomentText(other.literal)
    ? sql`coalesce(${instantIn(value)} ${sql.raw(op)} ${timestamptz(instantOf(other.literal) as string)}, ${plain})`
    : plain;
  return sql<boolean>`(case when jsonb_typeof(${value}) = ${sql.lit(other.type)} then ${same} else ${otherwise} end)`;
}

/** Two of jsonb, by the type that both have. */
function compareBothJson(a: Scalar, op: string, b: Scalar): Condition {
  const [left, right] = [a.sql, b.sql];
  const asText = compared(stringIn(left), op, stringIn(right));
  const isEquality = op === '=' || op === '<>';
  return unlessNull(
    [a, b],
    sql`case when jsonb_typeof(${left}) <> jsonb_typeof(${right}) then ${across(op)}
      else case jsonb_typeof(${left})
        when 'number' then ${compared(sql`(${left})::numeric`, op, sql`(${right})::numeric`)}
        when 'string' then coalesce(${compared(instantIn(left), op, instantIn(right))}, ${asText})
        when 'boolean' then ${compared(sql`(${left})::boolean`, op, sql`(${right})::boolean`)}
        else ${isEquality ? compared(left, op, right) : sql`false`} end end`,
  );
}

const MIRRORED: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** Open ends of a stored interval are null, and it is null itself when both are. */
const openStart = ({ sql: start }: Scalar): Sql => sql`coalesce(${start}, '-infinity'::timestamptz)`;
const openEnd = ({ end }: Scalar): Sql => sql`coalesce(${end}, 'infinity'::timestamptz)`;

function compareInterval(a: Scalar, op: string, b: Scalar): Condition {
  if (b.type !== 'instant') return unlessNull([a, b], across(op));
  const equal = sql`${openStart(a)} = ${b.sql} and ${openEnd(a)} = ${b.sql}`;
  if (op === '=') return unlessNull([a, b], equal);
  if (op === '<>') return unlessNull([a, b], sql`not (${equal})`);
  const side = op.startsWith('<') ? openEnd(a) : openStart(a);
  return unlessNull([a, b], compared(side, op, b.sql));
}

/** Text beside a column of instants is an instant, when it can be read as one. */
function asInstant(scalar: Scalar): Scalar {
  const instant =
    typeof scalar.literal === 'string' && scalar.type === 'string' ? instantOf(scalar.literal) : null;
  return instant === null ? scalar : { ...scalar, type: 'instant', sql: timestamptz(instant) };
}

const isTime = ({ type, literal }: Scalar) =>
  type === 'interval' || (type === 'instant' && literal === undefined);

/** @param op = <> < <= > >= */
export function compare(left: Scalar, op: string, right: Scalar): Condition {
  const a = isTime(right) ? asInstant(left) : left;
  const b = isTime(left) ? asInstant(right) : right;
  if (a.type === 'interval') return compareInterval(a, op, b);
  if (b.type === 'interval') return compareInterval(b, MIRRORED[op] ?? op, a);
  if (a.type === 'json') return b.type === 'json' ? compareBothJson(a, op, b) : compareJson(a, op, b);
  if (b.type === 'json') return compareJson(b, MIRRORED[op] ?? op, a);
  if (a.type === b.type) return compared(a.sql, op, b.sql);
  return unlessNull([a, b], across(op));
}

export function compileComparison(op: string, args: Expression[], compile: Compile): Condition {
  const [left, right] = args.map((arg) => scalarOf(arg, compile)) as [Scalar, Scalar];
  return compare(left, op, right);
}

/** Inclusive. Null where any of the three is. */
export function compileBetween(args: Expression[], compile: Compile): Condition {
  const [value, low, high] = args.map((arg) => scalarOf(arg, compile)) as [Scalar, Scalar, Scalar];
  const within = sql`${compare(value, '>=', low)} and ${compare(value, '<=', high)}`;
  return unlessNull([low, high], sql`(${within})`);
}

/** Literals of a list that one array can hold, of the type that the value has or, beside jsonb, of any. */
const isPlain =
  (value: Scalar) =>
  ({ type, literal }: Scalar): boolean =>
    literal !== undefined &&
    type !== 'instant' &&
    !isMomentText(literal) &&
    ['json', type].includes(value.type);

const jsonOf = ({ type, literal }: Scalar) => (type === 'string' ? JSON.stringify(literal) : String(literal));

function isAny(value: Scalar, list: Scalar[]): Condition {
  if (value.type === 'json') {
    return sql<boolean>`(nullif(${value.sql}, 'null'::jsonb) = any(${list.map(jsonOf)}::jsonb[]))`;
  }
  const array = sql.raw({ string: 'text', number: 'numeric' }[value.type as string] ?? 'boolean');
  return sql<boolean>`(${value.sql} = any(${list.map(({ literal }) => String(literal))}::${array}[]))`;
}

/** Whether it equals one of a list. Literals that need no reading are compared with one array. */
export function compileIn(args: Expression[], compile: Compile): Condition {
  const value = scalarOf(args[0] as Expression, compile);
  const list = (args[1] as Expression[]).map((item) => scalarOf(item, compile));
  const plain = list.filter(isPlain(value));
  const others = list.filter((item) => !isPlain(value)(item));
  const conditions = others.map((item) => compare(value, '=', item));
  if (plain.length > 0) conditions.unshift(isAny(value, plain));
  return sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}

/** % is any run of characters, _ is one, a backslash makes the next character itself. */
export function compileLike(args: Expression[], compile: Compile): Condition {
  const value = scalarOf(args[0] as Expression, compile);
  const pattern = scalarOf(checkedPattern(args[1] as Expression), compile);
  const matches = (text: Sql) => sql<boolean>`(${text} like ${pattern.sql} escape '\\')`;
  if (value.type === 'string') return matches(value.sql);
  if (value.type !== 'json') return unlessNull([value], sql`false`);
  return sql<boolean>`coalesce(${matches(stringIn(value.sql))}, ${unlessNull([value], sql`false`)})`;
}
