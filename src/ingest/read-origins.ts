/** Files of which Rucio tells what they were made of -> the Items of that, as far as the catalogue has them. */
import { itemsOfDids } from '../db/find-ingested.ts';
import type { Db } from '../search/tables.ts';
import type { Source, SourceFile } from './source.ts';

/** Fills `source.origins` for some files. */
export async function readOrigins(db: Db, source: Source, files: readonly SourceFile[]): Promise<void> {
  if (source.host === null) return;
  const dids = new Set(files.flatMap(({ derivedFrom }) => derivedFrom ?? []));
  const asked = [...dids].filter((did) => !source.origins.has(did));
  if (asked.length === 0) return;
  for (const [did, item] of await itemsOfDids(db, source.host, asked)) source.origins.set(did, item);
}
