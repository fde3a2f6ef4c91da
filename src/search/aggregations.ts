/** Named aggregations -> SQL over the Items of a search. STAC API Aggregation v0.3.0; the names and ranges that servers agree on. */
import { type RawBuilder, sql } from 'kysely';
import { cellsOfGeometry, centroid, geohashOf, geotileOf } from './grid-cells.ts';
import { itemProperty } from './properties.ts';
import type { ItemsSelect } from './select-items.ts';

export const INTERVALS = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute'] as const;
export type AggregationInterval = (typeof INTERVALS)[number];

export interface AggregationOptions {
  interval: AggregationInterval;
  /** By the aggregation's name. */
  precision: Record<string, number>;
}

export interface Bucket {
  key: string;
  data_type: string;
  frequency: number;
  from?: number;
  to?: number;
}

export interface Aggregation {
  name: string;
  data_type: string;
  value?: number | string | null;
  overflow?: number;
  buckets?: Bucket[];
}

/** Rows of one aggregation: a bucket's key and its count, the fullest first. */
export interface CountRow {
  key: string | null;
  count: string;
}

/** Buckets that an aggregation gives; Items of others are its overflow. */
export const MOST_BUCKETS = 10_000;

const jsonOf = (name: string): RawBuilder<unknown> => {
  const column = itemProperty(name);
  return column.kind === 'json' ? column.sql : sql`null::jsonb`;
};

const numberOf = (name: string) =>
  sql`(case when jsonb_typeof(${jsonOf(name)}) = 'number' then (${jsonOf(name)})::numeric end)`;
const textOf = (name: string) =>
  sql`(case when jsonb_typeof(${jsonOf(name)}) = 'string' then ${jsonOf(name)} #>> '{}' end)`;

const datetimeColumn = itemProperty('datetime');
const datetime = datetimeColumn.kind === 'instant' ? datetimeColumn.sql : sql`items.datetime`;

const utcText = (value: RawBuilder<unknown>) =>
  sql<string | null>`to_char(${value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

type Numbers = { kind: 'histogram'; property: string; step: number };
type Ranges = { kind: 'ranges'; property: string; edges: number[] };
type Terms = { kind: 'terms'; property: string; missing?: string };
type Grid = {
  kind: 'grid';
  system: 'geohash' | 'geotile' | 'geohex';
  of: 'centroid' | 'geometry';
  least: number;
  most: number;
};

/** What each name means. */
export type Meaning =
  | { kind: 'count' }
  | { kind: 'bound'; end: 'min' | 'max' }
  | { kind: 'times' }
  | { kind: 'collections' }
  | Terms
  | Numbers
  | Ranges
  | Grid;

const geohash = (of: Grid['of']): Grid => ({ kind: 'grid', system: 'geohash', of, least: 1, most: 12 });
const geotile = (of: Grid['of']): Grid => ({ kind: 'grid', system: 'geotile', of, least: 0, most: 29 });
const geohex: Grid = { kind: 'grid', system: 'geohex', of: 'centroid', least: 0, most: 15 };

export const AGGREGATIONS: Record<string, Meaning> = {
  total_count: { kind: 'count' },
  datetime_min: { kind: 'bound', end: 'min' },
  datetime_max: { kind: 'bound', end: 'max' },
  datetime_frequency: { kind: 'times' },
  collection_frequency: { kind: 'collections' },
  platform_frequency: { kind: 'terms', property: 'platform' },
  grid_code_frequency: { kind: 'terms', property: 'grid:code', missing: 'none' },
  cloud_cover_frequency: { kind: 'ranges', property: 'eo:cloud_cover', edges: [5, 15, 40] },
  sun_elevation_frequency: { kind: 'histogram', property: 'view:sun_elevation', step: 5 },
  sun_azimuth_frequency: { kind: 'histogram', property: 'view:sun_azimuth', step: 5 },
  off_nadir_frequency: { kind: 'histogram', property: 'view:off_nadir', step: 5 },
  grid_geohash_frequency: geohash('centroid'),
  grid_geohex_frequency: geohex,
  grid_geotile_frequency: geotile('centroid'),
  centroid_geohash_grid_frequency: geohash('centroid'),
  centroid_geohex_grid_frequency: geohex,
  centroid_geotile_grid_frequency: geotile('centroid'),
  geometry_geohash_grid_frequency: geohash('geometry'),
  geometry_geotile_grid_frequency: geotile('geometry'),
};

const TYPE: Record<Meaning['kind'], string> = {
  count: 'integer',
  bound: 'datetime',
  times: 'datetime',
  collections: 'string',
  terms: 'string',
  histogram: 'numeric',
  ranges: 'numeric',
  grid: 'string',
};

/** As /aggregations tells of it. */
export function describeAggregation(name: string): Record<string, string> {
  const { kind } = AGGREGATIONS[name] as Meaning;
  if (kind === 'count' || kind === 'bound') return { name, data_type: TYPE[kind] };
  return { name, data_type: 'frequency_distribution', frequency_distribution_data_type: TYPE[kind] };
}

/** Key of an Item's bucket; SQL null where it is in none. */
function keyOf(
  meaning: Meaning,
  name: string,
  { interval, precision }: AggregationOptions,
): RawBuilder<unknown> {
  switch (meaning.kind) {
    case 'times':
      return sql`to_char(date_trunc(${interval}, ${datetime} at time zone 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;
    case 'collections':
      return sql`items.collection`;
    case 'terms':
      return meaning.missing === undefined
        ? textOf(meaning.property)
        : sql`coalesce(${textOf(meaning.property)}, ${meaning.missing})`;
    case 'histogram':
      return sql`(floor(${numberOf(meaning.property)} / ${meaning.step}::int) * ${meaning.step}::int)::text`;
    case 'ranges':
      return sql`width_bucket(${numberOf(meaning.property)}, ${meaning.edges}::numeric[])::text`;
    case 'grid': {
      const level = precision[name] ?? meaning.least;
      if (meaning.system === 'geohash') return geohashOf(centroid, level);
      if (meaning.system === 'geotile') return geotileOf(centroid, level);
      // The hexagons are named by a library, from the points.
      return sql`ST_X(${centroid})::text || ' ' || ST_Y(${centroid})::text`;
    }
    default:
      return sql`null`;
  }
}

/** How many Items, and between which times. */
export const selectTotals = (matching: ItemsSelect) =>
  matching.select([
    sql<string>`count(*)::text`.as('count'),
    utcText(sql`min(${datetime})`).as('least'),
    utcText(sql`max(${datetime})`).as('most'),
  ]);

/** Counts by key, those without a key under null. One more than may be given, so that an overflow is known. */
export function selectCounts(matching: ItemsSelect, name: string, options: AggregationOptions, most: number) {
  const meaning = AGGREGATIONS[name] as Meaning;
  const isCells = meaning.kind === 'grid' && meaning.of === 'geometry';
  const keyed = isCells
    ? cellsOfGeometry(
        matching,
        meaning.system === 'geohash' ? 'geohash' : 'geotile',
        options.precision[name] ?? meaning.least,
      )
    : matching.select(sql<string | null>`${keyOf(meaning, name, options)}`.as('key'));
  return sql<CountRow>`
    select key, count(*)::text as count
    from (${keyed}) as keyed
    group by key
    order by count(*) desc, key collate "C"
    limit ${most + 1}`;
}
