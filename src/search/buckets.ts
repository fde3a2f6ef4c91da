/** Counted rows -> buckets of an Aggregation. */
import { AGGREGATIONS, type Aggregation, type Bucket, type CountRow, MOST_BUCKETS } from './aggregations.ts';

/** "5.0", as the names of ranges are written. */
const edge = (value: number) => value.toFixed(1);

function rangeBuckets(edges: number[], counts: Map<string, number>): Bucket[] {
  return [...edges, null].map((to, index) => {
    const from = index === 0 ? undefined : (edges[index - 1] as number);
    return {
      key: `${from === undefined ? '*' : edge(from)}-${to === null ? '*' : edge(to)}`,
      data_type: 'numeric',
      frequency: counts.get(String(index)) ?? 0,
      ...(from !== undefined && { from }),
      ...(to !== null && { to }),
    };
  });
}

const byKey = (a: Bucket, b: Bucket) => (a.key < b.key ? -1 : 1);

/**
 * @param rows the fullest buckets first; a null key is in none
 * @param total Items that match; those that are in none of the buckets given are the overflow
 * @param isCut there are more than the rows
 */
export function countsToAggregation(
  name: string,
  rows: CountRow[],
  total: number,
  isCut = false,
): Aggregation {
  const meaning = AGGREGATIONS[name];
  const given = rows.flatMap(({ key, count }) => (key === null ? [] : [{ key, count: Number(count) }]));
  const kept = given.slice(0, MOST_BUCKETS);
  const isMore = isCut || given.length > kept.length;
  const counted = kept.reduce((sum, { count }) => sum + count, 0);
  const common = {
    name,
    data_type: 'frequency_distribution',
    overflow: isMore ? Math.max(total - counted, 0) : 0,
  };
  if (meaning?.kind === 'ranges') {
    const counts = new Map(kept.map(({ key, count }) => [key, count]));
    return { ...common, buckets: rangeBuckets(meaning.edges, counts) };
  }
  const type = meaning?.kind === 'times' ? 'datetime' : meaning?.kind === 'histogram' ? 'numeric' : 'string';
  const buckets = kept.map(({ key, count }): Bucket => ({ key, data_type: type, frequency: count }));
  if (meaning?.kind === 'histogram') {
    const { step } = meaning;
    const ranged = buckets.map((each) => ({ ...each, from: Number(each.key), to: Number(each.key) + step }));
    return { ...common, buckets: ranged.sort((a, b) => a.from - b.from) };
  }
  return { ...common, buckets: meaning?.kind === 'times' ? buckets.sort(byKey) : buckets };
}
