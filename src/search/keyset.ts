/**
 * Sort keys -> ORDER BY and the condition for what follows a row: pages by key, not by offset, so that they stay whole
 * while Items come and go. Nulls come last in either direction.
 */
import { type Expression, type RawBuilder, sql } from 'kysely';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { checkInstant } from '../stac/datetime.ts';
import type { PageToken } from './page-token.ts';

export interface SortKey {
  /** As the request says it; part of what a token must agree with. */
  name: string;
  sql: RawBuilder<unknown>;
  type: 'text' | 'numeric' | 'timestamptz';
  direction: 'asc' | 'desc';
  isNullable: boolean;
}

const opposite = (direction: SortKey['direction']) => (direction === 'asc' ? 'desc' : 'asc');

const alias = (index: number) => `key_${index}`;

/** The keys as columns of a page, by which it is ordered. */
export const keyColumns = (keys: SortKey[]) => keys.map((key, index) => sql`${key.sql}`.as(alias(index)));

const asText = (key: SortKey, index: number) =>
  key.type === 'timestamptz'
    ? sql<
        string | null
      >`to_char(${sql.ref(alias(index))} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
    : sql<string | null>`${sql.ref(alias(index))}::text`;

/** The keys' values as one JSON array of text, for the token. */
const keyValues = (keys: SortKey[]) => sql`jsonb_build_array(${sql.join(keys.map(asText))})::text`;

/** Terms of ORDER BY; those of a `prev` page come in reverse. */
function ordered(
  keys: SortKey[],
  isBackwards: boolean,
  term: (key: SortKey, index: number) => RawBuilder<unknown>,
) {
  const terms = keys.map((key, index) => {
    const way = sql.raw(isBackwards ? opposite(key.direction) : key.direction);
    const nulls = key.isNullable ? sql.raw(isBackwards ? ' nulls first' : ' nulls last') : sql``;
    return sql`${term(key, index)} ${way}${nulls}`;
  });
  return sql`${sql.join(terms)}`;
}

/** ORDER BY with the keys themselves, which an index can serve. */
export const orderByKeys = (keys: SortKey[], isBackwards: boolean) =>
  ordered(keys, isBackwards, (key) => key.sql);

interface Bounds {
  limit: number;
  isBackwards: boolean;
  /** Bytes of text after which the page ends; the first row is given whatever its size. */
  mostBytes: number;
}

/**
 * Rows of `page` in order, with `key`, the columns named, and `content` up to where the page ends, null after. Sizes are
 * added up only over the rows of the page, so that the database need not sort all that match.
 * @param page the rows that may be on it, and one more, with `keyColumns`, the columns, and `content`
 */
export function boundedPage<Row>(
  page: Expression<unknown>,
  columns: string[],
  keys: SortKey[],
  { limit, isBackwards, mostBytes }: Bounds,
): RawBuilder<Row> {
  const order = ordered(keys, isBackwards, (_, index) => sql.ref(alias(index)));
  const upTo = sql`over (order by ${order} rows unbounded preceding)`;
  return sql<Row>`
    select
      ${keyValues(keys)} as key,
      ${sql.join(columns.map((column) => sql.ref(column)))},
      case
        when row_number() ${upTo} = 1
          or (sum(octet_length(content)) ${upTo} <= ${mostBytes} and row_number() ${upTo} <= ${limit})
        then content
      end as content
    from (${page}) as page
    order by ${order}`;
}

const literal = ({ type }: SortKey, value: string) =>
  type === 'text' ? sql`${value}::text collate "C"` : sql`${value}::${sql.raw(type)}`;

/** Rows whose key comes after `value`, or before it on a `prev` page; null: none does. */
function isBeyond(key: SortKey, value: string | null, isBackwards: boolean): RawBuilder<unknown> | null {
  if (value === null) return isBackwards ? sql`${key.sql} is not null` : null;
  const way = isBackwards ? opposite(key.direction) : key.direction;
  const beyond = sql`${key.sql} ${sql.raw(way === 'asc' ? '>' : '<')} ${literal(key, value)}`;
  return key.isNullable && !isBackwards ? sql`(${beyond} or ${key.sql} is null)` : beyond;
}

const isSame = (key: SortKey, value: string | null) =>
  value === null ? sql`${key.sql} is null` : sql`${key.sql} = ${literal(key, value)}`;

const isOneWay = (keys: SortKey[]) =>
  keys.every(({ isNullable, direction }) => !isNullable && direction === keys[0]?.direction);

/** The condition for rows that follow the token's row, or come before it. */
export function beyond(keys: SortKey[], { direction, values }: PageToken): RawBuilder<boolean> {
  const isBackwards = direction === 'prev';
  if (isOneWay(keys)) {
    const row = sql.join(keys.map((key) => key.sql));
    const key = sql.join(keys.map((each, index) => literal(each, values[index] as string)));
    const isAscending = (keys[0]?.direction === 'asc') !== isBackwards;
    return sql<boolean>`(${row}) ${sql.raw(isAscending ? '>' : '<')} (${key})`;
  }
  let condition: RawBuilder<unknown> = sql`false`;
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] as SortKey;
    const value = values[index] ?? null;
    const further = isBeyond(key, value, isBackwards);
    const tied = sql`(${isSame(key, value)} and ${condition})`;
    condition = further ? sql`(${further} or ${tied})` : tied;
  }
  return sql<boolean>`${condition}`;
}

function fits({ type, isNullable }: SortKey, value: string | null): boolean {
  if (value === null) return isNullable;
  if (value.includes('\0')) return false;
  if (type === 'numeric') return /^-?\d{1,400}(?:\.\d{1,400})?$/.test(value);
  return type === 'text' || (/^\d{4}-.*\.\d{6}Z$/.test(value) && checkInstant(value) !== null);
}

/** How the keys are told in a token, so that one of another search is not taken. */
export const signatureOf = (keys: SortKey[]) => keys.map(({ name, direction }) => `${name} ${direction}`);

/** @throws ApiError InvalidParameter when the token is of another order */
export function mustFit(keys: SortKey[], token: PageToken, text: string): void {
  const isOurs =
    token.values.length === keys.length &&
    JSON.stringify(token.order) === JSON.stringify(signatureOf(keys)) &&
    keys.every((key, index) => fits(key, token.values[index] ?? null));
  if (isOurs) return;
  throw new ApiError(
    'InvalidParameter',
    `token is ${shown(text)}; accepted is what a next or prev link of this search, in this order, says`,
    'token',
  );
}
