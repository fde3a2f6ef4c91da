/** DID -> Source: everything below it, as Rucio knows it. */
import { UserError } from '../errors.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { safeJoin } from '../rucio/safe-join.ts';
import type { Did, DidContents, RucioFile, ListedFile as RucioListed } from '../rucio/types.ts';
import { fetchStore } from './fetch-store.ts';
import { groupStores } from './group-stores.ts';
import { type Mapping, mapMetadata } from './mapping.ts';
import { type ListedFile, type Source, type SourceFile, toId } from './source.ts';
import { findStore } from './store-place.ts';

/** "scope:name" -> Did, or null when it is none. */
export function parseDid(text: string): Did | null {
  const match = /^([A-Za-z0-9_.-]+):(?!\/\/)(.+)$/.exec(text);
  return match ? { scope: match[1] as string, name: match[2] as string } : null;
}

/** The Collection of a DID, unless another is asked for. */
export const collectionIdOf = ({ scope, name }: Did) => toId(`${scope}.${name}`);

export function toListed({ scope, name, bytes, adler32, md5 }: RucioListed): ListedFile {
  return { did: { scope, name }, name, bytes, adler32, md5, version: null };
}

/** @param listed as it was listed: a store goes by the DID of one of its parts */
export function toSourceFile(
  client: RucioClient,
  file: RucioFile,
  mapping: Mapping,
  listed: ListedFile,
): SourceFile {
  const { replicas, metadata } = file;
  const known = {
    replicas,
    metadata: mapMetadata(metadata, mapping),
    ...(typeof metadata.derived_from === 'string' && { derivedFrom: metadata.derived_from }),
  };
  if (listed.parts) {
    return {
      ...listed,
      ...known,
      fetch: (options) => fetchStore(client, listed, options),
      openStore: (signal) => findStore(client, listed, signal),
    };
  }
  return {
    ...toListed(file),
    ...known,
    async fetch({ folder, signal, onProgress }) {
      const target = safeJoin(folder, `${file.scope}/${file.name.replace(/^\/+/, '')}`);
      const report = await client.download(file, target, { signal, onProgress, isTemporary: true });
      const faults = report.faults.map(({ rse, reason }) => `${rse}: ${reason}`);
      return { path: target, isTemporary: true, faults };
    },
    openRanges: (signal) => client.openRanges(file, signal),
  };
}

/** What else Rucio knows of listed files. */
export async function completeFiles(
  client: RucioClient,
  files: readonly ListedFile[],
  mapping: Mapping,
  signal: AbortSignal,
) {
  const asked = files.flatMap(({ did, bytes, adler32, md5 }) =>
    did ? [{ ...did, bytes, adler32, md5 }] : [],
  );
  const complete = await client.complete(asked, { signal });
  const listed = files.filter(({ did }) => did !== null);
  return complete.map((file, index) => toSourceFile(client, file, mapping, listed[index]!));
}

/** A single file's home is the Collection of the one dataset that holds it, else one of its own. */
function homeOf({ type, parents, scope, name }: DidContents): Did {
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
  const contents = await client.contents(did, {
    signal,
    onProgress: ({ step, done }) => onProgress(step, done),
  });
  const home = homeOf(contents);
  const isHome = home.scope === contents.scope && home.name === contents.name;
  const parent = isHome ? null : await describeDid(client, home, signal);
  if (contents.files.length === 0) {
    throw new UserError(`${did.scope}:${did.name} holds no files; attach files to it in Rucio first.`);
  }
  return {
    label: `${did.scope}:${did.name}`,
    collectionId: options.collectionId ?? collectionIdOf(home),
    did: home,
    asked: { scope: contents.scope, name: contents.name },
    type: parent?.type ?? contents.type,
    isWhole: isHome,
    host: client.host,
    webui: options.webui,
    metadata: mapMetadata(parent?.metadata ?? contents.metadata, mapping),
    files: groupStores(contents.files.map(toListed)),
    complete: (files, stop) => completeFiles(client, files, mapping, stop),
    lake: client,
    published: new Map(),
    origins: new Map(),
    orders: new Map(),
    close: () => client.close(),
  };
}
