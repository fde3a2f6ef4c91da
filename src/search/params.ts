/** Query string or JSON body -> one typed SearchParams. STAC API 1.0 Item Search, "Query Parameters and Fields". */
import { z } from 'zod';
import type { Expression } from '../cql2/ast.ts';
import { ApiError } from '../errors.ts';
import { type Bbox, parseBbox, toBbox } from '../geo/bbox.ts';
import { type Geometry, geometryFault, plainGeometry } from '../geo/geometry.ts';
import { shown } from '../geo/shown.ts';
import { type Interval, parseDatetime } from '../stac/datetime.ts';
import { DEEPEST_JSON, isTooDeep } from '../stac/json-text.ts';
import type { Fields } from './fields.ts';
import { type PageToken, parsePageToken } from './page-token.ts';
import type { SortField } from './sort.ts';

export interface SearchParams {
  ids?: string[];
  collections?: string[];
  bbox?: Bbox;
  datetime?: Interval;
  intersects?: Geometry;
  filter?: Expression;
  query?: Expression;
  /** tsquery; null: nothing can match. */
  q?: string | null;
  sortby?: SortField[];
  fields?: Fields;
  limit: number;
  token?: PageToken;
}

/** The request that a parameter came with. */
export interface Came {
  /** By query string, not by JSON body. */
  isText: boolean;
  /** Another parameter of it, as it came. */
  other(name: string): unknown;
}

/** One parameter of a search: its form in JSON, which also goes into the OpenAPI document, and how it reads as text. */
export interface SearchParameter {
  schema: z.ZodType;
  /** What fits, for whoever sent something else. */
  accepted: string;
  fromText(text: string, came: Came): unknown;
  /** Checked JSON value -> what SearchParams holds. @throws ApiError InvalidParameter */
  read(value: unknown, came: Came): unknown;
  /** Its text may be empty, which then means something. */
  mayBeEmpty?: boolean;
  /** What null in a body stands for; without it null counts as not given. */
  nullIs?: unknown;
  /** A "+" in it means itself, and arrives as a space. */
  hasPlus?: boolean;
}

export const DEFAULT_LIMIT = 10;
export const MOST_LIMIT = 10_000;
const MOST_IDS = 10_000;

const list = (text: string) => text.split(',');
const asIs = (value: unknown) => value;

function readIntersects(value: unknown): Geometry {
  const fault = geometryFault(value);
  if (fault)
    throw new ApiError('InvalidParameter', `intersects is no GeoJSON geometry: ${fault}`, 'intersects');
  return plainGeometry(value as Geometry);
}

/** Text of a query string that holds JSON. */
export function fromJsonText(name: string) {
  return (text: string): unknown => {
    if (isTooDeep(text)) {
      throw new ApiError('InvalidParameter', `${name} nests deeper than ${DEEPEST_JSON} levels`, name);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw new ApiError('InvalidParameter', `${name} is ${shown(text)}; expected JSON`, name);
    }
  };
}

const DEGREES = [180, 90, 180, 90].map((most) => ({ type: 'number', minimum: -most, maximum: most }));
/** JSON Schema of a list with these in it. */
const edges = (prefixItems: object[]) => ({
  prefixItems,
  minItems: prefixItems.length,
  maxItems: prefixItems.length,
});
/** JSON Schema's pattern of an RFC 3339 date-time. */
const INSTANT = [
  String.raw`(000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)`,
  String.raw`(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)`,
].join('');

const names = z.array(z.string()).max(MOST_IDS);

export const searchParameters = {
  ids: {
    schema: names.describe('Items with one of these ids'),
    accepted: `a list of at most ${MOST_IDS} strings`,
    fromText: list,
    read: asIs,
  },
  collections: {
    schema: names.describe('Items of one of these Collections'),
    accepted: `a list of at most ${MOST_IDS} strings`,
    fromText: list,
    read: asIs,
  },
  bbox: {
    schema: z
      .array(z.number())
      .min(4)
      .max(6)
      .meta({ oneOf: [edges(DEGREES), edges([...DEGREES.slice(0, 2), {}, ...DEGREES.slice(2), {}])] })
      .describe(
        'west, south, east, north in degrees, or with heights west, south, bottom, east, north, top; west > east crosses the antimeridian',
      ),
    accepted: '4 numbers west,south,east,north or 6 numbers west,south,bottom,east,north,top',
    fromText: (text) => {
      parseBbox(text);
      return text.split(',').map(Number);
    },
    read: (value) => toBbox(value as number[]),
  },
  datetime: {
    schema: z
      .string()
      .meta({ pattern: `^(${INSTANT}(/(${INSTANT}|\\.\\.)?)?|(\\.\\.)?/${INSTANT})$` })
      .describe('RFC 3339 date-time or interval; ".." or empty is an open side'),
    accepted: 'a string, an RFC 3339 date-time or interval',
    mayBeEmpty: true,
    hasPlus: true,
    fromText: asIs,
    read: (value) => parseDatetime(value as string),
  },
  intersects: {
    schema: z.looseObject({ type: z.string() }).describe('GeoJSON geometry'),
    accepted: 'a GeoJSON geometry',
    fromText: fromJsonText('intersects'),
    read: readIntersects,
  },
  limit: {
    schema: z
      .number()
      .min(1)
      .refine(Number.isInteger)
      .meta({ type: 'integer' })
      .describe(`Items on a page, ${DEFAULT_LIMIT} when not given, at most ${MOST_LIMIT}`),
    accepted: `a whole number from 1, of which at most ${MOST_LIMIT} counts`,
    fromText: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : text),
    read: (value) => Math.min(value as number, MOST_LIMIT),
  },
  token: {
    schema: z.string().describe('Opaque: the page that a next or prev link names'),
    accepted: 'the string that a next or prev link of this search says',
    fromText: asIs,
    read: (value) => parsePageToken(value as string),
  },
} as const satisfies Record<string, SearchParameter>;

export type Parameters = Record<string, SearchParameter>;

/** What stands at a path of a value, undefined where the path ends early. */
const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value);

/** One parameter's value, checked. @throws ApiError InvalidParameter that names it, what came and what is accepted */
function readOne(name: string, value: unknown, parameter: SearchParameter, came: Came): unknown {
  const checked = parameter.schema.safeParse(value);
  if (checked.success) return parameter.read(value, came);
  const path = checked.error.issues[0]?.path ?? [];
  const at = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  throw new ApiError(
    'InvalidParameter',
    `${name}${at} is ${shown(valueAt(value, path))}; accepted is ${parameter.accepted}`,
    name,
  );
}

/** @throws ApiError InvalidParameter that names the parameter and those accepted */
export function refuseUnknown(name: string, accepted: string[]): never {
  const known = accepted.length === 0 ? 'none is accepted' : `accepted are ${accepted.join(', ')}`;
  throw new ApiError(
    'InvalidParameter',
    `there is no parameter ${shown(name)} here; ${known}`,
    name.slice(0, 60),
  );
}

/** @throws ApiError InvalidParameter when there is none of this name */
function parameterNamed(name: string, parameters: Parameters): SearchParameter {
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  return parameter ?? refuseUnknown(name, Object.keys(parameters));
}

function finish(read: Record<string, unknown>, limit: number): SearchParams {
  if (read.bbox !== undefined && read.intersects !== undefined) {
    throw new ApiError(
      'InvalidParameter',
      'bbox and intersects were both given; only one of them is accepted',
      'intersects',
    );
  }
  return { limit, ...read };
}

/**
 * Decoded query string -> SearchParams.
 * @param query URL parameters; a "+" that arrived as a space is restored where it means something
 * @throws ApiError InvalidParameter
 */
export function fromQuery(
  query: URLSearchParams,
  parameters: Parameters,
  defaultLimit = DEFAULT_LIMIT,
): SearchParams {
  const read: Record<string, unknown> = {};
  const came: Came = { isText: true, other: (name) => query.get(name) ?? undefined };
  for (const name of new Set(query.keys())) {
    const parameter = parameterNamed(name, parameters);
    const text = query.getAll(name).join(',');
    if (text === '' && !parameter.mayBeEmpty) continue;
    const restored = parameter.hasPlus ? text.replaceAll(' ', '+') : text;
    read[name] = readOne(name, parameter.fromText(restored, came), parameter, came);
  }
  return finish(read, defaultLimit);
}

/** JSON body -> SearchParams; a member that is null counts as not given. @throws ApiError InvalidParameter */
export function fromBody(
  body: Record<string, unknown>,
  parameters: Parameters,
  defaultLimit = DEFAULT_LIMIT,
): SearchParams {
  const read: Record<string, unknown> = {};
  const came: Came = { isText: false, other: (name) => body[name] ?? undefined };
  for (const [name, value] of Object.entries(body)) {
    const parameter = parameterNamed(name, parameters);
    const given = value === null ? parameter.nullIs : value;
    if (given !== undefined) read[name] = readOne(name, given, parameter, came);
  }
  return finish(read, defaultLimit);
}
