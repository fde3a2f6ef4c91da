/** What `ingest` leaves for the first `sync`: replicas of which each was just looked at need not all be listed again. */
import { keepReplicaMark } from '../db/synced.ts';
import type { IngestReport } from '../ingest/run-scenes.ts';
import type { Source } from '../ingest/source.ts';
import type { Db } from '../search/tables.ts';
import { replicaMark } from './replica-mark.ts';
import { keyOf } from './state.ts';

/** A mark of the replicas of a source, before they are looked at; null: of a part of its Collection, or not to be had. */
export async function markOfSource(source: Source, signal: AbortSignal): Promise<string | null> {
  const { lake, did, type, isWhole, files } = source;
  if (lake === null || did === null || type === null || !isWhole) return null;
  const mark = await replicaMark(lake, did, type, signal);
  return mark && `${mark} ${new Set(files.map(keyOf)).size}`;
}

/** Where every file was looked at. What came or went meanwhile changes the mark. */
export async function keepMark(db: Db, mark: string | null, report: IngestReport): Promise<void> {
  if (mark === null || report.isInterrupted || report.failures.length > 0) return;
  await keepReplicaMark(db, report.collectionId, mark);
}
