/** What is known of stored data -> queryables and sortables as JSON Schema 2020-12. OGC API Features Part 3, 6.2; Part 5, "Sortables". */
import type { Facts, PropertyFacts, ValueType } from './facts.ts';
import { ITEM_NAMES } from './properties.ts';

type Schema = Record<string, unknown>;

/** What a Collection's own `queryables` member says; each of its properties stands in place of what the data shows. */
export interface QueryablesOverride {
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
}

const MOST_ENUM = 50;

const JSON_TYPE: Record<ValueType, string> = {
  null: 'null',
  boolean: 'boolean',
  integer: 'integer',
  number: 'number',
  string: 'string',
  instant: 'string',
  array: 'array',
  object: 'object',
};

function jsonTypes(types: ValueType[]): string[] {
  const all = new Set(types.filter((type) => type !== 'null').map((type) => JSON_TYPE[type]));
  if (all.has('number')) all.delete('integer');
  return [...all].sort();
}

function elementSchema({ elements = [], values }: PropertyFacts): Schema {
  const types = jsonTypes(elements);
  const isListed = values && values.length > 0 && types.length === 1 && types[0] === 'string';
  return { ...(types.length === 1 && { type: types[0] }), ...(isListed && { enum: values }) };
}

function schemaOf(facts: PropertyFacts): Schema {
  const types = jsonTypes(facts.types);
  const { values, minimum, maximum } = facts;
  const isOnly = (type: ValueType) => facts.types.every((each) => each === type || each === 'null');
  const isListed = isOnly('string') && values !== null && values.length > 0 && values.length <= MOST_ENUM;
  return {
    ...(types.length > 0 && { type: types.length === 1 ? types[0] : types }),
    ...(isOnly('instant') && types.length > 0 && { format: 'date-time' }),
    ...(isListed && { enum: values }),
    ...(minimum !== undefined && { minimum }),
    ...(maximum !== undefined && { maximum }),
    ...(isOnly('array') && types.length > 0 && { items: elementSchema(facts) }),
  };
}

const GEOMETRY: Schema = {
  title: 'Geometry',
  type: 'object',
  format: 'geometry-any',
  'x-ogc-role': 'primary-geometry',
};

const itemFields = (collections: string[]): Record<string, Schema> => ({
  id: { title: 'Id', type: 'string' },
  collection: {
    title: 'Collection',
    type: 'string',
    ...(collections.length > 0 && collections.length <= MOST_ENUM && { enum: collections }),
  },
  geometry: GEOMETRY,
  datetime: {
    title: 'Date and time',
    type: 'string',
    format: 'date-time',
    'x-ogc-role': 'primary-instant',
  },
  assets: { title: 'Assets by their keys', type: 'object' },
  bbox: { title: 'Bounding box', type: 'array', items: { type: 'number' } },
  links: { title: 'Links', type: 'array' },
  stac_version: { title: 'STAC version', type: 'string' },
  stac_extensions: { title: 'STAC extensions', type: 'array', items: { type: 'string' } },
  type: { title: 'GeoJSON type', type: 'string' },
});

function merge(own: Record<string, Schema>, facts: Facts, overrides: QueryablesOverride[]) {
  const entries = Object.entries(facts.properties).map(([name, each]) => [name, schemaOf(each)] as const);
  const given = overrides.flatMap(({ properties = {} }) => Object.entries(properties));
  return Object.fromEntries([
    ...entries.sort(([a], [b]) => (a < b ? -1 : 1)),
    ...Object.entries(own),
    ...given,
  ]) as Record<string, Schema>;
}

/** @param collections ids, for whoever asks of all of them */
export const itemQueryables = (facts: Facts, collections: string[], overrides: QueryablesOverride[]) => {
  const own = itemFields(collections);
  // The fields that every Item has come first.
  return { ...own, ...merge(own, facts, overrides) };
};

/** @param facts of Collections, their members being the properties */
export const collectionQueryables = (facts: Facts) => {
  const own: Record<string, Schema> = {
    id: { title: 'Id', type: 'string' },
    geometry: GEOMETRY,
    datetime: { title: 'Time', type: 'string', format: 'date-time' },
  };
  return { ...own, ...merge(own, facts, []) };
};

const ORDERED = new Set<unknown>(['string', 'number', 'integer', 'boolean']);

const isOrdered = ({ type }: Schema) => [type].flat().some((each) => ORDERED.has(each));

export const sortablesOf = (queryables: Record<string, Schema>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(queryables).filter(([, schema]) => isOrdered(schema)));

/** Whether a filter or sort may name it: it, or an object that it lies in, is among the names. */
export function isKnown(name: string, names: ReadonlySet<string>): boolean {
  for (let at = name.length; at > 0; at = name.lastIndexOf('.', at - 1)) {
    if (names.has(name.slice(0, at))) return true;
  }
  return false;
}

export const itemNames = (facts: Facts): Set<string> =>
  new Set([...ITEM_NAMES, ...Object.keys(facts.properties)]);
