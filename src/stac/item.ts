/** STAC document text -> what the database keeps: the text with foreign links at its end, and what searches need beside it. */
import { ApiError } from '../errors.ts';
import { placeOf } from '../geo/box-geometry.ts';
import { crossesAsTold, type Extent, extentOf } from '../geo/extent.ts';
import { type Geometry, geometryFault, plainGeometry } from '../geo/geometry.ts';
import { shown, shownText } from '../geo/shown.ts';
import { checkInstant, toUtc } from './datetime.ts';
import { digitsOf, exactText, parseExact } from './exact-json.ts';
import { DEEPEST_JSON, elementTexts, isTooDeep, memberSpans, objectText, type Span } from './json-text.ts';
import { OWN_RELATIONS } from './link.ts';
import { toTsvector } from './words.ts';

export interface ItemRow {
  collection: string;
  id: string;
  /** GeoJSON text of what the specification names in it, or null. */
  geometry: string | null;
  /** West above east in the item's bbox, and its geometry on both sides. */
  crossesAntimeridian: boolean;
  extent: Extent | null;
  /** What results are ordered by: `datetime`, else `start_datetime`. RFC 3339, UTC. */
  datetime: string;
  start: string;
  end: string;
  /** JSON text fit for jsonb. */
  properties: string;
  content: string;
  /** `content` fit for jsonb; null: it is fit as it is. */
  mended: string | null;
  /** tsvector of what free text finds. */
  words: string;
}

export interface CollectionRow {
  id: string;
  content: string;
  /** `content` fit for jsonb. */
  document: string;
  words: string;
  /** GeoJSON text of its own extent, and its own interval; null: open, or not told. */
  place: string | null;
  start: string | null;
  end: string | null;
}

export type Json = Record<string, unknown>;

function refuse(detail: string, path: string): never {
  throw new ApiError('InvalidDocument', detail, path);
}

/** JSON object text -> object. @throws ApiError InvalidBody */
export function parseObject(text: string): Json {
  if (isTooDeep(text))
    throw new ApiError(
      'InvalidBody',
      `the body nests arrays and objects deeper than ${DEEPEST_JSON} levels; at most ${DEEPEST_JSON} are accepted`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError('InvalidBody', `the body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError(
      'InvalidBody',
      `the body is ${shownText(text.trim())}, not an object; expected a STAC document or a search, a JSON object`,
    );
  }
  return value as Json;
}

/** Characters of a number that filters compare digit by digit. */
const LONGEST_NUMBER = 400;

function checkId(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '')
    refuse(`${path} is ${shown(value)}; expected a string that is not empty`, path);
  if (value.includes('\0') || !value.isWellFormed())
    refuse(`${path} holds a character that is no Unicode text`, path);
  if (value === '.' || value === '..') refuse(`${path} is "${value}", which no URL can name`, path);
  if (Buffer.byteLength(value) > 1000) refuse(`${path} is longer than 1000 bytes`, path);
  return value;
}

/**
 * The document's text with the links that are not the server's own as its last member.
 * @param spans members of `text`
 * @param collection told to an Item that came without: STAC API gives every Item its `collection`
 */
function storedText(
  text: string,
  spans: Map<string, Span>,
  { links = [] }: Json,
  collection?: string,
): string {
  if (!Array.isArray(links)) refuse(`links is ${shown(links)}; expected a list of links`, 'links');
  const wrong = links.findIndex((link) => typeof link !== 'object' || link === null || Array.isArray(link));
  if (wrong >= 0)
    refuse(`links[${wrong}] is ${shown(links[wrong])}; expected a link, an object`, `links[${wrong}]`);
  const span = spans.get('links');
  const foreign = (span ? elementTexts(text.slice(span.start, span.end)) : []).filter((_, index) => {
    const { rel } = links[index] as { rel?: unknown };
    return !(typeof rel === 'string' && OWN_RELATIONS.has(rel));
  });
  const isKept = (key: string) => key !== 'links' && !(key === 'collection' && collection !== undefined);
  const members = [...spans].filter(([key]) => isKept(key));
  const texts = members.map(([key, each]): [string, string] => [key, text.slice(each.start, each.end)]);
  if (collection !== undefined) texts.push(['collection', JSON.stringify(collection)]);
  return objectText([...texts, ['links', `[${foreign.join(',')}]`]]);
}

/** A number that is neither too large for a double, nor too small, nor too long. */
const isFitNumber = (digits: string) =>
  digits.length <= LONGEST_NUMBER && Number.isFinite(Number(digits)) && Number(digits) !== 0;

/**
 * jsonb takes neither \u0000 nor half a surrogate pair; the copy for filters says U+FFFD there. Nor does it take 1e200000,
 * and 1e131071 takes 65 kB: numbers beyond a double's range become null, or 0.
 */
function forJsonb(text: string): string {
  const isFit = !/\\u(?:0000|[dD][89a-fA-F])|\d[eE][+-]?\d{3}|\d{300}/.test(text) && text.isWellFormed();
  if (isFit) return text;
  const mend = (value: string) => value.toWellFormed().replaceAll('\0', '\uFFFD');
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return mend(value);
    const digits = digitsOf(value);
    if (digits !== null) return isFitNumber(digits) ? value : Number(digits);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [mend(key), walk(each)]));
  };
  return exactText(walk(parseExact(text)));
}

function readInstant(properties: Json, key: string): string | null {
  const value = properties[key];
  if (value === null || value === undefined) return null;
  const instant = typeof value === 'string' ? checkInstant(value) : null;
  if (!instant)
    refuse(
      `properties.${key} is ${shown(value)}; expected an RFC 3339 date-time of the years 0001 to 9999 in UTC`,
      `properties.${key}`,
    );
  return toUtc(instant);
}

/** STAC 1.1 Item, "datetime": null only with start_datetime and end_datetime. */
function readPeriod(properties: Json): Pick<ItemRow, 'datetime' | 'start' | 'end'> {
  const instant = readInstant(properties, 'datetime');
  const start = readInstant(properties, 'start_datetime');
  const end = readInstant(properties, 'end_datetime');
  if (instant === null && (start === null || end === null)) {
    refuse(
      'properties.datetime is null; then start_datetime and end_datetime must both be given',
      'properties.datetime',
    );
  }
  if (start !== null && end !== null) {
    if (start > end)
      refuse('properties.start_datetime is after properties.end_datetime', 'properties.start_datetime');
    return { datetime: instant ?? start, start, end };
  }
  return { datetime: instant as string, start: instant as string, end: instant as string };
}

/**
 * Item text -> row. `collection` is where it is to be stored; the document's own `collection` must agree.
 * @throws ApiError InvalidDocument with the path of the fault
 */
export function toItemRow(text: string, collection?: string): ItemRow {
  const item = parseObject(text);
  if (item.type !== 'Feature') refuse(`type is ${shown(item.type)}; an Item has "Feature"`, 'type');
  const id = checkId(item.id, 'id');
  const home = checkId(collection ?? item.collection, 'collection');
  const isHomeless = item.collection === undefined || item.collection === null;
  if (!isHomeless && item.collection !== home) {
    refuse(`collection is ${shown(item.collection)}, but the Item is sent to ${shown(home)}`, 'collection');
  }
  const { geometry, properties, bbox } = item;
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) {
    refuse(`properties is ${shown(properties)}; expected an object`, 'properties');
  }
  if (geometry === undefined) refuse('geometry is missing; it is a GeoJSON geometry or null', 'geometry');
  const fault = geometry === null ? null : geometryFault(geometry);
  if (fault) refuse(`geometry: ${fault}`, 'geometry');
  const spans = memberSpans(text);
  const span = spans.get('properties');
  const content = storedText(text, spans, item, isHomeless ? home : undefined);
  const mended = forJsonb(content);
  const crossesAntimeridian = geometry !== null && crossesAsTold(geometry as Geometry, bbox);
  return {
    collection: home,
    id,
    geometry: geometry === null ? null : JSON.stringify(plainGeometry(geometry as Geometry)),
    crossesAntimeridian,
    extent: geometry === null ? null : extentOf(geometry as Geometry, crossesAntimeridian),
    ...readPeriod(properties as Json),
    properties: forJsonb(text.slice(span?.start, span?.end)),
    content,
    mended: mended === content ? null : mended,
    words: wordsOfItem(id, properties as Json),
  };
}

/** What tells most comes first: of a very long document not every word is kept. */
function wordsOfItem(id: string, { title, description, keywords, ...rest }: Json): string {
  return toTsvector([id, title, description, keywords, rest]);
}

const utcOf = (value: unknown) =>
  typeof value === 'string' && checkInstant(value) !== null ? toUtc(value) : null;

/** The first bbox and interval of a Collection hold all others. STAC 1.1 Collection, "Extent". */
function ownExtent({ extent }: Json): Pick<CollectionRow, 'place' | 'start' | 'end'> {
  const { spatial, temporal } = (extent ?? {}) as { spatial?: Json; temporal?: Json };
  const place = placeOf((spatial?.bbox as unknown[] | undefined)?.[0]);
  const [start, end] = ((temporal?.interval as unknown[] | undefined)?.[0] ?? []) as unknown[];
  const since = utcOf(start);
  const until = utcOf(end);
  const isOrdered = since === null || until === null || since <= until;
  return {
    place: place && JSON.stringify(place),
    start: isOrdered ? since : null,
    end: isOrdered ? until : null,
  };
}

/** Collection text -> row. @throws ApiError InvalidDocument with the path of the fault */
export function toCollectionRow(text: string, id?: string): CollectionRow {
  const collection = parseObject(text);
  if (collection.type !== 'Collection') {
    refuse(`type is ${shown(collection.type)}; a Collection has "Collection"`, 'type');
  }
  const own = checkId(collection.id, 'id');
  if (id !== undefined && id !== own)
    refuse(`id is ${shown(own)}, but the Collection is sent to ${shown(id)}`, 'id');
  const content = storedText(text, memberSpans(text), collection);
  const { title, description, keywords } = collection;
  return {
    id: own,
    content,
    document: forJsonb(content),
    words: toTsvector([own, title, description, keywords]),
    ...ownExtent(collection),
  };
}
