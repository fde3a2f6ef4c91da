/**
 * `--register-stac`: Items -> files of the lake beside their COGs, each as `ITEM.HASH.stac.json` with the first 12 digits of its
 * sha256. An Item that has changed is another file, which takes the place of the earlier one in the dataset.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { RucioError } from '../rucio/faults.ts';
import { sumFile } from '../rucio/fetch/sums.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did } from '../rucio/types.ts';
import { type UploadTarget, uploadFile } from '../rucio/upload.ts';
import { detach } from '../rucio/upload-did.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';
import type { FileDescription, LakeFile } from './describe.ts';
import { itemText } from './register-item.ts';
import { lakeName } from './register-name.ts';
import { hasReplica } from './register-standing.ts';
import type { Source } from './source.ts';
import { known } from './to-asset.ts';
import type { Document, SceneFile } from './to-item.ts';

export interface StacTarget {
  target: UploadTarget;
  dataset: Did;
  rse: string;
  source: Source;
  /** Public address; null: none. */
  base: string | null;
  folder: string;
  signal: AbortSignal;
  counts: { registered: number; there: number };
  notes: string[];
}

const itemDid = (dataset: Did, id: string, text: string): Did => ({
  scope: dataset.scope,
  name: lakeName(id, createHash('sha256').update(text).digest('hex'), '.stac.json'),
});

/** Of a scene, what was put into the lake for each Item. */
const registeredOf = (files: readonly { description: FileDescription }[]): Record<string, LakeFile> =>
  Object.assign({}, ...files.map(({ description }) => description.stac ?? {}));

/** Whether an Item of a scene is not in the lake, or not as it is now. */
export function lacksStac(
  items: readonly Document[],
  files: readonly { description: FileDescription }[],
  { dataset, base, rse }: Pick<StacTarget, 'dataset' | 'base' | 'rse'>,
): boolean {
  const registered = registeredOf(files);
  return items.some((item) => {
    const id = String(item.id);
    return registered[id]?.name !== itemDid(dataset, id, itemText(item, base, rse)).name;
  });
}

/** What a DID's metadata tells of an Item. */
function metadataOf(item: Document, files: readonly SceneFile[]): Record<string, unknown> {
  const { datetime, start_datetime, end_datetime } = item.properties as Document;
  const [first, ...others] = files.flatMap(({ file }) => file.did ?? []);
  return {
    ...known({
      datetime,
      start_datetime,
      end_datetime,
      bbox: item.bbox,
      derived_from: first && others.length === 0 ? didKey(first) : null,
    }),
    media_type: GEOJSON_TYPE,
  };
}

async function putText(
  { target, folder, signal }: StacTarget,
  did: Did,
  text: string,
  metadata: Record<string, unknown>,
): Promise<{ file: LakeFile; isSent: boolean }> {
  const path = join(mkdtempSync(join(folder, 'item-')), 'item.json');
  try {
    writeFileSync(path, text);
    const sums = (await sumFile(path, { signal })).sums();
    const options = { signal, onProgress: () => {} };
    const isSent = await uploadFile(target, { ...did, ...sums, path, metadata }, options);
    return { file: { ...did, adler32: sums.adler32, md5: sums.md5 }, isSent };
  } finally {
    rmSync(join(path, '..'), { recursive: true, force: true });
  }
}

/** Earlier ones leave the dataset; Rucio keeps them as long as something else holds them. */
async function dropEarlier({ target, dataset, signal, notes }: StacTarget, earlier: Did[]): Promise<void> {
  if (earlier.length === 0) return;
  try {
    await detach(target.client.api, dataset, earlier, signal);
  } catch (error) {
    if (!(error instanceof RucioError)) throw error;
    const names = earlier.map(didKey).join(', ');
    notes.push(`${names} is of earlier, and stays in ${didKey(dataset)}: ${messageOf(error)}`);
  }
}

/** Notes DIDs in the descriptions of the scene's files, any of which may go. @throws UserError */
export async function publishItems(to: StacTarget, items: Document[], files: SceneFile[]): Promise<void> {
  const before = registeredOf(files);
  const now: Record<string, LakeFile> = {};
  for (const item of items) {
    const id = String(item.id);
    const text = itemText(item, to.base, to.rse);
    const did = itemDid(to.dataset, id, text);
    const earlier = before[id];
    if (earlier && didKey(earlier) === didKey(did) && hasReplica(to.source, did, to.rse)) {
      now[id] = earlier;
      to.counts.there++;
      continue;
    }
    const { file, isSent } = await putText(to, did, text, metadataOf(item, files));
    now[id] = file;
    to.counts[isSent ? 'registered' : 'there']++;
  }
  const kept = new Set(Object.values(now).map(didKey));
  const isOfDataset = ({ scope }: Did) => scope === to.dataset.scope;
  await dropEarlier(
    to,
    Object.values(before).filter((did) => isOfDataset(did) && !kept.has(didKey(did))),
  );
  for (const { description } of files) description.stac = now;
}
