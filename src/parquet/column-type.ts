/** JSON values -> the type of a Parquet column that holds them all; what no one type holds is JSON text. */
import type { SchemaElement } from 'hyparquet';
import { geojsonToWkb } from 'hyparquet-writer';
import { type Geometry, shapeFault } from '../geo/geometry.ts';
import { checkInstant } from '../stac/datetime.ts';
import { exactText } from './bigint-json.ts';
import { flatGeometry } from './flat-geometry.ts';
import { toMicroseconds } from './instant.ts';

export type ColumnType =
  | { kind: 'null' | 'boolean' | 'integer' | 'number' | 'string' | 'instant' | 'json' | 'geometry' }
  | { kind: 'list'; element: ColumnType }
  | { kind: 'struct'; fields: Map<string, ColumnType> };

export const NULL: ColumnType = { kind: 'null' };
const JSON_TEXT: ColumnType = { kind: 'json' };

/** Fields that an object may have; one with more is a table of its own, and its columns would be without end. */
const MOST_FIELDS = 1000;
const DEEPEST = 12;

/** @param isTime whether text that is a date-time becomes one */
export function typeOf(value: unknown, isTime = false, depth = 0): ColumnType {
  if (value === null || value === undefined) return NULL;
  if (depth > DEEPEST) return JSON_TEXT;
  if (typeof value === 'boolean') return { kind: 'boolean' };
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { kind: 'integer' };
  if (typeof value === 'number') return { kind: 'number' };
  if (typeof value === 'string')
    return { kind: isTime && checkInstant(value) !== null ? 'instant' : 'string' };
  if (Array.isArray(value)) {
    const types = value.map((each) => typeOf(each, false, depth + 1));
    return { kind: 'list', element: types.reduce(mergeTypes, NULL) };
  }
  const fields = Object.entries(value).map(([key, each]): [string, ColumnType] => [
    key,
    typeOf(each, false, depth + 1),
  ]);
  return fields.length > MOST_FIELDS ? JSON_TEXT : { kind: 'struct', fields: new Map(fields) };
}

/** The same for the place of a geometry, in any CRS; what is none is taken as it is. */
export function geometryTypeOf(value: unknown): ColumnType {
  const isGeometry = value !== null && value !== undefined && shapeFault(value) === null;
  return isGeometry ? { kind: 'geometry' } : typeOf(value);
}

const isNumeric = ({ kind }: ColumnType) => kind === 'integer' || kind === 'number';

export function mergeTypes(a: ColumnType, b: ColumnType): ColumnType {
  if (a.kind === 'null') return b;
  if (b.kind === 'null') return a;
  if (a.kind === 'list' && b.kind === 'list')
    return { kind: 'list', element: mergeTypes(a.element, b.element) };
  if (a.kind === 'struct' && b.kind === 'struct') {
    const fields = new Map(a.fields);
    for (const [key, type] of b.fields) fields.set(key, mergeTypes(fields.get(key) ?? NULL, type));
    return fields.size > MOST_FIELDS ? JSON_TEXT : { kind: 'struct', fields };
  }
  if (a.kind === b.kind) return a;
  return isNumeric(a) && isNumeric(b) ? { kind: 'number' } : JSON_TEXT;
}

/** Objects without fields, which Parquet has no type for, are JSON text. */
export function settle(type: ColumnType): ColumnType {
  if (type.kind === 'null') return { kind: 'string' };
  if (type.kind === 'list') return { kind: 'list', element: settle(type.element) };
  if (type.kind !== 'struct') return type;
  if (type.fields.size === 0) return JSON_TEXT;
  return { kind: 'struct', fields: new Map(Array.from(type.fields, ([key, each]) => [key, settle(each)])) };
}

const STRING = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

const LEAVES = {
  null: STRING,
  boolean: { type: 'BOOLEAN' },
  integer: { type: 'INT64' },
  number: { type: 'DOUBLE' },
  string: STRING,
  json: STRING,
  /** WKB, ISO flavour. */
  geometry: { type: 'BYTE_ARRAY' },
  instant: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } },
} as const satisfies Record<string, Partial<SchemaElement>>;

/** A column's part of the schema: itself, then what is below it. Parquet format, "Nested Types". */
export function schemaOf(name: string, type: ColumnType): SchemaElement[] {
  const column = { name, repetition_type: 'OPTIONAL' } as const;
  if (type.kind === 'struct') {
    const below = Array.from(type.fields, ([key, each]) => schemaOf(key, each));
    return [{ ...column, num_children: below.length }, ...below.flat()];
  }
  if (type.kind === 'list') {
    return [
      { ...column, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...schemaOf('element', type.element),
    ];
  }
  return [{ ...column, ...LEAVES[type.kind] }];
}

/** What does not fit the columns any more. */
export class Misfit extends Error {}

/** A JSON value as its column takes it. @throws Misfit */
export function fit(value: unknown, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  if (type.kind === 'json') return exactText(value);
  if (type.kind === 'list' && Array.isArray(value)) return value.map((each) => fit(each, type.element));
  if (type.kind === 'struct' && typeof value === 'object' && !Array.isArray(value)) {
    const known = Object.entries(value).map(([key, each]) => {
      const field = type.fields.get(key);
      if (!field) throw new Misfit(key);
      return [key, fit(each, field)];
    });
    return Object.fromEntries(known);
  }
  if (type.kind === 'integer' && (typeof value === 'bigint' || Number.isSafeInteger(value)))
    return BigInt(value as number);
  if (type.kind === 'number' && (typeof value === 'number' || typeof value === 'bigint'))
    return Number(value);
  if (type.kind === 'instant' && typeof value === 'string') return toMicroseconds(value);
  if (type.kind === 'string' && typeof value === 'string') return value;
  if (type.kind === 'boolean' && typeof value === 'boolean') return value;
  if (type.kind === 'geometry' && shapeFault(value) === null)
    return geojsonToWkb(flatGeometry(value as Geometry) as never);
  throw new Misfit(type.kind);
}
