/** Some scenes of a Collection -> told, mended where nothing is to be read for it, and those that are to be read. */

import { type IngestedFile, readIngested } from '../db/ingested.ts';
import { readItems } from '../db/read.ts';
import { type Gone, pruneItems } from '../db/synced.ts';
import { messageOf } from '../errors.ts';
import { DatabaseLost } from '../ingest/database-lost.ts';
import type { FileDescription } from '../ingest/describe.ts';
import { mustBeValid } from '../ingest/must-be-valid.ts';
import { memoryKey, type PlannedScene, planScenes } from '../ingest/plan.ts';
import { readOrigins } from '../ingest/read-origins.ts';
import { inTurn, storedKeys, tellFailure, writeRows } from '../ingest/run-scenes.ts';
import type { ListedFile, Scene } from '../ingest/source.ts';
import { type Document, itemIdsOf } from '../ingest/to-item.ts';
import { toItemRow } from '../stac/item.ts';
import { assetOfDid } from './compare.ts';
import { compareScene, knownFiles, storedItems, withGone } from './compare-scene.ts';
import type { Drift } from './drift.ts';
import { type Group, keyOf, type Sync, tell } from './state.ts';

/** Deletes a scene of which nothing is left in the lake. */
async function pruneScene({ context, target, report }: Sync, { run }: Group, planned: PlannedScene) {
  const files = knownFiles(planned);
  const did = files.map(({ file }) => keyOf(file)).join(', ');
  const gone: Gone = {
    collection: target.collection,
    ids: itemIdsOf(planned.scene, files),
    files: files.map(({ file }) => memoryKey(file)),
    keys: storedKeys(run.plan, planned.scene, files),
    did,
    reason: `${did} is not in Rucio any more`,
  };
  report.prunedItems += (await pruneItems(context.db, gone)).length;
}

/** A scene goes on without those of its files that are gone. */
async function forgetGone(
  { context, target, report }: Sync,
  { run }: Group,
  planned: PlannedScene,
): Promise<void> {
  const all = knownFiles(planned);
  const files = all.filter(({ file }) => file.deleted !== undefined);
  const left = itemIdsOf(
    planned.scene,
    all.filter(({ file }) => file.deleted === undefined),
  );
  const pruned = await pruneItems(context.db, {
    collection: target.collection,
    // Time steps that only they had.
    ids: itemIdsOf(planned.scene, all).filter((id) => !left.includes(id)),
    files: files.map(({ file }) => memoryKey(file)),
    keys: storedKeys(run.plan, planned.scene, files),
    did: files.map(({ file }) => keyOf(file)).join(', '),
    reason: `${files.map(({ file }) => keyOf(file)).join(', ')} is not in Rucio any more`,
  });
  report.prunedItems += pruned.length;
}

/** Items that cannot be written are told, and the others are. */
async function writeItems(sync: Sync, group: Group, items: Document[]): Promise<void> {
  const { context, report } = sync;
  if (items.length === 0) return;
  try {
    await mustBeValid(context.validator, items);
    context.signal.throwIfAborted();
    const rows = items.map((item) => toItemRow(JSON.stringify(item)));
    await inTurn(group.run, () => writeRows(group.run, { rows, files: [], goneIds: [], keys: [], left: [] }));
    // Taken over from there, where the files that are read are counted.
    report.changedItems += group.run.report.changedItems;
    group.run.report.changedItems = 0;
  } catch (error) {
    if (context.signal.aborted || error instanceof DatabaseLost) throw error;
    if (items.length > 1) for (const item of items) await writeItems(sync, group, [item]);
    else report.failures.push(`${items[0]?.id}: ${messageOf(error).split('\n')[0]}`);
  }
}

/** COGs that were put into the lake are named so, beside what they were made of. */
const MADE_NAME = /\.[0-9a-f]{12}\.tif$/;

/** Scenes that are files of the lake, not COGs that were made of others of the same Collection. */
async function withoutMade({ context, listing }: Sync, scenes: Scene<ListedFile>[]) {
  const looksMade = ({ files }: Scene<ListedFile>) => files.every(({ file }) => MADE_NAME.test(file.name));
  const dids = scenes.filter(looksMade).flatMap(({ files }) => files.flatMap(({ file }) => file.did ?? []));
  if (dids.length === 0) return scenes;
  const metadata = await context.client.metadata(dids, { signal: context.signal });
  const isMade = ({ files }: Scene<ListedFile>) =>
    files.every(({ file }) => listing.keys.has(String(metadata.get(keyOf(file))?.derived_from)));
  return scenes.filter((scene) => !isMade(scene));
}

const sizeOf = (file: ListedFile) => `${file.bytes} ${file.adler32}`;

/** Where replicas have not changed, those of a file with the bytes of before are as its Item tells. */
async function recallReplicas(
  sync: Sync,
  { told }: Group,
  scenes: Scene<ListedFile>[],
  known: Map<string, IngestedFile>,
): Promise<void> {
  if (!sync.isUnmoved) return;
  const firsts = new Map<string, ListedFile[]>();
  for (const scene of scenes) {
    const files = scene.files.flatMap(({ file, asset }) => {
      const description = known.get(keyOf(file))?.description;
      return description ? [{ file, asset, description: JSON.parse(description) as FileDescription }] : [];
    });
    const isPublished = files.some(({ description }) => description.layers.some(({ cog }) => cog.lake));
    const [first] = itemIdsOf(scene, files);
    if (first !== undefined && !isPublished)
      firsts.set(
        first,
        scene.files.map(({ file }) => file),
      );
  }
  const { context, target } = sync;
  const stored = await readItems(context.db, target.collection, [...firsts.keys()]);
  for (const [id, files] of firsts) {
    const item = JSON.parse(stored.get(id) ?? '{}') as Document;
    for (const file of files) {
      const asset = assetOfDid(item, keyOf(file));
      if (
        asset &&
        file.adler32 !== null &&
        sizeOf(file) === `${asset['file:size']} ${asset['rucio:adler32']}`
      )
        told.set(keyOf(file), asset);
    }
  }
}

/** A scene whose COGs or Items are to go into the lake and are not there. */
function unregistered({ publisher, run }: Group, planned: PlannedScene): Drift[] {
  const isWhole = planned.files.every(({ file }) => file.deleted === undefined);
  if (!isWhole || !publisher) return [];
  const did = planned.files.map(({ file }) => keyOf(file)).join(', ');
  const { collectionId: collection } = run.plan.source;
  const { rse: detail } = publisher;
  return publisher
    .waitingOf(planned)
    .map((kind) => ({ kind, collection, did, item: planned.scene.id, detail }));
}

/** Scenes that are compared and mended in one go. */
const TOGETHER = 100;

/** Tells and mends those scenes that were ingested before; gives those that are to be read. */
export async function compareBatch(
  sync: Sync,
  group: Group,
  scenes: Scene<ListedFile>[],
): Promise<Scene<ListedFile>[]> {
  const { context, target, now, report } = sync;
  const { run } = group;
  const recall = (files: readonly { scope: string; name: string }[]) =>
    readIngested(context.db, target.collection, files);
  const known = await recall(scenes.flatMap(({ files }) => files.map(({ file }) => memoryKey(file))));
  const isNew = ({ files }: Scene<ListedFile>) => files.every(({ file }) => !known.has(keyOf(file)));
  const byId = new Map(scenes.map((scene) => [scene.id, scene]));
  const toRead = await withoutMade(sync, scenes.filter(isNew));
  for (const { files } of toRead)
    tell(
      sync,
      files.map(({ file }) => ({
        kind: 'new',
        collection: target.collection,
        did: keyOf(file),
        item: null,
        detail: '',
      })),
    );
  const older = scenes.filter((scene) => !isNew(scene));
  if (older.length === 0) return toRead;
  await recallReplicas(sync, group, older, known);
  const planned = await planScenes(run.plan, older, async () => known, context.signal);
  const files = planned.flatMap((each) => each.files.map(({ file }) => file));
  await group.readOrders(files);
  await readOrigins(context.db, run.plan.source, files);
  for (let at = 0; at < planned.length; at += TOGETHER) {
    context.signal.throwIfAborted();
    const some = planned.slice(at, at + TOGETHER);
    const stored = await storedItems(sync, some);
    const lost = await sync.stock.lostOf(some);
    const changed: Document[] = [];
    for (const each of some) {
      const whole = withGone(each, stored, group, now);
      try {
        const compared = compareScene(sync, group, whole, stored);
        if (compared.isToRead) {
          tell(sync, compared.drift);
          toRead.push(byId.get(whole.scene.id) as Scene<ListedFile>);
          continue;
        }
        const live = whole.files.map(({ file }) => file).filter(({ deleted }) => deleted === undefined);
        run.tally.see(live);
        if (context.isPruning && live.length === 0) {
          await pruneScene(sync, group, whole);
          continue;
        }
        if (context.isPruning && live.length < whole.files.length) {
          await forgetGone(sync, group, whole);
          toRead.push(withoutGone(byId.get(whole.scene.id) as Scene<ListedFile>, sync));
          continue;
        }
        const unmade = [...(lost.get(whole.scene.id) ?? []), ...unregistered(group, whole)];
        if (unmade.length > 0) {
          tell(sync, unmade);
          toRead.push(byId.get(whole.scene.id) as Scene<ListedFile>);
          continue;
        }
        run.tally.add(whole.scene, knownFiles(whole));
        changed.push(...compared.changed);
      } catch (error) {
        tellFailure(run, whole, error);
      }
    }
    if (!context.isCheck) await writeItems(sync, group, changed);
  }
  report.failures.push(...run.report.failures.splice(0));
  group.told.clear();
  return toRead;
}

const withoutGone = (scene: Scene<ListedFile>, { listing }: Sync): Scene<ListedFile> => ({
  ...scene,
  files: scene.files.filter(({ file }) => listing.keys.has(keyOf(file))),
});
