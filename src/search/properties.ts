/** Names of properties -> columns, or places in jsonb. STAC API Filter, "Queryables": names of Item Properties need no prefix. */
import { type RawBuilder, sql } from 'kysely';
import type { PropertyColumn } from '../cql2/property.ts';

/** Fields of an Item beside its properties. */
const ITEM_FIELDS = new Set(['assets', 'bbox', 'links', 'stac_version', 'stac_extensions', 'type']);

const BBOX_PARTS = ['xmin', 'ymin', 'zmin', 'xmax', 'ymax', 'zmax'];

/** Dots of a name that are tried both as part of a key and as a step into an object; beyond these they are steps. */
const MOST_DOTS = 3;

/** The ways to read a name as keys one inside the other, those with the longest keys first. */
export function readingsOf(name: string): string[][] {
  const parts = name.split('.');
  if (parts.some((part) => part === '')) return [[name]];
  if (parts.length - 1 > MOST_DOTS) return [[name], parts];
  const readings = (rest: string[]): string[][] => {
    const all = [[rest.join('.')]];
    for (let length = rest.length - 1; length >= 1; length--) {
      const key = rest.slice(0, length).join('.');
      for (const reading of readings(rest.slice(length))) all.push([key, ...reading]);
    }
    return all;
  };
  return readings(parts);
}

/** What stands at a name of a jsonb object: SQL null where nothing does. */
export function jsonAt(base: RawBuilder<unknown>, name: string): RawBuilder<unknown> {
  const places = readingsOf(name).map((keys) =>
    keys.length === 1 ? sql`${base} -> ${name}::text` : sql`${base} #> ${keys}::text[]`,
  );
  return places.length === 1 ? sql`(${places[0]})` : sql`coalesce(${sql.join(places)})`;
}

const itemDocument = sql`coalesce(items.mended, items.content)::jsonb`;

/** West to top of the document's bbox by its parts' names; heights only of six numbers. */
function bboxPart(base: RawBuilder<unknown>, part: string): RawBuilder<unknown> {
  const at = BBOX_PARTS.indexOf(part);
  const flat = [0, 1, null, 2, 3, null][at] as number | null;
  const bbox = sql`${base} -> 'bbox'`;
  const isSolid = sql`jsonb_typeof(${bbox}) = 'array' and jsonb_array_length(${bbox}) = 6`;
  const otherwise = flat === null ? sql`null` : sql`${bbox} -> ${flat}::int`;
  return sql`(case when ${isSolid} then ${bbox} -> ${at}::int else ${otherwise} end)`;
}

const inside = (name: string, field: string) => name === field || name.startsWith(`${field}.`);

/** A name without the prefix that Item Properties may have. */
export const bareName = (name: string) => (name.startsWith('properties.') ? name.slice(11) : name);

/** The Item's own `datetime`, null where the document says null. */
const itemDatetime = sql`(case when jsonb_typeof(items.properties -> 'datetime') = 'string' then items.datetime end)`;

/** Property of an Item, by the name that a filter or sort has for it. */
export function itemProperty(name: string): PropertyColumn {
  if (name === 'id' || name === 'collection') return { kind: 'text', sql: sql.ref(`items.${name}`) };
  if (name === 'geometry') return { kind: 'geometry', sql: sql.ref('items.geometry') };
  if (name === 'datetime' || name === 'properties.datetime') return { kind: 'instant', sql: itemDatetime };
  const part = /^bbox\.(\w+)$/.exec(name)?.[1];
  if (part !== undefined && BBOX_PARTS.includes(part)) {
    return { kind: 'json', sql: bboxPart(itemDocument, part) };
  }
  for (const field of ITEM_FIELDS) {
    if (inside(name, field)) return { kind: 'json', sql: jsonAt(itemDocument, name) };
  }
  return { kind: 'json', sql: jsonAt(sql.ref('items.properties'), bareName(name)) };
}

const collectionDocument = sql.ref('collections.document');

/** Property of a Collection: `geometry` and `datetime` are its extent. */
export function collectionProperty(name: string): PropertyColumn {
  if (name === 'id') return { kind: 'text', sql: sql.ref('collections.id') };
  if (name === 'geometry') return { kind: 'geometry', sql: sql.ref('collections.geometry') };
  if (name === 'datetime') {
    return {
      kind: 'interval',
      start: sql`lower(collections.period)`,
      end: sql`upper(collections.period)`,
    };
  }
  return { kind: 'json', sql: jsonAt(collectionDocument, name) };
}

/** STAC's common metadata: what any document may have, clients name without looking whether one has it. */
const COMMON = [
  ...['title', 'description', 'keywords', 'license', 'providers', 'created', 'updated'],
  ...['start_datetime', 'end_datetime', 'platform', 'instruments', 'constellation', 'mission', 'gsd'],
];

/** What filters may name whatever the data. */
export const ITEM_NAMES = ['id', 'collection', 'geometry', 'datetime', ...ITEM_FIELDS, ...COMMON];
export const COLLECTION_NAMES = ['id', 'geometry', 'datetime', ...COMMON];
