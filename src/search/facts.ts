/**
 * Items -> what they are together: extent, and per property its types and values. Two such facts merge into one, so that
 * writes add to what is known without reading all Items again. Extents, summaries and queryables are made of them.
 */
import { checkInstant, toUtc } from '../stac/datetime.ts';

export type ValueType = 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'instant' | 'array' | 'object';

export interface PropertyFacts {
  types: ValueType[];
  /** Distinct strings, numbers and booleans in order of their text, of arrays their elements; null: more than are kept. */
  values: (string | number | boolean)[] | null;
  /** Of numbers. */
  minimum?: number;
  maximum?: number;
  /** Types of an array's elements. */
  elements?: ValueType[];
}

export interface Facts {
  /** west, south, east, north in degrees; null without a geometry. */
  bbox: [number, number, number, number] | null;
  /** RFC 3339, UTC, microseconds; null without Items. */
  start: string | null;
  end: string | null;
  properties: Record<string, PropertyFacts>;
  /** More properties are there than are kept. */
  isOpen: boolean;
}

/** What facts are made of. */
export interface FactsSource {
  bbox: Facts['bbox'];
  start: string;
  end: string;
  properties: Record<string, unknown>;
}

const MOST_VALUES = 50;
const LONGEST_VALUE = 100;
const MOST_PROPERTIES = 1000;

export const noFacts = (): Facts => ({ bbox: null, start: null, end: null, properties: {}, isOpen: false });

function typeOf(value: unknown): ValueType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (typeof value === 'string') return checkInstant(value) === null ? 'string' : 'instant';
  return typeof value === 'boolean' ? 'boolean' : 'object';
}

const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)].sort();

function keep(values: (string | number | boolean)[]): PropertyFacts['values'] {
  const known = unique(values);
  const isLong = known.some((value) => typeof value === 'string' && value.length > LONGEST_VALUE);
  return isLong || known.length > MOST_VALUES ? null : known;
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';

function valueFacts(value: unknown): PropertyFacts {
  const type = typeOf(value);
  const parts: unknown[] = Array.isArray(value) ? value : [value];
  const isListed = type !== 'instant' && type !== 'object' && type !== 'null';
  return {
    types: [type],
    values: isListed ? keep(parts.filter(isScalar)) : [],
    ...(typeof value === 'number' && { minimum: value, maximum: value }),
    ...(Array.isArray(value) && { elements: unique(value.map(typeOf)) }),
  };
}

const least = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);
const most = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

function mergeProperty(a: PropertyFacts, b: PropertyFacts): PropertyFacts {
  const minimum = least(a.minimum, b.minimum);
  const maximum = most(a.maximum, b.maximum);
  return {
    types: unique([...a.types, ...b.types]),
    values: a.values && b.values && keep([...a.values, ...b.values]),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...((a.elements || b.elements) && { elements: unique([...(a.elements ?? []), ...(b.elements ?? [])]) }),
  };
}

function mergeBbox(a: Facts['bbox'], b: Facts['bbox']): Facts['bbox'] {
  if (!a || !b) return a ?? b;
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

const earlier = (a: string | null, b: string | null) => (a !== null && (b === null || a < b) ? a : b);
const later = (a: string | null, b: string | null) => (a !== null && (b === null || a > b) ? a : b);

/** Adds `more` to `facts`, in place. */
function addProperty(facts: Facts, key: string, more: PropertyFacts): void {
  const known = Object.hasOwn(facts.properties, key) ? facts.properties[key] : undefined;
  if (!known && Object.keys(facts.properties).length >= MOST_PROPERTIES) {
    facts.isOpen = true;
    return;
  }
  Object.defineProperty(facts.properties, key, {
    value: known ? mergeProperty(known, more) : more,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

export function mergeFacts(a: Facts, b: Facts): Facts {
  const merged: Facts = {
    bbox: mergeBbox(a.bbox, b.bbox),
    start: earlier(a.start, b.start),
    end: later(a.end, b.end),
    properties: Object.fromEntries(Object.entries(a.properties)),
    isOpen: a.isOpen || b.isOpen,
  };
  for (const [key, facts] of Object.entries(b.properties)) addProperty(merged, key, facts);
  return merged;
}

export function factsOf(items: Iterable<FactsSource>): Facts {
  const facts = noFacts();
  for (const { bbox, start, end, properties } of items) {
    facts.bbox = mergeBbox(facts.bbox, bbox);
    facts.start = earlier(facts.start, toUtc(start));
    facts.end = later(facts.end, toUtc(end));
    for (const [key, value] of Object.entries(properties)) addProperty(facts, key, valueFacts(value));
  }
  return facts;
}
