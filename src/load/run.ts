/** Found documents -> the catalogue, in batches, and a report of what became of them. */
import type { OnConflict } from '../db/upsert-items.ts';
import { UserError } from '../errors.ts';
import type { Db } from '../search/tables.ts';
import { type CollectionRow, type ItemRow, toCollectionRow } from '../stac/item.ts';
import type { Validator } from '../stac/validate.ts';
import type { Found } from './found.ts';
import { minimalCollection } from './minimal-collection.ts';
import { type Candidate, checkCandidates, isItem, type ToRows, toCandidate } from './to-rows.ts';
import { collectionsThere, writeRows } from './write-candidates.ts';

export interface LoadSettings extends ToRows {
  db: Db;
  /** null: documents are not checked by the schemas. */
  validator: Validator | null;
  mode: OnConflict;
  /** Items whose Collection is nowhere get a minimal one. */
  createCollections: boolean;
  stopOnFault: boolean;
  signal: AbortSignal;
  /** After each batch. */
  onBatch(report: LoadReport, done: Done): void;
  onFault(place: string, reason: string): void;
}

/** What need not be read again. */
export interface Done {
  /** Of the last document of which this holds for all before it, too; undefined: none more than before. */
  mark: unknown;
  /** Of documents that were written in this batch. */
  keys: string[];
}

export interface LoadReport {
  read: number;
  collections: number;
  items: number;
  created: number;
  updated: number;
  unchanged: number;
  skipped: number;
  failed: number;
  /** Collections that were made because Items needed them. */
  made: string[];
  isInterrupted: boolean;
  /** Why the source could not be read to its end; what came before is written. */
  broken: UserError | null;
}

/** Documents, and characters of their text, that are written together. */
const BATCH = 500;
const BATCH_TEXT = 16 * 1024 * 1024;

/** Characters of Items that wait for their Collection to come. */
const MOST_WAITING = 64 * 1024 * 1024;

const noReport = (): LoadReport => ({
  read: 0,
  collections: 0,
  items: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
  made: [],
  isInterrupted: false,
  broken: null,
});

const keyOf = ({ row }: Candidate) =>
  row ? JSON.stringify(isItem(row) ? [row.collection, row.id] : row.id) : '';

/** Parts with no two of one id, in order, so that of two the later counts as one that comes later does. */
function withoutTwins(candidates: Candidate[]): Candidate[][] {
  const parts: Candidate[][] = [];
  let keys = new Set<string>();
  for (const candidate of candidates) {
    const key = keyOf(candidate);
    if (parts.length === 0 || keys.has(key)) {
      parts.push([]);
      keys = new Set();
    }
    keys.add(key);
    (parts.at(-1) as Candidate[]).push(candidate);
  }
  return parts;
}

/** The source until its end, or until it breaks off. */
async function* untilBroken(documents: AsyncIterable<Found>, report: LoadReport): AsyncGenerator<Found> {
  try {
    yield* documents;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    report.broken = error;
  }
}

/** Reads all, and writes it. */
export async function runLoad(documents: AsyncIterable<Found>, settings: LoadSettings): Promise<LoadReport> {
  const { db, validator, mode, signal } = settings;
  const report = noReport();
  const known = new Set<string>();
  const waiting: Candidate[] = [];
  let waitingText = 0;
  let mark: unknown;
  let keys: string[] = [];
  /** What one stopped for must come again, unless it changes only where all of its source does. */
  let isHeld = false;

  function fail({ place, name, key }: Candidate, reason: string): void {
    report.failed++;
    isHeld ||= settings.stopOnFault && key !== undefined;
    settings.onFault(name === null ? place : `${place} (${name})`, reason);
  }

  async function write(candidates: Candidate[]): Promise<void> {
    const rows = candidates.map(({ row }) => row as ItemRow | CollectionRow);
    const fates = await writeRows(db, rows, mode);
    for (const candidate of candidates) {
      const row = candidate.row as ItemRow | CollectionRow;
      const fate = fates.get(row.id) ?? { fault: 'the database did not take it' };
      if (typeof fate === 'object') fail(candidate, fate.fault);
      else if (fate === 'there') fail(candidate, 'a document with this id exists already');
      else {
        report[fate]++;
        if (candidate.key !== undefined) keys.push(candidate.key);
      }
      if (isItem(row)) report.items++;
      else {
        report.collections++;
        known.add(row.id);
      }
    }
  }

  async function writeItems(items: Candidate[]): Promise<void> {
    const homes = new Map<string, Candidate[]>();
    for (const item of items) {
      const { collection } = item.row as ItemRow;
      homes.set(collection, [...(homes.get(collection) ?? []), item]);
    }
    for (const each of homes.values()) await write(each);
  }

  async function learn(items: Candidate[]): Promise<void> {
    const wanted = new Set(items.map(({ row }) => (row as ItemRow).collection));
    const unknown = [...wanted].filter((id) => !known.has(id));
    if (unknown.length > 0) for (const id of await collectionsThere(db, unknown)) known.add(id);
  }

  const isHomeless = ({ row }: Candidate) => !known.has((row as ItemRow).collection);

  async function flush(candidates: Candidate[]): Promise<void> {
    if (validator) await checkCandidates(candidates, validator);
    for (const each of candidates) if (each.fault !== null) fail(each, each.fault);
    const sound = candidates.filter(({ row }) => row !== null);
    for (const part of withoutTwins(sound)) {
      const collections = part.filter(({ row }) => !isItem(row as ItemRow | CollectionRow));
      const items = part.filter(({ row }) => isItem(row as ItemRow | CollectionRow));
      if (collections.length > 0) await write(collections);
      if (items.length === 0) continue;
      await learn(items);
      await writeItems(items.filter((each) => !isHomeless(each)));
      for (const each of items.filter(isHomeless)) await wait(each);
    }
    tellDone();
  }

  function tellDone(): void {
    const isWhole = waiting.length === 0 && !isHeld;
    settings.onBatch(report, { mark: isWhole ? mark : undefined, keys });
    if (isWhole) mark = undefined;
    keys = [];
  }

  /** Its Collection may come later in the source. */
  async function wait(item: Candidate): Promise<void> {
    waiting.push(item);
    waitingText += (item.row as ItemRow).content.length;
    if (waitingText > MOST_WAITING) await writeWaiting();
  }

  async function writeWaiting(): Promise<void> {
    const items = waiting.splice(0);
    waitingText = 0;
    if (items.length === 0) return;
    await learn(items);
    const missing = new Set(items.filter(isHomeless).map(({ row }) => (row as ItemRow).collection));
    if (settings.createCollections) {
      for (const id of missing) {
        const own = items.flatMap(({ row }) => (row && isItem(row) && row.collection === id ? [row] : []));
        await writeRows(db, [toCollectionRow(minimalCollection(id, own))], 'skip');
        known.add(id);
        report.made.push(id);
      }
    }
    for (const item of items.filter(isHomeless)) {
      const id = JSON.stringify((item.row as ItemRow).collection);
      report.items++;
      fail(
        item,
        `its Collection ${id} is neither in the source nor in the catalogue; load it, or give --create-collections`,
      );
    }
    for (const part of withoutTwins(items.filter((each) => !isHomeless(each)))) await writeItems(part);
  }

  let batch: Candidate[] = [];
  let text = 0;
  const isOver = () => signal.aborted || (settings.stopOnFault && report.failed > 0);
  for await (const found of untilBroken(documents, report)) {
    report.read++;
    if (found.mark !== undefined) mark = found.mark;
    const candidate = toCandidate(found, settings);
    batch.push(candidate);
    text += candidate.row?.content.length ?? 0;
    const isStopped = settings.stopOnFault && candidate.fault !== null;
    if (batch.length < BATCH && text < BATCH_TEXT && !signal.aborted && !isStopped) continue;
    await flush(batch);
    [batch, text] = [[], 0];
    if (isOver()) break;
  }
  if (batch.length > 0) await flush(batch);
  // Their Collection may come in what was not read any more.
  if (waiting.length > 0 && !signal.aborted) {
    mark = undefined;
    await writeWaiting();
    tellDone();
  }
  report.isInterrupted = signal.aborted;
  return report;
}
