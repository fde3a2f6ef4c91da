/** What is not there -> 410 Gone where `sync --prune` deleted it because the lake has it no more, else null. RFC 9110 15.5.11. */
import { readTombstone } from '../db/synced.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { Db } from '../search/tables.ts';

/** @param id of an Item; empty: the Collection itself */
export async function goneFor(db: Db, collection: string, id: string): Promise<ApiError | null> {
  if (collection.includes('\0') || id.includes('\0')) return null;
  const tombstone = await readTombstone(db, collection, id);
  if (tombstone === null) return null;
  const what =
    id === '' ? `Collection ${shown(collection)}` : `Item ${shown(id)} of Collection ${shown(collection)}`;
  return new ApiError('Gone', `${what} was deleted at ${tombstone.at}: ${tombstone.reason}`);
}
