/** Functions that filters may call beside those of CQL2 itself, as /functions tells of them. OGC CQL2 1.0, 7.14 "Functions". */
import { type RawBuilder, sql } from 'kysely';

type Sql = RawBuilder<unknown>;

export interface FilterFunction {
  name: string;
  description: string;
  /** Of its one argument; in rows where it is something else the function gives null. */
  takes: 'string' | 'number' | 'instant';
  /** What it gives is a number in all cases. @param value SQL of the argument's type: text, numeric or timestamptz */
  compile(value: Sql): Sql;
}

const part = (name: string, description: string): FilterFunction => ({
  name,
  description: `${description}, in UTC`,
  takes: 'instant',
  compile: (value) => sql`extract(${sql.raw(name)} from ${value} at time zone 'UTC')::numeric`,
});

const number = (name: string, description: string): FilterFunction => ({
  name,
  description,
  takes: 'number',
  compile: (value) => sql`${sql.raw(name)}(${value})`,
});

const ALL: FilterFunction[] = [
  part('year', 'Year of an instant'),
  part('month', 'Month of an instant, 1 to 12'),
  part('day', 'Day of an instant’s month, 1 to 31'),
  part('doy', 'Day of an instant’s year, 1 to 366'),
  part('hour', 'Hour of an instant’s day, 0 to 23'),
  number('abs', 'Absolute value'),
  number('floor', 'Nearest whole number below or equal'),
  number('ceil', 'Nearest whole number above or equal'),
  number('round', 'Nearest whole number, halves away from zero'),
  {
    name: 'length',
    description: 'Characters of a text',
    takes: 'string',
    compile: (value) => sql`char_length(${value})::numeric`,
  },
];

/** By name, in lower case. */
export const FUNCTIONS: ReadonlyMap<string, FilterFunction> = new Map(ALL.map((each) => [each.name, each]));
