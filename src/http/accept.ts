/** Accept, or `f` before it -> the form in which Items are given out. RFC 9110 12.5.1; OGC API leaves `f` to the server. */
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import type { ApiRequest, RouteParameter } from './api.ts';

export const SEQUENCE_TYPE = 'application/geo+json-seq';
export const LINES_TYPE = 'application/x-ndjson';
export const PARQUET_TYPE = 'application/vnd.apache.parquet';

const FORMATS = ['geojson', 'ndjson', 'geojson-seq', 'parquet'] as const;

export type FormatName = (typeof FORMATS)[number];

export interface Format {
  name: FormatName;
  /** Media type of the reply. */
  type: string;
}

/** What can be given, the most wanted first where a client has no preference. */
const OFFERED: [FormatName, string][] = [
  ['geojson', GEOJSON_TYPE],
  ['geojson', JSON_TYPE],
  ['ndjson', LINES_TYPE],
  ['ndjson', 'application/ndjson'],
  ['ndjson', 'application/jsonl'],
  ['geojson-seq', SEQUENCE_TYPE],
  ['parquet', PARQUET_TYPE],
];

/** Media types of Items in the OpenAPI document. */
export const ITEM_TYPES = [GEOJSON_TYPE, LINES_TYPE, SEQUENCE_TYPE, PARQUET_TYPE];

export const formatParameter: RouteParameter = {
  name: 'f',
  in: 'query',
  schema: z
    .enum(FORMATS)
    .describe(
      'Form of the answer, before what Accept says. ndjson, geojson-seq and parquet give all that is found, at most `limit`',
    ),
};

interface Range {
  type: string;
  q: number;
}

/** Media ranges with their weights; what is none is passed over. */
function parseRanges(header: string): Range[] {
  return header.split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    if (!/^(?:\*\/\*|[\w!#$&^.+-]+\/(?:\*|[\w!#$&^.+-]+))$/.test(type)) return [];
    const weight = parameters.find((each) => /^q\s*=/.test(each))?.replace(/^q\s*=\s*/, '') ?? '1';
    return [{ type, q: /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 1 }];
  });
}

const GENERAL = ['*/*', 'application/*'];

/** How much a type is wanted, and how closely the range that says so names it: 2 by name, 0 as any. */
function wanted(type: string, ranges: Range[]): { q: number; closeness: number } {
  const names = [...GENERAL, type];
  const found = ranges
    .map((range) => ({ q: range.q, closeness: names.indexOf(range.type) }))
    .filter(({ closeness }) => closeness >= 0);
  return found.reduce((best, each) => (each.closeness > best.closeness ? each : best), {
    q: 0,
    closeness: -1,
  });
}

function byName(values: string[]): Format {
  const [value] = values;
  const name = FORMATS.find((each) => each === value);
  if (values.length > 1 || !name)
    throw new ApiError(
      'InvalidParameter',
      `f is ${shown(values.length > 1 ? values : value)}; accepted are ${FORMATS.join(', ')}`,
      'f',
    );
  return { name, type: OFFERED.find(([each]) => each === name)?.[1] as string };
}

/** @throws ApiError InvalidParameter, NotAcceptable */
export function readFormat({ query, headers }: Pick<ApiRequest, 'query' | 'headers'>): Format {
  const asked = query.getAll('f').filter((value) => value !== '');
  if (asked.length > 0) return byName(asked);
  const ranges = parseRanges(headers.accept ?? '');
  if (ranges.length === 0) return { name: 'geojson', type: GEOJSON_TYPE };
  const offers = OFFERED.map(([name, type]) => ({ name, type, ...wanted(type, ranges) }));
  const [best] = offers
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q || Math.min(b.closeness, 2) - Math.min(a.closeness, 2));
  if (!best)
    throw new ApiError(
      'NotAcceptable',
      `accept is ${shown(headers.accept)}; what can be given is ${OFFERED.map(([, type]) => type).join(', ')}`,
      'accept',
    );
  // A client of plain JSON gets the type that says more.
  return best.name === 'geojson'
    ? { name: 'geojson', type: GEOJSON_TYPE }
    : { name: best.name, type: best.type };
}

/** The query without what only chose the form. */
export function withoutFormat(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query);
  rest.delete('f');
  return rest;
}
