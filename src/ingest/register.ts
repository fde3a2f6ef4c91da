/**
 * COGs that were made -> files of the lake, in a dataset beside the source. The source `scope:name` has them in
 * `scope:name.cog`, each as `SCENE.LAYER.HASH.tif` with the first 12 digits of its sha256: files are never changed in
 * Rucio, so other bytes are another file, and the same bytes the same. No slashes: Rucio's client makes no folders for them.
 */

import { createHash } from 'node:crypto';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { messageOf, UserError } from '../errors.ts';
import { RucioError } from '../rucio/faults.ts';
import { sumFile } from '../rucio/fetch/sums.ts';
import { didKey } from '../rucio/resolve.ts';
import type { Did } from '../rucio/types.ts';
import { openTarget, prepareDataset, type UploadTarget, uploadFile } from '../rucio/upload.ts';
import { attach, containersOf } from '../rucio/upload-did.ts';
import type { AssetStore } from '../s3/types.ts';
import { COG_TYPE } from '../stac/media-type.ts';
import type { LayerDescription } from './describe.ts';
import { storeKey } from './part-names.ts';
import type { PlannedScene } from './plan.ts';
import { cogMetadata } from './register-metadata.ts';
import type { Scene, Source, SourceFile } from './source.ts';
import type { SceneFile } from './to-item.ts';
import type { ItemTime } from './to-time.ts';
import { makeWorkFolder } from './work-folder.ts';

export interface RegisterSettings {
  rse: string;
  /** null: beside the source, by its name. */
  dataset: Did | null;
  store: AssetStore;
  /** Where a COG lies on its way. */
  workFolder: string;
  time: ItemTime | null;
  signal: AbortSignal;
  onRegistered(did: string, bytes: number): void;
}

export interface Register {
  rse: string;
  dataset: Did;
  /** COGs that went to the RSE in this run, and those that were there. */
  counts: { registered: number; there: number };
  /** What did not work and can be done without. */
  notes: string[];
  /** Notes DIDs in the descriptions, and replicas in the source. @throws UserError */
  publish(planned: PlannedScene, files: SceneFile[]): Promise<void>;
  close(): void;
}

/** Digits of the sha256 in a name: 48 bits tell the contents of one asset apart. */
const HASH = 12;
/** Longest name of a DID. */
const LONGEST = 250;

/** The DID of a layer's COG. */
export function cogDid(dataset: Did, scene: Scene, file: SourceFile, layer: LayerDescription): Did {
  const key = storeKey('', scene, file, layer)
    .replace(/^\//, '')
    .replace(/\.tif$/, '');
  const plain = key
    .replaceAll('/', '.')
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^[._-]/, 'x$&');
  const end = `.${layer.cog.sha256.slice(0, HASH)}.tif`;
  return { scope: dataset.scope, name: `${plain.slice(0, LONGEST - end.length)}${end}` };
}

/** The dataset goes where the source is; what the account may not do is told, and done without. */
async function attachBeside({ client }: UploadTarget, source: Did, dataset: Did, signal: AbortSignal) {
  const notes: string[] = [];
  for (const container of await containersOf(client.api, source, signal)) {
    try {
      await attach(client.api, container, [dataset], signal);
    } catch (error) {
      if (!(error instanceof RucioError)) throw error;
      notes.push(
        `${didKey(dataset)} is not in ${didKey(container)}, where the source is: ${messageOf(error)}`,
      );
    }
  }
  return notes;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

function hasReplica({ published }: Source, did: Did, rse: string): boolean {
  const replicas = published.get(didKey(did)) ?? [];
  return replicas.some((replica) => replica.rse === rse && replica.state === 'AVAILABLE');
}

/**
 * Finds out whether COGs can go there, before any is made, and makes the dataset.
 * @throws UserError
 */
export async function openRegister(source: Source, settings: RegisterSettings): Promise<Register> {
  const { rse, store, time, signal } = settings;
  const { lake, did, collectionId } = source;
  if (lake === null || did === null)
    throw new UserError(
      '--register is for DIDs; to put local rasters into the lake, use "rucio-stac upload", with --ingest.',
    );
  const dataset = settings.dataset ?? { scope: did.scope, name: `${did.name}.cog` };
  if (didKey(dataset) === didKey(did))
    throw new UserError(`--register-as is ${didKey(did)}, the source itself; give another dataset.`);
  const target = await openTarget(lake, rse, { dataset, lifetime: null }, signal);
  const about = { title: `COGs of ${didKey(did)}`, derived_from: didKey(did), media_type: COG_TYPE };
  await prepareDataset(target, about, signal);
  const notes = await attachBeside(target, did, dataset, signal);
  const folder = makeWorkFolder(settings.workFolder);
  const counts = { registered: 0, there: 0 };

  async function publishLayer(scene: Scene, file: SourceFile, layer: LayerDescription): Promise<void> {
    const { cog } = layer;
    const own = cogDid(dataset, scene, file, layer);
    if (cog.lake && didKey(cog.lake) === didKey(own) && hasReplica(source, own, rse)) {
      counts.there++;
      return;
    }
    const path = join(mkdtempSync(join(folder, 'cog-')), 'cog.tif');
    try {
      await store.fetch({ key: storeKey(collectionId, scene, file, layer), path, signal });
      const sums = (await sumFile(path, { signal })).sums();
      if ((await sha256Of(path)) !== cog.sha256)
        throw new UserError(`the COG ${own.name} in the store has been changed; run the same command again`);
      const metadata = cogMetadata(layer, file, time);
      const isSent = await uploadFile(
        target,
        { ...own, ...sums, path, metadata },
        { signal, onProgress: () => {} },
      );
      cog.lake = { ...own, adler32: sums.adler32, md5: sums.md5 };
      const line = (await target.client.listReplicas([own], { signal })).get(didKey(own));
      source.published.set(didKey(own), line?.replicas ?? []);
      counts[isSent ? 'registered' : 'there']++;
      if (isSent) settings.onRegistered(didKey(own), sums.bytes);
    } finally {
      rmSync(join(path, '..'), { recursive: true, force: true });
    }
  }

  return {
    rse,
    dataset,
    counts,
    notes,
    async publish({ scene }, files) {
      for (const { file, description } of files) {
        // An original that is a COG is in the lake.
        const made = description.layers.filter(({ inPlace }) => !inPlace);
        for (const layer of made) await publishLayer(scene, file, layer);
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
