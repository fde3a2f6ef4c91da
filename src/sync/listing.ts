/** A Collection's DIDs -> the files that they hold now, each with the settings it is ingested with, and what is gone. */
import { UserError } from '../errors.ts';
import type { IngestSettings } from '../ingest/settings.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { RucioError } from '../rucio/faults.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did, DidContents, ListedFile } from '../rucio/types.ts';
import type { Target, TargetSource } from './targets.ts';

/** Files that are ingested in one way. */
export interface ListedGroup {
  settings: IngestSettings;
  files: ListedFile[];
}

export interface Listing {
  groups: ListedGroup[];
  /** Keys of all files listed. */
  keys: Set<string>;
  /** Of the Collection's own DID; null: Rucio knows it no more. */
  home: Pick<DidContents, 'type' | 'metadata'> | null;
  /** The Collection's own DID was ingested, not only files of it. */
  isWhole: boolean;
}

const isUnknown = (error: unknown) =>
  error instanceof RucioError && error.exceptionClass === 'DataIdentifierNotFound';

async function orGone<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isUnknown(error)) return null;
    throw error;
  }
}

/**
 * A DID's contents; null: Rucio says that there is no such DID. Of an unknown DID several lists are empty and no error
 * (status 200), so that an empty one counts only where what the DID holds directly is asked for as well.
 */
async function contentsOf(client: RucioClient, did: Did, signal: AbortSignal): Promise<DidContents | null> {
  const contents = await orGone(client.contents(did, { signal }));
  if (contents === null || contents.files.length > 0) return contents;
  const [status, held] = await Promise.all([
    orGone(client.getDid(did, signal)),
    client.children(did, signal),
  ]);
  if (status === null) return null;
  const lists = held.filter(({ type }) => type !== 'FILE');
  if (held.length > lists.length)
    throw new UserError(
      `Rucio lists no files of ${didKey(did)}, and yet it holds ${held.length - lists.length}; nothing was changed, try again.`,
    );
  return contents;
}

const sameSettings = (a: IngestSettings, b: IngestSettings) => JSON.stringify(a) === JSON.stringify(b);

/** @throws UserError when Rucio cannot be asked: then nothing is known, and nothing gone */
export async function listTarget(client: RucioClient, target: Target, signal: AbortSignal): Promise<Listing> {
  const { home, sources } = target;
  const keys = new Set<string>();
  const groups: ListedGroup[] = [];
  let homeContents: DidContents | null = null;
  const isHome = ({ did }: TargetSource) => didKey(did) === didKey(home);
  for (const source of sources) {
    // A file of the dataset that was just listed, ingested in the same way.
    const isListed =
      keys.has(didKey(source.did)) && groups.some((each) => sameSettings(each.settings, source.settings));
    if (isListed) continue;
    const contents = await contentsOf(client, source.did, signal);
    if (isHome(source)) homeContents = contents;
    const files = (contents?.files ?? []).filter((file) => !keys.has(didKey(file)));
    for (const file of files) keys.add(didKey(file));
    const group = groups.find((each) => sameSettings(each.settings, source.settings));
    if (group) group.files = [...group.files, ...files];
    else groups.push({ settings: source.settings, files });
  }
  for (const { files } of groups) files.sort(byName);
  const isWhole = sources.some(isHome);
  const told = isWhole ? homeContents : await describeHome(client, home, signal);
  return { groups, keys, home: told, isWhole };
}

async function describeHome(client: RucioClient, home: Did, signal: AbortSignal) {
  const status = await orGone(client.getDid(home, signal));
  if (status === null) return null;
  const metadata = await client.metadata([home], { signal });
  return { type: status.type, metadata: metadata.get(didKey(home)) ?? {} };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: Did, b: Did) => order(a.scope, b.scope) || order(a.name, b.name);
