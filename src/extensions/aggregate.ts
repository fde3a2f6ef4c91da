/** SearchParams -> the aggregations that were asked for. */
import { latLngToCell } from 'h3-js';
import { DatabaseError, SqlState } from '../db/fault.ts';
import { readTogether } from '../db/run.ts';
import type { ApiRequest, Context } from '../http/api.ts';
import {
  AGGREGATIONS,
  type Aggregation,
  type AggregationOptions,
  type CountRow,
  describeAggregation,
  MOST_BUCKETS,
  selectCounts,
  selectTotals,
} from '../search/aggregations.ts';
import { countsToAggregation } from '../search/buckets.ts';
import type { SearchParams } from '../search/params.ts';
import { selectMatching } from '../search/select-items.ts';
import type { Db } from '../search/tables.ts';

export type AggregationParams = SearchParams & { aggregations?: string[] };

/** Points that are put into hexagons here; Items elsewhere are the overflow. */
const MOST_POINTS = 100_000;

/** Points with their counts -> hexagons with theirs. */
function toHexagons(rows: CountRow[], precision: number): CountRow[] {
  const counts = new Map<string | null, number>();
  for (const { key, count } of rows) {
    const [lon, lat] = (key ?? '').split(' ').map(Number) as [number, number];
    const cell = key === null || key.trim() === '' ? null : latLngToCell(lat, lon, precision);
    counts.set(cell, (counts.get(cell) ?? 0) + Number(count));
  }
  const named = Array.from(counts, ([key, count]) => ({ key, count: String(count) }));
  return named.sort((a, b) => Number(b.count) - Number(a.count) || ((a.key ?? '') < (b.key ?? '') ? -1 : 1));
}

interface Totals {
  count: string;
  least: string | null;
  most: string | null;
}

const short = (instant: string | null) => instant?.replace(/\.?0+Z$/, 'Z') ?? null;

async function countBuckets(
  db: Db,
  params: AggregationParams,
  name: string,
  options: AggregationOptions,
  total: number,
): Promise<Aggregation> {
  const meaning = AGGREGATIONS[name];
  const isHexagons = meaning?.kind === 'grid' && meaning.system === 'geohex';
  const most = isHexagons ? MOST_POINTS : MOST_BUCKETS;
  const { rows } = await selectCounts(selectMatching(db, params), name, options, most).execute(db);
  if (!isHexagons) return countsToAggregation(name, rows, total);
  const hexagons = toHexagons(rows.slice(0, most), options.precision[name] ?? 0);
  return countsToAggregation(name, hexagons, total, rows.length > most);
}

async function aggregateOne(
  db: Db,
  params: AggregationParams,
  name: string,
  options: AggregationOptions,
  { count, least, most }: Totals,
): Promise<Aggregation> {
  const { data_type = '' } = describeAggregation(name);
  if (name === 'total_count') return { name, data_type, value: Number(count) };
  if (name === 'datetime_min') return { name, data_type, value: short(least) };
  if (name === 'datetime_max') return { name, data_type, value: short(most) };
  return countBuckets(db, params, name, options, Number(count));
}

type Step = <T>(read: (db: Db) => Promise<T>) => Promise<T>;

/**
 * All of them within the time limit of one search. PostgreSQL reads them from one state of the database; the embedded
 * one, which has one connection for all, lets others have their turn after each.
 * @throws an error with SQLSTATE 57014 over the limit
 */
export async function aggregate(
  request: ApiRequest,
  { database, config }: Context,
  params: AggregationParams,
  options: AggregationOptions,
): Promise<Aggregation[]> {
  const limit = config.searchTimeLimit;
  const end = Date.now() + limit;
  const mustGoOn = () => {
    request.mustBeWanted();
    if (limit === 0 || Date.now() < end) return;
    throw new DatabaseError({ message: 'the aggregations took too long', code: SqlState.tookTooLong });
  };
  const together: Step = (read) =>
    readTogether(database, limit, (db) => {
      mustGoOn();
      return read(db);
    });
  const all = async (step: Step) => {
    const totals = await step((db) => selectTotals(selectMatching(db, params)).executeTakeFirstOrThrow());
    const found: Aggregation[] = [];
    for (const name of new Set(params.aggregations)) {
      found.push(await step((db) => aggregateOne(db, params, name, options, totals)));
    }
    return found;
  };
  if (database.kind !== 'postgres') return all(together);
  return together((db) =>
    all((read) => {
      mustGoOn();
      return read(db);
    }),
  );
}
