/**
 * T_* -> SQL over (start, end) of both sides. OGC CQL2 1.0, 7.8, and OWL-Time.
 *
 * Intervals are closed, '..' is without end, an instant is an interval of no length, and a date is its midnight in UTC.
 * The functions for intervals alone take an instant as well, of which the standard would make an error.
 */
import { type RawBuilder, sql } from 'kysely';
import { shown } from '../geo/shown.ts';
import {
  type Bound,
  type Expression,
  filterFault,
  instantText,
  isInstant,
  isInterval,
  isProperty,
} from './ast.ts';
import { type Compile, instantIn, refuseFunction, type Sql, timestamptz } from './scalar.ts';
import { instantOf } from './values.ts';

interface Period {
  start: Sql;
  end: Sql;
}

const MOST: Record<string, string> = { start: '-infinity', end: 'infinity' };

/** The instant of a property; null where the data has none. @throws ApiError InvalidParameter */
function instantProperty(name: string, { resolve }: Compile): Sql {
  const column = resolve(name);
  if (column.kind === 'instant') return column.sql;
  if (column.kind === 'json') return instantIn(column.sql);
  throw filterFault(`filter: ${shown(name)} is of type ${column.kind}; an end of an interval is an instant`);
}

function boundOf(bound: Bound, side: 'start' | 'end', compile: Compile): Sql {
  if (bound === '..') return sql`${sql.lit(MOST[side])}::timestamptz`;
  if (typeof bound === 'string') return timestamptz(instantOf(bound) as string);
  return isProperty(bound) ? instantProperty(bound.property, compile) : refuseFunction(bound.op);
}

/** @throws ApiError InvalidParameter when it ends before it starts */
function intervalOf([start, end]: [Bound, Bound], compile: Compile): Period {
  const [from, to] = [start, end].map((bound) =>
    typeof bound === 'string' && bound !== '..' ? Date.parse(instantOf(bound) as string) : Number.NaN,
  ) as [number, number];
  if (from > to) {
    throw filterFault(
      `filter has the interval ${shown(start)} to ${shown(end)}; its start must not be after its end`,
    );
  }
  return { start: boundOf(start, 'start', compile), end: boundOf(end, 'end', compile) };
}

function propertyPeriod(name: string, compile: Compile): Period {
  const column = compile.resolve(name);
  if (column.kind !== 'interval') {
    const instant = instantProperty(name, compile);
    return { start: instant, end: instant };
  }
  // An open end of a stored interval is null, and the interval is null when both ends are.
  const { start, end } = column;
  return {
    start: sql`coalesce(${start}, case when ${end} is not null then '-infinity'::timestamptz end)`,
    end: sql`coalesce(${end}, case when ${start} is not null then 'infinity'::timestamptz end)`,
  };
}

function periodOf(expression: Expression, compile: Compile): Period {
  if (isInterval(expression)) return intervalOf(expression.interval, compile);
  if (isProperty(expression)) return propertyPeriod(expression.property, compile);
  if (isInstant(expression)) {
    const instant = timestamptz(instantOf(instantText(expression)) as string);
    return { start: instant, end: instant };
  }
  return refuseFunction((expression as { op: string }).op);
}

type Relation = (a: Period, b: Period) => Sql;

const RELATIONS: Record<string, Relation> = {
  t_after: (a, b) => sql`${a.start} > ${b.end}`,
  t_before: (a, b) => sql`${a.end} < ${b.start}`,
  t_contains: (a, b) => sql`${a.start} < ${b.start} and ${a.end} > ${b.end}`,
  t_disjoint: (a, b) => sql`${a.end} < ${b.start} or ${a.start} > ${b.end}`,
  t_during: (a, b) => sql`${a.start} > ${b.start} and ${a.end} < ${b.end}`,
  t_equals: (a, b) => sql`${a.start} = ${b.start} and ${a.end} = ${b.end}`,
  t_finishedBy: (a, b) => sql`${a.start} < ${b.start} and ${a.end} = ${b.end}`,
  t_finishes: (a, b) => sql`${a.start} > ${b.start} and ${a.end} = ${b.end}`,
  t_intersects: (a, b) => sql`${a.start} <= ${b.end} and ${a.end} >= ${b.start}`,
  t_meets: (a, b) => sql`${a.end} = ${b.start}`,
  t_metBy: (a, b) => sql`${a.start} = ${b.end}`,
  t_overlappedBy: (a, b) => sql`${a.start} > ${b.start} and ${a.start} < ${b.end} and ${a.end} > ${b.end}`,
  t_overlaps: (a, b) => sql`${a.start} < ${b.start} and ${a.end} > ${b.start} and ${a.end} < ${b.end}`,
  t_startedBy: (a, b) => sql`${a.start} = ${b.start} and ${a.end} > ${b.end}`,
  t_starts: (a, b) => sql`${a.start} = ${b.start} and ${a.end} < ${b.end}`,
};

export function compileTemporal(op: string, args: Expression[], compile: Compile): RawBuilder<boolean> {
  const [a, b] = args.map((arg) => periodOf(arg, compile)) as [Period, Period];
  return sql<boolean>`(${(RELATIONS[op] as Relation)(a, b)})`;
}
