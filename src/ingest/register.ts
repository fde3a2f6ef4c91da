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
import type { Validator } from '../stac/validate.ts';
import type { LayerDescription } from './describe.ts';
import { mustBeValid } from './must-be-valid.ts';
import { storeKey } from './part-names.ts';
import type { PlannedScene } from './plan.ts';
import { cogMetadata } from './register-metadata.ts';
import { lakeName } from './register-name.ts';
import { publishItems } from './register-stac.ts';
import { hasReplica } from './register-standing.ts';
import type { Scene, Source, SourceFile } from './source.ts';
import { type SceneFile, toItems } from './to-item.ts';
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
  /** Items go there, too, with the public address in them (null: there is none); undefined: COGs alone. */
  stac?: { base: string | null; validator: Validator } | undefined;
  signal: AbortSignal;
  onRegistered(did: string, bytes: number): void;
}

export interface Register {
  rse: string;
  dataset: Did;
  /** COGs that went to the RSE in this run, and those that were there. */
  counts: { registered: number; there: number };
  /** Items; null: they stay out of the lake. */
  itemCounts: { registered: number; there: number } | null;
  /** What did not work and can be done without. */
  notes: string[];
  /** Notes DIDs in the descriptions, and replicas in the source. @throws UserError */
  publish(planned: PlannedScene, files: SceneFile[]): Promise<void>;
  close(): void;
}

/** The DID of a layer's COG. */
export function cogDid(dataset: Did, scene: Scene, file: SourceFile, layer: LayerDescription): Did {
  const key = storeKey('', scene, file, layer)
    .replace(/^\//, '')
    .replace(/\.tif$/, '');
  return { scope: dataset.scope, name: lakeName(key, layer.cog.sha256, '.tif') };
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

/** The dataset for what is made of a source. */
export const datasetOf = ({ scope, name }: Did, { dataset }: { dataset: Did | null }): Did =>
  dataset ?? { scope, name: `${name}.cog` };

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/**
 * Finds out whether COGs can go there, before any is made, and makes the dataset.
 * @throws UserError
 */
export async function openRegister(source: Source, settings: RegisterSettings): Promise<Register> {
  const { rse, store, time, signal, stac } = settings;
  const { lake, did, collectionId } = source;
  if (lake === null || did === null)
    throw new UserError(
      '--register is for DIDs; to put local rasters into the lake, use "rucio-stac upload", with --ingest.',
    );
  const dataset = datasetOf(did, settings);
  if (didKey(dataset) === didKey(did))
    throw new UserError(`--register-as is ${didKey(did)}, the source itself; give another dataset.`);
  const target = await openTarget(lake, rse, { dataset, lifetime: null }, signal);
  const about = { title: `COGs of ${didKey(did)}`, derived_from: didKey(did), media_type: COG_TYPE };
  await prepareDataset(target, about, signal);
  const notes = await attachBeside(target, did, dataset, signal);
  const folder = makeWorkFolder(settings.workFolder);
  const counts = { registered: 0, there: 0 };
  const itemCounts = stac ? { registered: 0, there: 0 } : null;

  async function publishStac(scene: Scene, files: SceneFile[]): Promise<void> {
    if (!stac || !itemCounts) return;
    const items = toItems(scene, files, { source, store, time });
    await mustBeValid(stac.validator, items);
    const { base } = stac;
    const to = { target, dataset, rse, source, base, folder, signal, counts: itemCounts, notes };
    await publishItems(to, items, files);
  }

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
    itemCounts,
    notes,
    async publish({ scene }, files) {
      for (const { file, description } of files) {
        // An original that is a COG is in the lake.
        const made = description.layers.filter(({ inPlace }) => !inPlace);
        for (const layer of made) await publishLayer(scene, file, layer);
      }
      await publishStac(scene, files);
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
