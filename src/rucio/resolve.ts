/** DID -> every file below it once, with checksums, replicas and metadata. Rucio REST: /dids/{s}/{n}/files, /replicas/list, /dids/bulkmeta. */
import { type Api, didPath } from './api.ts';
import { type Metadata, readMetadata } from './metadata.ts';
import { listReplicas, type ReplicaLine } from './replicas.ts';
import type { Did, DidContents, DidType, ListedFile, ResolvedDid, RucioFile } from './types.ts';

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

/** Files are few bytes each here: see completeFiles. */
export async function readContents(api: Api, did: Did, options: ResolveOptions = {}): Promise<DidContents> {
  const { signal, onProgress } = options;
  const status = await getDid(api, did, signal);
  const { scope, name, type, account, open } = status;
  const [parents, files, metadata] = await Promise.all([
    getParents(api, status, signal),
    listFiles(api, status, options),
    readMetadata(api, [status], { ...(signal && { signal }) }),
  ]);
  onProgress?.({ step: 'files', done: files.length, total: files.length });
  return { scope, name, type, metadata: metadata.get(didKey(status)) ?? {}, account, open, parents, files };
}

/** Listed files with their replicas, md5 and metadata, in the same order. Ask for some thousands at once: all of it is held. */
export async function completeFiles(
  api: Api,
  files: readonly ListedFile[],
  options: ResolveOptions = {},
): Promise<RucioFile[]> {
  const { signal, onProgress } = options;
  const total = files.length;
  const [replicas, metadata] = await Promise.all([
    listReplicas(api, files, {
      ...options,
      onProgress: (done) => onProgress?.({ step: 'replicas', done, total }),
    }),
    readMetadata(api, files, {
      ...(signal && { signal }),
      onProgress: (done) => onProgress?.({ step: 'metadata', done, total }),
    }),
  ]);
  return files.map((file) => complete(file, replicas, metadata));
}

/** All of a DID at once; for a large one, readContents and completeFiles in batches. */
export async function resolveDid(api: Api, did: Did, options: ResolveOptions = {}): Promise<ResolvedDid> {
  const contents = await readContents(api, did, options);
  return { ...contents, files: await completeFiles(api, contents.files, options) };
}

function complete(file: ListedFile, replicas: Map<string, ReplicaLine>, metadata: Metadata): RucioFile {
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
): Promise<ListedFile[]> {
  if (did.type === 'FILE') {
    const { scope, name, bytes, adler32, md5 } = did;
    return [{ scope, name, bytes, adler32, md5 }];
  }
  let told = 0;
  const onRecord = (done: number) => {
    if (done >= told && done < told + 1000) return;
    told = done;
    onProgress?.({ step: 'files', done, total: did.length ?? 0 });
  };
  const path = `${didPath(did.scope, did.name)}/files`;
  const listed = await api.getEach(path, toListedFile, { signal, onRecord });
  listed.sort((a, b) => order(a.scope, b.scope) || order(a.name, b.name));
  // A file of several datasets comes once for each.
  return listed.filter((file, at) => at === 0 || didKey(file) !== didKey(listed[at - 1] as Did));
}

function toListedFile(value: unknown): ListedFile | null {
  const row = value as Row;
  const [scope, name] = [text(row.scope), text(row.name)];
  if (scope === null || name === null) return null;
  return { scope, name, bytes: count(row.bytes), adler32: hex(row.adler32, 8), md5: hex(row.md5, 32) };
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
