/** STAC Items -> the columns of stac-geoparquet: properties beside the Item's own members, geometry as WKB, bbox as a struct. stac-geoparquet spec 1.0, "Guidelines". */
import type { Geometry } from '../geo/geometry.ts';
import { parseExact } from './bigint-json.ts';
import {
  type ColumnType,
  fit,
  geometryTypeOf,
  Misfit,
  mergeTypes,
  NULL,
  schemaOf,
  settle,
  typeOf,
} from './column-type.ts';
import { flatGeometry } from './flat-geometry.ts';

type Json = Record<string, unknown>;

/** What an Item has beside its properties; these come first, in this order. */
const OWN = [
  'type',
  'stac_version',
  'stac_extensions',
  'id',
  'geometry',
  'bbox',
  'links',
  'assets',
  'collection',
];

/** Properties that clients of stac-geoparquet expect as timestamps. */
export const TIMES = new Set([
  'datetime',
  'start_datetime',
  'end_datetime',
  'created',
  'updated',
  'expires',
  'published',
  'unpublished',
]);

/** A geometry in the CRS of the data, of an Item's properties or of an asset, is WKB to clients of stac-geoparquet. */
export const PROJECTED = 'proj:geometry';

/** Before the name of a property that is also one of the Item itself. */
export const BESIDE = 'properties.';

/** The column of a property, which no other has. */
const beside = (name: string) => (OWN.includes(name) || name.startsWith(BESIDE) ? `${BESIDE}${name}` : name);

/** Found while all Items are read, before the first is written. */
export interface ItemTable {
  columns: Map<string, ColumnType>;
  geometryTypes: Set<string>;
  /** How many numbers a bbox has. */
  bboxSizes: Set<number>;
  /** Some bbox crosses the antimeridian. */
  crosses: boolean;
}

const text: ColumnType = { kind: 'string' };
const number: ColumnType = { kind: 'number' };

export const newTable = (): ItemTable => ({
  columns: new Map<string, ColumnType>([
    ['type', text],
    ['stac_version', text],
    ['stac_extensions', { kind: 'list', element: text }],
    ['id', text],
    ['geometry', { kind: 'geometry' }],
    ['bbox', NULL],
    [
      'links',
      {
        kind: 'list',
        element: {
          kind: 'struct',
          fields: new Map([
            ['href', text],
            ['rel', text],
          ]),
        },
      },
    ],
    ['assets', { kind: 'struct', fields: new Map() }],
    ['collection', text],
    ['datetime', { kind: 'instant' }],
  ]),
  geometryTypes: new Set(),
  bboxSizes: new Set(),
  crosses: false,
});

/** A document's values by column, geometry and bbox as JSON has them. */
function cells(item: Json): Map<string, unknown> {
  const { properties, ...own } = item as { properties?: Json };
  const values = new Map<string, unknown>(Object.entries(own));
  for (const [key, value] of Object.entries(properties ?? {})) values.set(beside(key), value);
  return values;
}

const has3d = (position: unknown): boolean =>
  Array.isArray(position) && (typeof position[0] === 'number' ? position.length > 2 : position.some(has3d));

function geometryType(geometry: Geometry): string {
  const coordinates = 'coordinates' in geometry ? geometry.coordinates : geometry.geometries;
  return has3d(coordinates) ? `${geometry.type} Z` : geometry.type;
}

function assetType(type: ColumnType, asset: unknown): ColumnType {
  if (type.kind !== 'struct' || !type.fields.has(PROJECTED)) return type;
  const projected = geometryTypeOf((asset as Json)[PROJECTED]);
  return { kind: 'struct', fields: new Map([...type.fields, [PROJECTED, projected]]) };
}

function cellType(name: string, value: unknown): ColumnType {
  if (name === PROJECTED) return geometryTypeOf(value);
  const type = typeOf(value, TIMES.has(name));
  if (name !== 'assets' || type.kind !== 'struct') return type;
  const fields = Array.from(type.fields, ([key, each]): [string, ColumnType] => [
    key,
    assetType(each, (value as Json)[key]),
  ]);
  return { kind: 'struct', fields: new Map(fields) };
}

/** Adds what an Item has to the table, in place. */
export function learnItem(table: ItemTable, content: string): void {
  for (const [name, value] of cells(parseExact(content))) {
    if (name === 'geometry') {
      if (value !== null) table.geometryTypes.add(geometryType(flatGeometry(value as Geometry)));
    } else if (name === 'bbox') {
      const edges = Array.isArray(value) ? (value as number[]) : [];
      if (Array.isArray(value)) table.bboxSizes.add(edges.length);
      table.crosses ||= Number(edges[0]) > Number(edges[edges.length / 2]);
    } else table.columns.set(name, mergeTypes(table.columns.get(name) ?? NULL, cellType(name, value)));
  }
}

const EDGES = ['xmin', 'ymin', 'zmin', 'xmax', 'ymax', 'zmax'];
const FLAT_EDGES = ['xmin', 'ymin', 'xmax', 'ymax'];

/** The types that all Items fit. */
export function settledColumns({ columns, bboxSizes }: ItemTable): Map<string, ColumnType> {
  const settled = new Map(columns);
  // The client stac-geoparquet cannot read a column of heights where some are missing.
  const edges = bboxSizes.has(6) && !bboxSizes.has(4) ? EDGES : FLAT_EDGES;
  settled.set('bbox', { kind: 'struct', fields: new Map(edges.map((name) => [name, number])) });
  const assets = settled.get('assets');
  // Clients take a missing column for no assets, and cannot read an object without members.
  if (assets?.kind === 'struct' && assets.fields.size === 0) settled.delete('assets');
  return new Map(Array.from(settled, ([name, type]) => [name, settle(type)]));
}

function bboxCell(value: unknown, type: ColumnType): Record<string, number> | null {
  if (!Array.isArray(value) || (value.length !== 4 && value.length !== 6) || type.kind !== 'struct')
    return null;
  const names = value.length === 6 ? EDGES : FLAT_EDGES;
  const edges = names.map((name, index): [string, number] => [name, Number(value[index])]);
  return Object.fromEntries(edges.filter(([name]) => type.fields.has(name)));
}

/** Items' texts -> values by column. @throws Misfit where an Item is not as the columns were made for */
export function toColumns(contents: string[], columns: Map<string, ColumnType>): Map<string, unknown[]> {
  const made = new Map<string, unknown[]>(Array.from(columns.keys(), (name) => [name, []]));
  for (const content of contents) {
    const values = cells(parseExact(content));
    const isEmpty = (value: unknown) => typeof value === 'object' && Object.keys(value ?? {}).length === 0;
    for (const [name, value] of values) if (!columns.has(name) && !isEmpty(value)) throw new Misfit(name);
    for (const [name, type] of columns) {
      const value = values.get(name) ?? null;
      (made.get(name) as unknown[]).push(fit(name === 'bbox' ? bboxCell(value, type) : value, type));
    }
  }
  return made;
}

/** Schema of the whole file. */
export function tableSchema(columns: Map<string, ColumnType>) {
  const below = Array.from(columns, ([name, type]) => schemaOf(name, type));
  return [{ name: 'schema', num_children: below.length }, ...below.flat()];
}

/** GeoParquet 1.1.0 metadata. Without `crs` longitude and latitude are those of OGC:CRS84. */
export function geoMetadata({ geometryTypes, crosses }: ItemTable, columns: Map<string, ColumnType>): string {
  const path = (edge: string) => ['bbox', edge];
  const bbox = { xmin: path('xmin'), ymin: path('ymin'), xmax: path('xmax'), ymax: path('ymax') };
  const geometry = {
    encoding: 'WKB',
    geometry_types: [...geometryTypes].sort(),
    // A box whose west is above its east would hide what it holds from a reader that filters by it.
    ...(!crosses && { covering: { bbox } }),
  };
  const projected = columns.get(PROJECTED)?.kind === 'geometry' && {
    // Each Item has its own CRS; without the member it would be longitude and latitude.
    [PROJECTED]: { encoding: 'WKB', geometry_types: [], crs: null },
  };
  return JSON.stringify({
    version: '1.1.0',
    primary_column: 'geometry',
    columns: { geometry, ...projected },
  });
}
