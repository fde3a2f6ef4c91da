/** A stac-geoparquet file -> its Items' and Collections' texts, a row group at a time. */
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { wkbToGeojson } from 'hyparquet/src/wkb.js';
import { compressors } from 'hyparquet-compressors';
import { exactText } from './bigint-json.ts';
import { fromMicroseconds } from './instant.ts';
import { BESIDE, PROJECTED, TIMES } from './item-table.ts';

type Json = Record<string, unknown>;

const OWN = new Set([
  'type',
  'stac_version',
  'stac_extensions',
  'id',
  'bbox',
  'geometry',
  'collection',
  'links',
  'assets',
]);

/** Rows read at a time. */
const ROWS = 1000;

function geometryOf(wkb: Uint8Array): unknown {
  const view = new DataView(wkb.buffer, wkb.byteOffset, wkb.byteLength);
  return wkbToGeojson({ view, offset: 0 });
}

/** Values as JSON has them, without members that are null: a column has no other way to say that one is not there. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return fromMicroseconds(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
  return Object.fromEntries(kept.map(([key, each]) => [key, plainMember(key, each)]));
}

function plainMember(key: string, value: unknown): unknown {
  return plain(key === PROJECTED && value instanceof Uint8Array ? geometryOf(value) : value);
}

function bboxOf(value: unknown): number[] | undefined {
  if (Array.isArray(value)) return value as number[];
  if (typeof value !== 'object' || value === null) return undefined;
  const { xmin, ymin, zmin, xmax, ymax, zmax } = value as Record<string, number | null | undefined>;
  const flat = [xmin, ymin, xmax, ymax] as number[];
  const isHigh = typeof zmin === 'number' && typeof zmax === 'number';
  return isHigh ? ([xmin, ymin, zmin, xmax, ymax, zmax] as number[]) : flat;
}

function timeOf(value: unknown): unknown {
  return value instanceof Date || typeof value === 'string' || value === null
    ? plain(value)
    : fromMicroseconds(value as bigint);
}

function toItem(row: Json): string {
  const properties: Json = { datetime: null };
  for (const [key, value] of Object.entries(row)) {
    if (OWN.has(key)) continue;
    const name = key.startsWith(BESIDE) ? key.slice(BESIDE.length) : key;
    const isKept = (value !== null && value !== undefined) || name === 'datetime';
    if (isKept) properties[name] = TIMES.has(name) ? timeOf(value) : plainMember(name, value);
  }
  const { type, stac_version, stac_extensions, id, geometry, bbox, links, assets, collection } = row;
  const box = bboxOf(bbox);
  return exactText({
    type: type ?? 'Feature',
    stac_version: stac_version ?? '1.0.0',
    ...(Array.isArray(stac_extensions) && { stac_extensions }),
    id,
    ...(typeof collection === 'string' && { collection }),
    geometry: plain(geometry ?? null),
    ...(box && { bbox: box }),
    properties,
    links: plain(links ?? []),
    assets: typeof assets === 'string' ? JSON.parse(assets) : plain(assets ?? {}),
  });
}

/** Texts of the Collections that the file's metadata has. */
function collectionsOf({ key_value_metadata }: FileMetaData): string[] {
  const text = (key_value_metadata ?? []).find(({ key }) => key === 'stac-geoparquet')?.value;
  if (!text) return [];
  try {
    const { collections, collection } = JSON.parse(text) as { collections?: Json; collection?: Json };
    return [...Object.values(collections ?? {}), ...(collection ? [collection] : [])].map((each) =>
      JSON.stringify(each),
    );
  } catch {
    return [];
  }
}

/** @throws Error where the file is none, or broken */
export async function* readItems(path: string): AsyncGenerator<string> {
  const file: AsyncBuffer = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  yield* collectionsOf(metadata);
  const rows = Number(metadata.num_rows);
  const parsers = { timestampFromMicroseconds: (micros: bigint) => fromMicroseconds(micros) };
  for (let rowStart = 0; rowStart < rows; rowStart += ROWS) {
    const rowEnd = Math.min(rowStart + ROWS, rows);
    const found = await parquetReadObjects({
      file,
      metadata,
      compressors,
      rowStart,
      rowEnd,
      utf8: false,
      parsers,
    });
    for (const row of found) yield toItem(row as Json);
  }
}
