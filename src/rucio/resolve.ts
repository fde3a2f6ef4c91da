/** DID -> every file below it once, with checksums, replicas and metadata. Rucio REST: /dids/{s}/{n}/files, /replicas/list, /dids/bulkmeta. */
import { type Api, didPath } from './api.ts';
import { type Metadata, readMetadata } from './metadata.ts';
import { listReplicas, type ReplicaLine } from './replicas.ts';
import type { Did, DidType, ResolvedDid, RucioFile } from './types.ts';

export interface ResolveProgress {
  step: 'files' | 'replicas' | 'metadata';
  done: number;
  /** 0 while it is not known. */
  total: number;
}

export interface ResolveOptions {
  signal?: AbortSignal;
  onProgress?: (progress: ResolveProgress) => void;
  /** Also replicas that cannot be read now (BAD, COPYING, UNAVAILABLE ...). */
  allStates?: boolean;
}

/** Status of one DID. `bytes` and `length` are null for an open collection. */
export interface DidStatus extends Did {
  type: DidType;
  account: string | null;
  open: boolean | null;
  bytes: number | null;
  length: number | null;
  adler32: string | null;
  md5: string | null;
}

type Row = Record<string, unknown>;

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const count = (value: unknown) => (typeof value === 'number' ? value : null);
const hex = (value: unknown, digits: 8 | 32) => {
  const lower = text(value)?.toLowerCase().padStart(digits, '0') ?? '';
  return (digits === 8 ? /^[0-9a-f]{8}$/ : /^[0-9a-f]{32}$/).test(lower) ? lower : null;
};

/** `scope:name`, as every Rucio tool writes it; a scope holds no colon. */
export const didKey = ({ scope, name }: Did) => `${scope}:${name}`;

/** @throws RucioError DataIdentifierNotFound when there is no such DID (several other paths answer 200 and nothing) */
export async function getDid(api: Api, { scope, name }: Did, signal?: AbortSignal): Promise<DidStatus> {
  const row = (await api.getJson(didPath(scope, name), { signal })) as Row;
  return {
    scope: text(row.scope) ?? scope,
    name: text(row.name) ?? name,
    type: didType(row.type),
    account: text(row.account),
    open: typeof row.open === 'boolean' ? row.open : null,
    bytes: count(row.bytes),
    length: count(row.length),
    adler32: hex(row.adler32, 8),
    md5: hex(row.md5, 32),
  };
}

export async function resolveDid(api: Api, did: Did, options: ResolveOptions = {}): Promise<ResolvedDid> {
  const { signal, onProgress } = options;
  const status = await getDid(api, did, signal);
  const [parents, bare] = await Promise.all([
    getParents(api, status, signal),
    listFiles(api, status, options),
  ]);
  onProgress?.({ step: 'files', done: bare.length, total: bare.length });
  const [replicas, metadata] = await Promise.all([
    listReplicas(api, bare, {
      ...options,
      onProgress: (done) => onProgress?.({ step: 'replicas', done, total: bare.length }),
    }),
    readMetadata(api, status.type === 'FILE' ? bare : [status, ...bare], {
      signal,
      onProgress: (done) =>
        onProgress?.({ step: 'metadata', done: Math.min(done, bare.length), total: bare.length }),
    }),
  ]);
  return {
    scope: status.scope,
    name: status.name,
    type: status.type,
    metadata: metadata.get(didKey(status)) ?? {},
    account: status.account,
    open: status.open,
    parents,
    files: bare.map((file) => complete(file, replicas, metadata)),
  };
}

function complete(file: RucioFile, replicas: Map<string, ReplicaLine>, metadata: Metadata): RucioFile {
  const line = replicas.get(didKey(file));
  return {
    ...file,
    bytes: file.bytes ?? line?.bytes ?? null,
    adler32: file.adler32 ?? hex(line?.adler32, 8),
    md5: file.md5 ?? hex(line?.md5, 32),
    replicas: line?.replicas ?? [],
    metadata: metadata.get(didKey(file)) ?? {},
  };
}

/** Every file below, once, sorted; the server walks containers to any depth. md5 is not in this list. */
async function listFiles(
  api: Api,
  did: DidStatus,
  { signal, onProgress }: ResolveOptions,
): Promise<RucioFile[]> {
  const more = { replicas: [], metadata: {} };
  if (did.type === 'FILE') {
    const { scope, name, bytes, adler32, md5 } = did;
    return [{ scope, name, bytes, adler32, md5, ...more }];
  }
  let told = 0;
  const onRecord = (done: number) => {
    if (done >= told && done < told + 1000) return;
    told = done;
    onProgress?.({ step: 'files', done, total: did.length ?? 0 });
  };
  const rows = (await api.getList(`${didPath(did.scope, did.name)}/files`, { signal, onRecord })) as Row[];
  const files = new Map<string, RucioFile>();
  for (const row of rows) {
    const [scope, name] = [text(row.scope), text(row.name)];
    if (scope === null || name === null) continue;
    const file = {
      scope,
      name,
      bytes: count(row.bytes),
      adler32: hex(row.adler32, 8),
      md5: hex(row.md5, 32),
      ...more,
    };
    // A file of several datasets comes once for each.
    files.set(didKey(file), file);
  }
  return [...files.values()].sort((a, b) => order(a.scope, b.scope) || order(a.name, b.name));
}

async function getParents(api: Api, did: Did, signal?: AbortSignal): Promise<ResolvedDid['parents']> {
  const rows = (await api.getList(`${didPath(did.scope, did.name)}/parents`, { signal })) as Row[];
  return rows.map((row) => ({ scope: String(row.scope), name: String(row.name), type: didType(row.type) }));
}

export function didType(value: unknown): DidType {
  if (value === 'DATASET' || value === 'CONTAINER') return value;
  return 'FILE';
}

/** By code unit: the same everywhere, whatever the locale. */
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
