/** The memory of what was ingested, and the one transaction in which a scene appears in the catalogue. */
import { sql } from 'kysely';
import type { Db } from '../search/tables.ts';
import type { CollectionRow, ItemRow } from '../stac/item.ts';
import { type CollectionFacts, collectionFacts } from './collection-facts.ts';
import { forgetLeftObjects, leaveObjects } from './left-objects.ts';
import { deleteItems, upsertCollection, upsertItems } from './upsert-items.ts';

/** A file that was ingested. Local files have the empty scope. */
export interface IngestedFile {
  scope: string;
  name: string;
  fingerprint: string;
  /** JSON text; whoever ingests knows what is in it. */
  description: string;
}

export const ingestedKey = ({ scope, name }: { scope: string; name: string }) => `${scope}:${name}`;

/** Of some files of a Collection, those that were ingested, by `scope:name`. */
export async function readIngested(
  db: Db,
  collection: string,
  files: readonly Pick<IngestedFile, 'scope' | 'name'>[],
): Promise<Map<string, IngestedFile>> {
  const { rows } = await sql<IngestedFile>`
    select scope, name, fingerprint, description
    from ingested_files
    join unnest(${files.map(({ scope }) => scope)}::text[], ${files.map(({ name }) => name)}::text[])
      as asked (scope, name) using (scope, name)
    where collection = ${collection}`.execute(db);
  return new Map(rows.map((row) => [ingestedKey(row), row]));
}

/** A DID that was ingested, and how. */
export interface IngestedSource {
  host: string;
  scope: string;
  name: string;
  /** JSON text; whoever ingests knows what is in it. */
  settings: string;
}

/** What was ingested last counts. */
async function rememberSource(db: Db, collection: string, source: IngestedSource): Promise<void> {
  const { host, scope, name, settings } = source;
  await sql`
    insert into ingested_sources (collection, host, scope, name, settings)
    values (${collection}, ${host}, ${scope}, ${name}, ${settings})
    on conflict (collection, host, scope, name) do update set
      settings = excluded.settings,
      ingested_at = excluded.ingested_at`.execute(db);
}

export interface SceneWrite {
  collection: string;
  rows: ItemRow[];
  files: IngestedFile[];
  /** Items that the scene made before and does not any more. */
  goneIds: string[];
  /** COGs in the store that Items have now, and those that none has any more. */
  keys: string[];
  left: string[];
  /** Where the Collection comes from; null: that is known, or nowhere to be found again. */
  source: IngestedSource | null;
}

export interface SceneWritten {
  changedItems: number;
  isCollectionChanged: boolean;
}

/** Of two with one name the later counts. */
async function rememberFiles(db: Db, collection: string, files: IngestedFile[]): Promise<void> {
  if (files.length === 0) return;
  const each = [...new Map(files.map((file) => [ingestedKey(file), file])).values()];
  await sql`
    insert into ingested_files (collection, scope, name, fingerprint, description)
    select ${collection}, scope, name, fingerprint, description
    from unnest(
      ${each.map(({ scope }) => scope)}::text[],
      ${each.map(({ name }) => name)}::text[],
      ${each.map(({ fingerprint }) => fingerprint)}::text[],
      ${each.map(({ description }) => description)}::text[]
    ) as file (scope, name, fingerprint, description)
    on conflict (collection, scope, name) do update set
      fingerprint = excluded.fingerprint,
      description = excluded.description
    where (ingested_files.fingerprint, ingested_files.description)
      is distinct from (excluded.fingerprint, excluded.description)`.execute(db);
}

/**
 * Writes scenes and, with `makeCollection`, the Collection that fits all Items there are then: all or nothing.
 * @param makeCollection the Collection's text from what the database says of its Items and what is stored; null: leave it
 */
export async function writeScenes(
  db: Db,
  { collection, rows, files, goneIds, keys, left, source }: SceneWrite,
  makeCollection: ((facts: CollectionFacts, existing: string | null) => CollectionRow) | null,
): Promise<SceneWritten> {
  return db.transaction().execute(async (transaction) => {
    const { rows: stored } = await sql<{ content: string }>`
      select content from collections where id = ${collection} for update`.execute(transaction);
    const existing = stored[0]?.content ?? null;
    if (existing === null && makeCollection) {
      const facts = { bbox: null, start: null, end: null, summaries: {} };
      await upsertCollection(transaction, makeCollection(facts, null));
    }
    if (source) await rememberSource(transaction, collection, source);
    const changed = await upsertItems(transaction, rows);
    if (goneIds.length > 0) await deleteItems(transaction, collection, goneIds);
    await rememberFiles(transaction, collection, files);
    await leaveObjects(transaction, collection, left);
    if (keys.length > 0) await forgetLeftObjects(transaction, collection, keys);
    if (!makeCollection) return { changedItems: changed.length + goneIds.length, isCollectionChanged: false };
    const facts = await collectionFacts(transaction, collection);
    const isCollectionChanged = await upsertCollection(transaction, makeCollection(facts, existing));
    return { changedItems: changed.length + goneIds.length, isCollectionChanged };
  });
}
