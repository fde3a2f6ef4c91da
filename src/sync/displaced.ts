/** Files that are gone, and whose Item another file has now: `2024/s1.tif` became `2024.s1.tif`, and both are the Item 2024.s1. */
import { pruneItems } from '../db/synced.ts';
import { memoryKey } from '../ingest/plan.ts';
import { toListed } from '../ingest/rucio-source.ts';
import { readNameOf } from '../ingest/settings.ts';
import { type ListedFile, sceneOf } from '../ingest/source.ts';
import { keyOf, type Sync, tell } from './state.ts';

/** Of missed files, those whose Item is another's now. */
function findDisplaced({ target, listing }: Sync, missed: readonly ListedFile[]): ListedFile[] {
  const [first, ...others] = listing.groups;
  if (!first || missed.length === 0) return [];
  const source = { did: target.home };
  const readFirst = readNameOf(first.settings);
  const missedScene = (file: ListedFile) => sceneOf(source, file, readFirst);
  const taken = new Map<string, string | null>(missed.map((file) => [missedScene(file).id, null]));
  for (const { settings, files } of [first, ...others]) {
    const readName = readNameOf(settings);
    for (const file of files) {
      const { id, from } = sceneOf(source, toListed(file), readName);
      if (taken.has(id)) taken.set(id, from);
    }
  }
  return missed.filter((file) => {
    const { id, from } = missedScene(file);
    const owner = taken.get(id) ?? from;
    taken.set(id, owner);
    return owner !== from;
  });
}

/** Tells files whose Item another has now, and forgets them. @returns those missed whose Items are their own */
export async function dropDisplaced(sync: Sync, missed: ListedFile[]): Promise<ListedFile[]> {
  const { context, target } = sync;
  const displaced = new Set(findDisplaced(sync, missed));
  for (const file of displaced) {
    const did = keyOf(file);
    tell(sync, [{ kind: 'gone', collection: target.collection, did, item: null, detail: '' }]);
    if (context.isCheck) continue;
    const gone = { collection: target.collection, ids: [], keys: [], did, reason: '' };
    await pruneItems(context.db, { ...gone, files: [memoryKey(file)] });
  }
  return missed.filter((file) => !displaced.has(file));
}
