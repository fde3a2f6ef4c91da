/** STAC Items -> the columns of stac-geoparquet: properties beside the Item's own members, geometry as WKB, bbox as a struct. stac-geoparquet spec 1.0, "Guidelines". */
import { geojsonToWkb } from 'hyparquet-writer';
import type { Geometry } from '../geo/geometry.ts';
import { parseExact } from './bigint-json.ts';
import { type ColumnType, fit, Misfit, mergeTypes, NULL, schemaOf, settle, typeOf } from './column-type.ts';
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

/** A property of the name of a member of the Item itself goes by this name. */
const beside = (name: string) => (OWN.includes(name) ? `properties.${name}` : name);

/** Found while all Items are read, before the first is written. */
export interface ItemTable {
  columns: Map<string, ColumnType>;
  geometryTypes: Set<string>;
  /** Some bbox has heights. */
  hasHeights: boolean;
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
    ['geometry', { kind: 'binary' }],
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
  hasHeights: false,
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

/** Adds what an Item has to the table, in place. */
export function learnItem(table: ItemTable, content: string): void {
  for (const [name, value] of cells(parseExact(content))) {
    if (name === 'geometry') {
      if (value !== null) table.geometryTypes.add(geometryType(flatGeometry(value as Geometry)));
    } else if (name === 'bbox') {
      const edges = Array.isArray(value) ? (value as number[]) : [];
      table.hasHeights ||= edges.length === 6;
      table.crosses ||= Number(edges[0]) > Number(edges[edges.length / 2]);
    } else
      table.columns.set(name, mergeTypes(table.columns.get(name) ?? NULL, typeOf(value, TIMES.has(name))));
  }
}

const EDGES = ['xmin', 'ymin', 'zmin', 'xmax', 'ymax', 'zmax'];
const FLAT_EDGES = ['xmin', 'ymin', 'xmax', 'ymax'];

/** The types that all Items fit. */
export function settledColumns({ columns, hasHeights }: ItemTable): Map<string, ColumnType> {
  const settled = new Map(columns);
  const edges = hasHeights ? EDGES : FLAT_EDGES;
  settled.set('bbox', { kind: 'struct', fields: new Map(edges.map((name) => [name, number])) });
  const assets = settled.get('assets');
  // Clients take a missing column for no assets, and cannot read an object without members.
  if (assets?.kind === 'struct' && assets.fields.size === 0) settled.delete('assets');
  return new Map(Array.from(settled, ([name, type]) => [name, settle(type)]));
}

function bboxCell(value: unknown): Record<string, number> | null {
  if (!Array.isArray(value) || (value.length !== 4 && value.length !== 6)) return null;
  const names = value.length === 6 ? EDGES : FLAT_EDGES;
  return Object.fromEntries(names.map((name, index) => [name, Number(value[index])]));
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
      let cell: unknown;
      if (name === 'geometry') cell = value && geojsonToWkb(flatGeometry(value as Geometry) as never);
      else cell = fit(name === 'bbox' ? bboxCell(value) : value, type);
      (made.get(name) as unknown[]).push(cell);
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
export function geoMetadata({ geometryTypes, crosses }: ItemTable): string {
  const path = (edge: string) => ['bbox', edge];
  const bbox = { xmin: path('xmin'), ymin: path('ymin'), xmax: path('xmax'), ymax: path('ymax') };
  const geometry = {
    encoding: 'WKB',
    geometry_types: [...geometryTypes].sort(),
    // A box whose west is above its east would hide what it holds from a reader that filters by it.
    ...(!crosses && { covering: { bbox } }),
  };
  return JSON.stringify({ version: '1.1.0', primary_column: 'geometry', columns: { geometry } });
}
