/** File DIDs -> their replicas, by POST /replicas/list in chunks. */
import { type Api, didPath } from './api.ts';
import { withoutSignature } from './pfn.ts';
import type { Did, Replica } from './types.ts';

export interface ListReplicasOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number) => void) | undefined;
  /** Also replicas that cannot be read now, and RSEs that are blocked. */
  allStates?: boolean;
  /** Only on RSEs that this expression matches, such as `country=IT`. */
  rseExpression?: string;
  /** Network to which the first should be nearest, by Rucio's GeoIP database; without: us. */
  reader?: string | null;
  /** Seconds that addresses which Rucio signs can be used. */
  signedFor?: number;
}

export interface ReplicaLine extends Did {
  bytes: number | null;
  adler32: string | null;
  md5: string | null;
  /** Sorted by priority; one entry for each PFN, so an RSE that offers several schemes comes several times. */
  replicas: Replica[];
}

interface RawLine extends Did {
  bytes: number | null;
  adler32: string | null;
  md5: string | null;
  pfns?: Record<string, { rse: string; type?: string; priority?: number }>;
  states?: Record<string, string>;
}

/** Without schemes an RSE gives one PFN only, of its best protocol, which need not be one we read. */
// biome-ignore format: a list
const SCHEMES = [
  'https', 'http', 'davs', 'dav', 'file', 's3', 's3s', 'root', 'xroot', 'gsiftp', 'srm', 'srm+https', 'storm', 'posix',
  'rclone', 'scp', 'rsync', 'globus', 'magnet',
];
/** The server looks up attributes for each PFN (4 ms each without memcached): smaller chunks side by side are faster. */
const CHUNK = 250;
/** A day, for whoever lists a thousand files and fetches them one after the other; the longest that S3 knows is a week. */
const SIGNED_FOR = 86_400;
const PARALLEL = 4;

/** @returns by `scope:name`; a DID that is not known, or whose files have no replica row, is missing */
export async function listReplicas(
  api: Api,
  dids: readonly Did[],
  options: ListReplicasOptions = {},
): Promise<Map<string, ReplicaLine>> {
  const found = new Map<string, ReplicaLine>();
  let next = 0;
  let done = 0;
  /** Takes chunk after chunk until none is left; several of these run side by side. */
  async function work(): Promise<void> {
    while (next < dids.length) {
      const chunk = dids.slice(next, next + CHUNK);
      next += CHUNK;
      for (const line of await listChunk(api, chunk, options)) found.set(`${line.scope}:${line.name}`, line);
      done += chunk.length;
      options.onProgress?.(done);
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return found;
}

async function listChunk(
  api: Api,
  dids: readonly Did[],
  options: ListReplicasOptions,
): Promise<ReplicaLine[]> {
  const lines = await ask(api, dids, SCHEMES, options);
  // An RSE whose only protocol is none of ours still has a PFN worth knowing.
  const silent = lines.filter((line) => rsesWithoutPfn(line).length > 0);
  const more = silent.length > 0 ? await ask(api, silent, null, options) : [];
  const moreByKey = new Map(more.map((line) => [`${line.scope}:${line.name}`, line]));
  return lines.map((line) => toLine(line, moreByKey.get(`${line.scope}:${line.name}`)));
}

async function ask(
  api: Api,
  dids: readonly Did[],
  schemes: string[] | null,
  { signal, allStates = false, rseExpression, reader, signedFor = SIGNED_FOR }: ListReplicasOptions,
): Promise<RawLine[]> {
  const body = {
    dids: dids.map(({ scope, name }) => ({ scope, name })),
    all_states: allStates,
    ignore_availability: allStates,
    // Addresses that open inside of a site alone are of no use to readers.
    domain: 'wan',
    signature_lifetime: signedFor,
    ...(schemes !== null && { schemes }),
    ...(rseExpression !== undefined && { rse_expression: rseExpression }),
  };
  return (await api.getList('/replicas/list', { body, signal, reader })) as RawLine[];
}

function rsesWithoutPfn(line: RawLine): string[] {
  const withPfn = new Set(Object.values(line.pfns ?? {}).map(({ rse }) => rse));
  return Object.keys(line.states ?? {}).filter((rse) => !withPfn.has(rse));
}

function toLine(line: RawLine, more: RawLine | undefined): ReplicaLine {
  const replicas = toReplicas(line);
  const silent = new Set(rsesWithoutPfn(line));
  const last = replicas.at(-1)?.priority ?? 0;
  const extra = more === undefined ? [] : toReplicas(more).filter(({ rse }) => silent.has(rse));
  const { scope, name, bytes, adler32, md5 } = line;
  return {
    scope,
    name,
    bytes: bytes ?? null,
    adler32: adler32 ?? null,
    md5: md5 ?? null,
    replicas: [...replicas, ...extra.map((replica, index) => ({ ...replica, priority: last + 1 + index }))],
  };
}

function toReplicas({ pfns = {}, states = {} }: RawLine): Replica[] {
  return Object.entries(pfns)
    .map(([pfn, told]) => [pfn, withoutSignature(pfn), told] as const)
    .map(([pfn, plain, { rse, type, priority }]) => ({
      rse,
      pfn: plain ?? pfn,
      ...(plain !== null && { signed: pfn }),
      scheme: pfn.slice(0, Math.max(0, pfn.indexOf(':'))).toLowerCase(),
      priority: priority ?? Number.MAX_SAFE_INTEGER,
      state: states[rse] ?? 'AVAILABLE',
      type: type ?? 'DISK',
    }))
    .sort((a, b) => a.priority - b.priority);
}

export interface RseSum {
  rse: string;
  /** Files of the dataset with an available replica there. */
  available: number;
  /** Of these files. */
  bytes: number;
}

/** What each RSE has of a dataset, counted by the server at once; nothing for a container. */
export async function sumReplicas(api: Api, { scope, name }: Did, signal?: AbortSignal): Promise<RseSum[]> {
  const path = `/replicas/${didPath(scope, name).slice('/dids/'.length)}/datasets?deep=true`;
  const rows = (await api.getList(path, { signal })) as Record<string, unknown>[];
  return rows.map(({ rse, available_length, available_bytes }) => ({
    rse: String(rse),
    available: Number(available_length ?? 0),
    bytes: Number(available_bytes ?? 0),
  }));
}
