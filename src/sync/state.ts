/** One Collection that is being compared: what it is compared with, in which ways its files are ingested, and what came of it. */
import { readIngestedKeys } from '../db/synced.ts';
import { type Mapping, mapMetadata } from '../ingest/mapping.ts';
import { makePlan, memoryKey } from '../ingest/plan.ts';
import { completeFiles, toListed } from '../ingest/rucio-source.ts';
import { openRun } from '../ingest/run.ts';
import type { IngestContext, Run } from '../ingest/run-scenes.ts';
import { type IngestSettings, patternOf, timeOfSettings } from '../ingest/settings.ts';
import type { ListedFile, Source, SourceFile } from '../ingest/source.ts';
import type { RucioClient } from '../rucio/connect.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Drift } from './drift.ts';
import { goneFile } from './gone-file.ts';
import type { Listing } from './listing.ts';
import type { Target } from './targets.ts';

export interface SyncContext extends Omit<IngestContext, 'time' | 'settings'> {
  client: RucioClient;
  webui: string | null;
  /** Rules of the metadata, as the settings of a DID say. */
  mappingOf(settings: IngestSettings): Mapping;
  /** Only tell. */
  isCheck: boolean;
  /** Delete what the lake has no more. */
  isPruning: boolean;
  onDrift(drift: Drift): void;
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
}

export interface Sync {
  target: Target;
  context: SyncContext;
  listing: Listing;
  /** RFC 3339, now. */
  now: string;
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

function sourceFor(
  { target, context, listing, now }: Sync,
  settings: IngestSettings,
  files: ListedFile[],
  gone: Group['gone'],
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
    async complete(some, signal) {
      const live = some.filter((file) => listing.keys.has(keyOf(file)));
      const complete = (await completeFiles(client, live, mapping, signal)).values();
      return some.map((file) => {
        if (listing.keys.has(keyOf(file))) return complete.next().value as SourceFile;
        return gone.get(keyOf(file)) ?? goneFile(file, null, now);
      });
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
  const gone: Group['gone'] = new Map();
  const files = [...listed].sort(
    (a, b) => order(a.did?.scope ?? '', b.did?.scope ?? '') || order(a.name, b.name),
  );
  const source = sourceFor(sync, settings, files, gone);
  const { multiband, inPlace } = settings;
  const plan = makePlan(source, { scenePattern: patternOf(settings), multiband, inPlace });
  const scenes = plan.scenes.map((scene) => ({ ...scene, place: scene.place + place }));
  const context = { ...sync.context, time: timeOfSettings(settings), settings: null };
  const run = openRun({ ...plan, scenes }, context);
  // The Collection is there; it is written at the end.
  return { run: { ...run, lastCollection: performance.now(), ...(tally && { tally }) }, gone };
}

/** Groups of files that are ingested in one way; what is gone is with those ingested last. */
export function openGroups(sync: Sync, missed: ListedFile[]): Group[] {
  const groups: Group[] = [];
  for (const { settings, files } of sync.listing.groups) {
    const listed = [...files.map(toListed), ...(groups.length === 0 ? missed : [])];
    const place = groups.reduce((sum, { run }) => sum + run.plan.scenes.length, 0);
    groups.push(openGroup(sync, settings, listed, place, groups[0]?.run.tally ?? null));
  }
  return groups;
}
