/** DIDs -> what people said about them: JSON metadata and the fixed columns that carry meaning, by POST /dids/bulkmeta in chunks. */
import { type Api, didPath } from './api.ts';
import { RucioError } from './faults.ts';
import type { Did } from './types.ts';

/** By `scope:name`. A DID that does not exist is missing. */
export type Metadata = Map<string, Record<string, unknown>>;

export interface MetadataOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number) => void) | undefined;
}

type Row = Record<string, unknown>;

const CHUNK = 1000;
const PARALLEL = 8;

/** Columns of the DID table that the system keeps for itself, or that ResolvedDid tells in its own fields. */
// biome-ignore format: a list
const SYSTEM = new Set([
  'scope', 'name', 'account', 'did_type', 'type', 'bytes', 'length', 'adler32', 'md5', 'guid', 'is_open', 'open', 'monotonic',
  'hidden', 'obsolete', 'complete', 'is_new', 'is_archive', 'constituent', 'availability', 'suppressed', 'purge_replicas',
  'transient', 'access_cnt', 'accessed_at', 'created_at', 'updated_at', 'closed_at', 'deleted_at', 'expired_at', 'eol_at', 'vo',
]);
/** Columns that a person fills in. */
// biome-ignore format: a list
const FIXED = new Set([
  'project', 'datatype', 'run_number', 'stream_name', 'prod_step', 'version', 'campaign', 'task_id', 'panda_id', 'lumiblocknr',
  'provenance', 'phys_group', 'events',
]);

export async function readMetadata(
  api: Api,
  dids: readonly Did[],
  options: MetadataOptions = {},
): Promise<Metadata> {
  const found: Metadata = new Map();
  for (let at = 0; at < dids.length; at += CHUNK) {
    const chunk = dids.slice(at, at + CHUNK);
    for (const row of await readChunk(api, chunk, options.signal)) {
      found.set(`${row.scope}:${row.name}`, meaningful(row));
    }
    options.onProgress?.(Math.min(at + CHUNK, dids.length));
  }
  return found;
}

/** Nulls and the system's columns dropped. */
function meaningful(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([key, value]) => value !== null && !SYSTEM.has(key)));
}

async function readChunk(api: Api, dids: readonly Did[], signal: AbortSignal | undefined): Promise<Row[]> {
  const body = { dids: dids.map(({ scope, name }) => ({ scope, name })), plugin: 'ALL' };
  const rows = await bulk(api, body, signal);
  if (rows === null) return each(api, dids, 'ALL', signal);
  const first = dids[0];
  if (first === undefined || rows.some(hasJson)) return rows;
  // Older servers answer with the columns whatever plugin is asked for: ask for one DID alone to tell that from "has none".
  const probe = await one(api, first, 'JSON', signal);
  if (Object.keys(probe).every((key) => key === 'scope' || key === 'name')) return rows;
  const json = await each(api, dids, 'JSON', signal);
  const columns = new Map(rows.map((row) => [`${row.scope}:${row.name}`, row]));
  return json.map((row) => ({ ...row, ...columns.get(`${row.scope}:${row.name}`) }));
}

const hasJson = (row: Row) => Object.keys(row).some((key) => !SYSTEM.has(key) && !FIXED.has(key));

/** null where the server has no such path, or one DID of the many spoils the answer. */
async function bulk(api: Api, body: unknown, signal: AbortSignal | undefined): Promise<Row[] | null> {
  try {
    return (await api.getList('/dids/bulkmeta', { body, signal })) as Row[];
  } catch (error) {
    const mends =
      error instanceof RucioError && !['AccessDenied', 'CannotAuthenticate'].includes(error.exceptionClass);
    if (mends) return null;
    throw error;
  }
}

async function each(
  api: Api,
  dids: readonly Did[],
  plugin: string,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let at = 0; at < dids.length; at += PARALLEL) {
    rows.push(
      ...(await Promise.all(dids.slice(at, at + PARALLEL).map((did) => one(api, did, plugin, signal)))),
    );
  }
  return rows;
}

/** Empty where the server keeps no JSON metadata (InvalidMetadata on SQLite), or the DID has gone since. */
async function one(
  api: Api,
  { scope, name }: Did,
  plugin: string,
  signal: AbortSignal | undefined,
): Promise<Row> {
  const ask = async (which: string) =>
    (await api.getJson(`${didPath(scope, name)}/meta?plugin=${which}`, { signal })) as Row;
  try {
    return { ...(await ask(plugin)), scope, name };
  } catch (error) {
    if (!(error instanceof RucioError)) throw error;
    if (error.exceptionClass === 'DataIdentifierNotFound') return { scope, name };
    if (error.exceptionClass !== 'InvalidMetadata') throw error;
    return plugin === 'ALL' ? { ...(await ask('DID_COLUMN')), scope, name } : { scope, name };
  }
}
