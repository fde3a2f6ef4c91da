/** A scene that was ingested before -> how it differs from the lake, and the Items that are to be written for it. */
import { readItems } from '../db/read.ts';
import type { PlannedScene } from '../ingest/plan.ts';
import type { SourceFile } from '../ingest/source.ts';
import { type Document, itemIdsOf, type SceneFile, toItems } from '../ingest/to-item.ts';
import { toItemRow } from '../stac/item.ts';
import { compareItems } from './compare.ts';
import type { Drift } from './drift.ts';
import { goneFile } from './gone-file.ts';
import { type Group, keyOf, type Sync, tell } from './state.ts';

/** Items of a scene as they are stored, by id. */
export async function storedItems(
  { context, target }: Sync,
  scenes: PlannedScene[],
): Promise<Map<string, string>> {
  const ids = scenes.flatMap((planned) => itemIdsOf(planned.scene, knownFiles(planned)));
  return readItems(context.db, target.collection, ids);
}

export function knownFiles({ files }: PlannedScene): SceneFile[] {
  return files.flatMap(({ file, asset, known, outdated }) => {
    const description = known ?? outdated;
    return description ? [{ file, asset, description }] : [];
  });
}

/** The scene with what its Items still tell of files that are gone. */
export function withGone(planned: PlannedScene, stored: Map<string, string>, { gone }: Group, now: string) {
  const isGone = ({ file }: { file: SourceFile }) => file.deleted !== undefined;
  if (!planned.files.some(isGone)) return planned;
  const text = itemIdsOf(planned.scene, knownFiles(planned))
    .map((id) => stored.get(id))
    .find((each) => each !== undefined);
  const item = text === undefined ? null : (JSON.parse(text) as Document);
  const files = planned.files.map((each) => {
    if (!isGone(each)) return each;
    const file = goneFile(each.file, item, now);
    gone.set(keyOf(file), file);
    return { ...each, file };
  });
  const scene = { ...planned.scene, files: files.map(({ file, asset }) => ({ file, asset })) };
  return { scene, files };
}

export interface Compared {
  drift: Drift[];
  /** Items that are to be written. */
  changed: Document[];
  /** Bytes are to be read first. */
  isToRead: boolean;
}

/** COGs of ours whose address is another than the Item has: whether the store has them there is not known. */
function isMoved(before: Document, item: Document): boolean {
  const stored = (before.assets ?? {}) as Record<string, Document>;
  return Object.entries(item.assets as Record<string, Document>).some(([key, asset]) => {
    const old = stored[key];
    const isOurs = String(asset['file:checksum'] ?? '').startsWith('1220');
    return isOurs && old !== undefined && old.href !== asset.href;
  });
}

export function compareScene(
  sync: Sync,
  group: Group,
  planned: PlannedScene,
  stored: Map<string, string>,
): Compared {
  const { plan, context } = group.run;
  const { collectionId } = plan.source;
  const toRead = planned.files.filter(({ known }) => known === null);
  if (toRead.length > 0) {
    const drift = toRead.map(({ file, outdated }): Drift => {
      const item = outdated ? planned.scene.id : null;
      return {
        kind: outdated ? 'changed' : 'new',
        collection: collectionId,
        did: keyOf(file),
        item,
        detail: outdated ? [file.bytes, file.adler32 ?? file.md5].filter(Boolean).join(' ') : '',
      };
    });
    return { drift, changed: [], isToRead: true };
  }
  const files = knownFiles(planned);
  // What is gone, and whose Item was deleted here, leaves nothing to tell, and none of what an Item needs.
  const isGone = files.every(({ file }) => file.deleted !== undefined);
  if (isGone && itemIdsOf(planned.scene, files).every((id) => !stored.has(id)))
    return { drift: [], changed: [], isToRead: false };
  const items = toItems(planned.scene, files, {
    source: plan.source,
    store: context.store,
    time: context.time,
  });
  const [first] = files;
  const label = first && files.length === 1 ? keyOf(first.file) : planned.scene.id;
  const found: Compared = { drift: [], changed: [], isToRead: false };
  const told = new Set<string>();
  let hasMoved = false;
  for (const item of items) {
    const before = stored.get(String(item.id));
    if (before === toItemRow(JSON.stringify(item)).content) continue;
    found.changed.push(item);
    const old = before === undefined ? null : (JSON.parse(before) as Document);
    hasMoved ||= old !== null && isMoved(old, item);
    const drift: Drift[] =
      old === null
        ? [{ kind: 'missing', collection: collectionId, did: label, item: String(item.id), detail: '' }]
        : compareItems(old, item, label);
    // A file of many Items is told once.
    for (const each of drift) {
      const key = `${each.kind} ${each.did} ${each.detail}`;
      if (!told.has(key)) found.drift.push(each);
      told.add(key);
    }
  }
  const isWhole = files.every(({ file }) => file.deleted === undefined);
  if (isWhole && hasMoved) return { drift: found.drift, changed: [], isToRead: true };
  tell(sync, found.drift);
  return found;
}
