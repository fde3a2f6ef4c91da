/** `sortby` -> sort keys. STAC API Sort v1.1.0. Numbers sort as numbers, dates and date-times by time, text by code point; nulls come last. */
import { type RawBuilder, sql } from 'kysely';
import type { PropertyColumn } from '../cql2/property.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { SortKey } from './keyset.ts';

export interface SortField {
  field: string;
  direction: 'asc' | 'desc';
}

/** "-a,+b,c" -> fields. */
export function sortFieldsOf(text: string): SortField[] {
  return text.split(',').map((part) => {
    const sign = /^[+ -]/.exec(part)?.[0];
    return { field: sign ? part.slice(1) : part, direction: sign === '-' ? 'desc' : 'asc' };
  });
}

/** Characters by which text is sorted: they are in page tokens, and an address holds no more. */
const LONGEST_KEY = 500;

function jsonKeys(name: string, value: RawBuilder<unknown>, direction: SortField['direction']): SortKey[] {
  const type = sql`jsonb_typeof(${value})`;
  const text = sql`${value} #>> '{}'`;
  const instant = sql`cql2_instant(case when ${type} = 'string' then ${text} end)`;
  // Text of one instant in two notations is tied.
  const isOther = sql`${type} = 'boolean' or (${type} = 'string' and ${instant} is null)`;
  const common = { name, direction, isNullable: true };
  return [
    { ...common, type: 'numeric', sql: sql`(case when ${type} = 'number' then (${value})::numeric end)` },
    { ...common, type: 'timestamptz', sql: instant },
    {
      ...common,
      type: 'text',
      sql: sql`(case when ${isOther} then left(${text}, ${LONGEST_KEY}::int) collate "C" end)`,
    },
  ];
}

/** @throws ApiError InvalidParameter where the field has no order */
function keysOf({ field, direction }: SortField, column: PropertyColumn): SortKey[] {
  if (column.kind === 'text')
    return [{ name: field, sql: column.sql, type: 'text', direction, isNullable: false }];
  if (column.kind === 'instant')
    return [{ name: field, sql: column.sql, type: 'timestamptz', direction, isNullable: true }];
  if (column.kind === 'interval')
    return [{ name: field, sql: column.start, type: 'timestamptz', direction, isNullable: true }];
  if (column.kind === 'json') return jsonKeys(field, column.sql, direction);
  throw new ApiError(
    'InvalidParameter',
    `sortby names ${shown(field)}, which has no order; accepted are fields with text, numbers or dates`,
    'sortby',
  );
}

/**
 * @param ties keys that make the order of any two rows certain; they follow the last field's direction
 * @throws ApiError InvalidParameter
 */
export function sortKeys(
  fields: SortField[],
  resolve: (name: string) => PropertyColumn,
  ties: { name: string; sql: RawBuilder<unknown> }[],
): SortKey[] {
  const keys = fields.flatMap((each) => keysOf(each, resolve(each.field)));
  const direction = fields.at(-1)?.direction ?? 'asc';
  const missing = ties.filter(({ name }) => !fields.some(({ field }) => field === name));
  return [
    ...keys,
    ...missing.map((tie): SortKey => ({ ...tie, type: 'text', direction, isNullable: false })),
  ];
}
