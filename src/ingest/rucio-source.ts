/** DID -> Source: everything below it, as Rucio knows it. */
import { UserError } from '../errors.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { safeJoin } from '../rucio/safe-join.ts';
import type { Did, ResolvedDid, RucioFile } from '../rucio/types.ts';
import { type Mapping, mapMetadata } from './mapping.ts';
import { type Source, type SourceFile, toId } from './source.ts';

/** "scope:name" -> Did, or null when it is none. */
export function parseDid(text: string): Did | null {
  const match = /^([A-Za-z0-9_.-]+):(?!\/\/)(.+)$/.exec(text);
  return match ? { scope: match[1] as string, name: match[2] as string } : null;
}

/** The Collection of a DID, unless another is asked for. */
export const collectionIdOf = ({ scope, name }: Did) => toId(`${scope}.${name}`);

function toSourceFile(client: RucioClient, file: RucioFile, mapping: Mapping): SourceFile {
  const { scope, name, bytes, adler32, md5, replicas, metadata } = file;
  return {
    did: { scope, name },
    name,
    bytes,
    adler32,
    md5,
    version: `${scope}:${name}`,
    replicas,
    metadata: mapMetadata(metadata, mapping),
    async fetch({ folder, signal, onProgress }) {
      const target = safeJoin(folder, `${scope}/${name.replace(/^\/+/, '')}`);
      const report = await client.download(file, target, { signal, onProgress });
      const faults = report.faults.map(({ rse, reason }) => `${rse}: ${reason}`);
      return { path: target, isTemporary: true, faults };
    },
  };
}

/** A single file's home is the Collection of the one dataset that holds it, else one of its own. */
function homeOf(resolved: ResolvedDid): Did {
  const { type, parents, scope, name } = resolved;
  const only = parents.length === 1 ? parents[0] : undefined;
  return type === 'FILE' && only ? { scope: only.scope, name: only.name } : { scope, name };
}

async function describeDid(client: RucioClient, did: Did, signal: AbortSignal) {
  const [{ type }, metadata] = await Promise.all([
    client.getDid(did, signal),
    client.metadata([did], { signal }),
  ]);
  return { type, metadata: metadata.get(`${did.scope}:${did.name}`) ?? {} };
}

export interface RucioSourceOptions {
  collectionId: string | null;
  webui: string | null;
  mapping: Mapping;
  signal: AbortSignal;
  onProgress(step: string, done: number): void;
}

/** @throws UserError when the DID does not exist or the server cannot be asked */
export async function openRucioSource(
  client: RucioClient,
  did: Did,
  options: RucioSourceOptions,
): Promise<Source> {
  const { signal, onProgress, mapping } = options;
  const resolved = await client.resolve(did, {
    signal,
    onProgress: ({ step, done }) => onProgress(step, done),
  });
  const home = homeOf(resolved);
  const isHome = home.scope === resolved.scope && home.name === resolved.name;
  const parent = isHome ? null : await describeDid(client, home, signal);
  if (resolved.files.length === 0) {
    throw new UserError(`${did.scope}:${did.name} holds no files; attach files to it in Rucio first.`);
  }
  return {
    label: `${did.scope}:${did.name}`,
    collectionId: options.collectionId ?? collectionIdOf(home),
    did: home,
    type: parent?.type ?? resolved.type,
    isWhole: isHome,
    host: client.host,
    webui: options.webui,
    metadata: mapMetadata(parent?.metadata ?? resolved.metadata, mapping),
    files: resolved.files.map((file) => toSourceFile(client, file, mapping)),
    lake: client,
    published: new Map(),
    close: () => client.close(),
  };
}
