/** One Collection that is being compared: what it is compared with, in which ways its files are ingested, and what came of it. */
import { readIngestedKeys } from '../db/synced.ts';
import { UserError } from '../errors.ts';
import { groupStores } from '../ingest/group-stores.ts';
import { type Mapping, mapMetadata } from '../ingest/mapping.ts';
import { makePlan, memoryKey } from '../ingest/plan.ts';
import { makeOrderReader } from '../ingest/read-orders.ts';
import { completeFiles, toListed, toSourceFile } from '../ingest/rucio-source.ts';
import { openRun } from '../ingest/run.ts';
import type { IngestContext, Run } from '../ingest/run-scenes.ts';
import {
  changedNotes,
  type IngestSettings,
  planSettings,
  timeOfSettings,
  withSettings,
} from '../ingest/settings.ts';
import type { ListedFile, Source, SourceFile } from '../ingest/source.ts';
import type { Document } from '../ingest/to-item.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Drift } from './drift.ts';
import { goneFile } from './gone-file.ts';
import type { Listing } from './listing.ts';
import type { Stock } from './lost-cogs.ts';
import type { Patience } from './patience.ts';
import { makePublisher, type Publisher } from './register.ts';
import type { Target } from './targets.ts';
import { toldReplicas } from './told-replicas.ts';

export interface SyncContext extends Omit<IngestContext, 'time' | 'settings'> {
  client: RucioClient;
  webui: string | null;
  /** RUCIO_STAC_PUBLIC_URL */
  publicUrl: string | null;
  /** Rules of the metadata, as the settings of a DID say. */
  mappingOf(settings: IngestSettings): Mapping;
  /** Only tell. */
  isCheck: boolean;
  /** Delete what the lake has no more. */
  isPruning: boolean;
  /** Former address of the lake's server; null: it has not moved. */
  movedFrom: string | null;
  onDrift(drift: Drift): void;
  /** Of earlier rounds: what could not be read is not fetched again in each. */
  patience: Patience;
}

export interface SyncReport {
  collection: string;
  drift: number;
  /** Items that were written, and deleted. */
  changedItems: number;
  prunedItems: number;
  ingestedFiles: number;
  failures: string[];
  notes: string[];
  isInterrupted: boolean;
}

/** One way of ingesting, with all that is to be compared in it. */
export interface Group {
  run: Run;
  /** Files that the lake has no more, once their Items were read. */
  gone: Map<string, SourceFile>;
  /** Files whose replicas are known to be as their Items tell them, with those of the batch that is compared. */
  told: Map<string, Document>;
  /** Fills in how far what was ordered of some files is. */
  readOrders: ReturnType<typeof makeOrderReader>;
  /** Puts COGs into the lake; null: they were not to go there. */
  publisher: Publisher | null;
}

export interface Sync {
  target: Target;
  context: SyncContext;
  listing: Listing;
  /** Replicas are as when they were compared last. */
  isUnmoved: boolean;
  /** RFC 3339, now. */
  now: string;
  /** COGs in the store. */
  stock: Stock;
  report: SyncReport;
}

export const keyOf = (file: Pick<ListedFile, 'did' | 'name'>) => didKey(memoryKey(file));

export function tell({ context, report }: Sync, drift: Drift[]): void {
  for (const each of drift) {
    report.drift++;
    context.onDrift(each);
  }
}

export function emptyReport(collection: string): SyncReport {
  return {
    collection,
    drift: 0,
    changedItems: 0,
    prunedItems: 0,
    ingestedFiles: 0,
    failures: [],
    notes: [],
    isInterrupted: false,
  };
}

/** Files that were ingested and that no DID lists now. */
export async function missedFiles({ target, context, listing }: Sync): Promise<ListedFile[]> {
  const missed: ListedFile[] = [];
  for await (const page of readIngestedKeys(context.db, target.collection)) {
    for (const { scope, name } of page) {
      if (listing.keys.has(didKey({ scope, name }))) continue;
      missed.push(toListed({ scope, name, bytes: null, adler32: null, md5: null }));
    }
  }
  return missed;
}

/** Files with replicas and sums as their Items tell them, and metadata of now. */
async function keepFiles(
  client: RucioClient,
  files: readonly ListedFile[],
  told: Group['told'],
  mapping: Mapping,
  signal: AbortSignal,
): Promise<SourceFile[]> {
  const metadata = await client.metadata(
    files.flatMap(({ did }) => did ?? []),
    { signal },
  );
  return files.map((file) => {
    const { bytes, adler32 } = file;
    const asset = told.get(keyOf(file)) ?? {};
    const md5 = /^d50110([0-9a-f]{32})$/.exec(String(asset['file:checksum']))?.[1] ?? null;
    const { scope, name } = memoryKey(file);
    const replicas = toldReplicas(asset);
    const known = { scope, name, bytes, adler32, md5, replicas, metadata: metadata.get(keyOf(file)) ?? {} };
    return toSourceFile(client, known, mapping, file);
  });
}

function sourceFor(
  { target, context, listing, now }: Sync,
  settings: IngestSettings,
  files: ListedFile[],
  { gone, told }: Pick<Group, 'gone' | 'told'>,
): Source {
  const { client, webui } = context;
  const { home, isWhole } = listing;
  const mapping = context.mappingOf(settings);
  return {
    label: didKey(target.home),
    collectionId: target.collection,
    did: target.home,
    asked: null,
    type: home?.type ?? null,
    host: client.host,
    webui,
    metadata: mapMetadata(home?.metadata ?? {}, mapping),
    ...(home === null && isWhole && { deleted: now }),
    isWhole,
    files,
    lake: client,
    published: new Map(),
    origins: new Map(),
    orders: new Map(),
    async complete(some, signal) {
      const isLive = (file: ListedFile) => listing.keys.has(keyOf(file));
      const isTold = (file: ListedFile) => told.has(keyOf(file));
      const [asked, kept] = [
        await completeFiles(
          client,
          some.filter((file) => isLive(file) && !isTold(file)),
          mapping,
          signal,
        ),
        await keepFiles(
          client,
          some.filter((file) => isLive(file) && isTold(file)),
          told,
          mapping,
          signal,
        ),
      ];
      const complete = new Map([...asked, ...kept].map((file) => [keyOf(file), file]));
      return some.map(
        (file) => complete.get(keyOf(file)) ?? gone.get(keyOf(file)) ?? goneFile(file, null, now),
      );
    },
    close: async () => {},
  };
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function openGroup(
  sync: Sync,
  settings: IngestSettings,
  listed: ListedFile[],
  place: number,
  tally: Run['tally'] | null,
): Group {
  const seen: Pick<Group, 'gone' | 'told'> = { gone: new Map(), told: new Map() };
  listed.sort((a, b) => order(a.did?.scope ?? '', b.did?.scope ?? '') || order(a.name, b.name));
  const source = withSettings(sourceFor(sync, settings, listed, seen), settings);
  const plan = makePlan(source, planSettings(settings));
  for (const scene of plan.scenes) scene.place += place;
  const time = timeOfSettings(settings);
  const { report, target } = sync;
  report.notes.push(...changedNotes(settings, didKey(target.home)));
  const asked = { collection: target.collection, context: sync.context, report, time };
  const publisher = settings.register && makePublisher(source, settings.register, asked);
  const isDrawing = settings.thumbnail;
  const more = { time, settings: null, isDrawing, ...(publisher && { publish: publisher.publish }) };
  const context = { ...sync.context, ...more };
  const run = openRun(plan, context);
  // The Collection is there; it is written at the end.
  const readOrders = makeOrderReader(context.db, source, context.signal);
  const begun = { ...run, lastCollection: performance.now(), ...(tally && { tally }) };
  return { run: begun, ...seen, readOrders, publisher };
}

/** What is wrong with one Collection, and says nothing of the others. */
export class CollectionFault extends UserError {}

/**
 * Groups of files that are ingested in one way; what is gone is with those ingested last.
 * @throws CollectionFault for settings that cannot be used any more, or files that would be one Item
 */
export function openGroups(sync: Sync, missed: ListedFile[]): Group[] {
  const groups: Group[] = [];
  try {
    // What was listed is not held twice.
    for (const { settings, files } of sync.listing.groups.splice(0)) {
      const listed = files.map(toListed);
      if (groups.length === 0) for (const each of missed) listed.push(each);
      const place = groups.reduce((sum, { run }) => sum + run.plan.scenes.length, 0);
      groups.push(openGroup(sync, settings, groupStores(listed), place, groups[0]?.run.tally ?? null));
    }
  } catch (error) {
    throw error instanceof UserError ? new CollectionFault(error.message, { cause: error }) : error;
  }
  return groups;
}
