/** Scene with its descriptions -> Items. STAC 1.1 Item; projection 1.2, raster 2.0, file 2.1, alternate-assets 1.2, storage 2.0, datacube 2.3, and our rucio extension. */
import { UserError } from '../errors.ts';
import { placeOf } from '../geo/box-geometry.ts';
import { footprintArea } from '../geo/footprint-parts.ts';
import type { Geometry } from '../geo/geometry.ts';
import type { Replica } from '../rucio/types.ts';
import type { AssetStore } from '../s3/types.ts';
import { href, OWN_PREFIX, ownAssetHref } from '../stac/link.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';
import type { FileDescription, LayerDescription } from './describe.ts';
import { extensionsOf } from './extensions.ts';
import { licenseOf } from './license.ts';
import { orderFields, worstOrder } from './orders.ts';
import { sourceKey, storeKey } from './part-names.ts';
import { pictureAssets, rendersOf } from './picture-assets.ts';
import type { Scene, Source, SourceFile } from './source.ts';
import {
  type Asset,
  availability,
  cogAsset,
  cogReplicas,
  didFields,
  inPlaceAsset,
  known,
  lakeFields,
  type Part,
  replicaByRse,
  rseScheme,
  sourceAsset,
  zarrAsset,
} from './to-asset.ts';
import { type ItemTime, timeOf } from './to-time.ts';

export type Document = Record<string, unknown>;

export interface SceneFile {
  file: SourceFile;
  /** Its part of a scene of several files, where a pattern names it. */
  asset: string | null;
  description: FileDescription;
}

export interface ItemSettings {
  source: Source;
  store: AssetStore;
  /** `--datetime`; null: find it. */
  time: ItemTime | null;
}

/** Fields that say when and where, which an Item tells in its own way. */
const PLACED = ['datetime', 'start_datetime', 'end_datetime', 'bbox'];

function commonFields(metadata: Document): Document {
  const license = licenseOf(metadata)?.license;
  const told = Object.entries(metadata).filter(([key]) => !PLACED.includes(key));
  return { ...Object.fromEntries(told), ...(license !== undefined && { license }) };
}

/** Dimensions and variables of the file whose time steps are bands of the Item. */
function cubeOf(files: SceneFile[]): Document {
  const [only, ...others] = files;
  return only?.description.isWholeCube && others.length === 0 ? { ...only.description.cube } : {};
}

/** Links to the Items of what files were made of. */
function originLinks({ origins }: Source, files: SourceFile[]): Document[] {
  return files.flatMap(({ derivedFrom }) => {
    const origin = derivedFrom === undefined ? undefined : origins.get(derivedFrom);
    if (!origin) return [];
    const to = href.item(OWN_PREFIX.slice(0, -1), origin.collection, origin.id);
    return [{ rel: 'derived_from', href: to, type: GEOJSON_TYPE, title: derivedFrom }];
  });
}

/** What made the COGs; software that made the originals stays beside it. */
function softwareOf(files: SceneFile[]): Document {
  const version = files.map(({ description }) => description.software).find((each) => each !== undefined);
  if (version === undefined) return {};
  const before = files.map(({ file }) => file.metadata['processing:software']);
  return { 'processing:software': Object.assign({}, ...before, { 'rucio-stac': version }) as Document };
}

/** Links to licences that are addresses, each once. */
function licenseLinks(files: SourceFile[]): Document[] {
  const links = files.flatMap(({ metadata }) => licenseOf(metadata)?.links ?? []);
  return [...new Map(links.map((link) => [link.href, link])).values()];
}

function assetKey({ asset }: SceneFile, layer: LayerDescription, layersOfStep: number): string {
  if (asset === null) return layer.asset;
  return layersOfStep > 1 ? `${asset}_${layer.asset}` : asset;
}

const stamp = (datetime: string) => datetime.replaceAll(/[-:]/g, '');

/** Parts of one Item each: a scene of GeoTIFFs is one, a cube has one a time step. What has no time belongs to every step. */
export function groupParts(scene: Pick<Scene, 'id'>, files: SceneFile[]): Map<string, Part[]> {
  const times = new Set(
    files.flatMap(({ description }) => description.layers.flatMap(({ time }) => time?.datetime ?? [])),
  );
  const steps = times.size > 1 ? [...times].sort() : [null];
  const groups = new Map<string, Part[]>();
  for (const step of steps) {
    const parts = files.flatMap((sceneFile): Part[] => {
      const { layers } = sceneFile.description;
      const ofStep = layers.filter(({ time }) => step === null || time === null || time.datetime === step);
      return ofStep.map((layer) => ({
        layer,
        file: sceneFile.file,
        asset: assetKey(sceneFile, layer, ofStep.length),
      }));
    });
    parts.sort((a, b) => Number(a.layer.time === null) - Number(b.layer.time === null));
    groups.set(step === null ? scene.id : `${scene.id}_${stamp(step)}`, parts);
  }
  return groups;
}

/** Ids of the Items that a scene becomes, with the store keys of their COGs. */
export function itemIdsOf(
  scene: Pick<Scene, 'id'>,
  files: Pick<SceneFile, 'asset' | 'description'>[],
): string[] {
  return files.length === 0 ? [] : [...groupParts(scene, files as SceneFile[]).keys()];
}

/** Where the raster says it is; one without a reference system is where its metadata says. */
function footprintOf(parts: Part[], label: string): { geometry: Geometry; bbox: number[] } {
  const found = parts.flatMap(({ layer }) => layer.footprint ?? []);
  // Of bands with data in different places, the one with most of them.
  const [largest] = found.toSorted((one, other) => footprintArea(other) - footprintArea(one));
  if (largest) return largest;
  for (const { file } of parts) {
    const geometry = placeOf(file.metadata.bbox);
    if (geometry) return { geometry, bbox: file.metadata.bbox as number[] };
  }
  throw new UserError(
    `${label} has no coordinate reference system that can be placed on the globe; add one (gdal_edit.py -a_srs EPSG:… FILE), or set bbox in its metadata in Rucio, and ingest it again`,
  );
}

function rucioFields(source: Source, files: SourceFile[]): Document {
  const [only] = files;
  if (!only || files.some(({ did }) => did === null)) return {};
  const did = files.length === 1 && only.did ? didFields(only.did, 'FILE') : {};
  return { 'rucio:host': source.host, ...did, ...availability(files) };
}

/** Addresses of a DID at the Rucio server and, where known, at its web UI. */
export function didLinks(source: Source, did: { scope: string; name: string }): Document[] {
  const path = `${encodeURIComponent(did.scope)}/${encodeURIComponent(did.name)}`;
  const title = `${did.scope}:${did.name}`;
  const via = {
    rel: 'via',
    href: `${source.host}/dids/${path}`,
    type: 'application/json',
    title: `${title} in Rucio`,
  };
  const about = { rel: 'about', href: `${source.webui}/did/page/${path}`, type: 'text/html', title };
  return [...(source.host ? [via] : []), ...(source.webui ? [about] : [])];
}

function freeKey(assets: Record<string, Asset>, wanted: string): string {
  let key = wanted;
  for (let n = 2; Object.hasOwn(assets, key); n++) key = `${wanted}_${n}`;
  return key;
}

function assetsOf(
  id: string,
  scene: Scene,
  parts: Part[],
  files: SceneFile[],
  { source, store }: ItemSettings,
) {
  const assets: Record<string, Asset> = {};
  const ref = store.scheme()?.ref ?? null;
  for (const { layer, file, asset } of parts) {
    const key = freeKey(assets, asset);
    const part = { layer, file, asset: key };
    if (layer.inPlace) {
      const permanent = ownAssetHref(source.collectionId, id, key);
      const described = files.find((each) => each.file === file)?.description;
      if (layer.zarr && described) {
        assets[key] = zarrAsset(source, file, described, layer.zarr, permanent);
        continue;
      }
      assets[key] = inPlaceAsset(source, part, permanent);
      continue;
    }
    const href = store.hrefOf(storeKey(source.collectionId, scene, file, layer));
    assets[key] = { ...cogAsset(part, href, ref), ...lakeFields(source, layer) };
  }
  const used = files.filter(({ file }) => parts.some((part) => part.file === file && !part.layer.inPlace));
  for (const each of used) {
    const { file, description } = each;
    const key = freeKey(assets, sourceKey(each, used.length === 1));
    const original = sourceAsset(source, file, description, ownAssetHref(source.collectionId, id, key));
    if (original) assets[key] = original;
  }
  for (const [key, each] of Object.entries(pictureAssets(source.collectionId, scene, id, files, store)))
    assets[freeKey(assets, key)] = each;
  return assets;
}

/** @param replicas of all assets */
function storageSchemes(replicas: Replica[], store: AssetStore): Record<string, unknown> | null {
  const schemes: Record<string, unknown> = {};
  const own = store.scheme();
  if (own) schemes[own.ref] = own.scheme;
  for (const [rse, replica] of replicaByRse(replicas)) schemes[rse] = rseScheme(rse, replica);
  return Object.keys(schemes).length > 0 ? schemes : null;
}

/** Fields that all layers of an Item share; those of the largest where they differ. */
function projectionOf(parts: Part[]): Document {
  const codes = new Set(parts.map(({ layer }) => layer.epsg));
  const [epsg] = codes;
  if (codes.size !== 1 || epsg === undefined) return {};
  return { 'proj:code': epsg === null ? null : `EPSG:${epsg}`, 'proj:epsg': epsg };
}

function toItem(
  id: string,
  scene: Scene,
  parts: Part[],
  files: SceneFile[],
  settings: ItemSettings,
): Document {
  const { source, store, time: given } = settings;
  const [first] = parts as [Part];
  const label = first.file.name;
  const time = timeOf(first.layer, first.file, given);
  if (time === null) {
    throw new UserError(
      `${label} does not say when it was taken: set datetime in its metadata in Rucio, put a date in its name (…_20240103T054112.tif), or give --datetime`,
    );
  }
  const { geometry, bbox } = footprintOf(parts, label);
  const used = files.filter(({ file }) => parts.some((part) => part.file === file)).map(({ file }) => file);
  const replicas = [
    ...used.flatMap((file) => file.replicas),
    ...parts.flatMap(({ layer }) => cogReplicas(source, layer)),
  ];
  const live = used.filter(({ deleted }) => deleted === undefined);
  const telling = live.length > 0 ? live : used;
  const properties = {
    ...Object.assign({}, ...telling.map(({ metadata }) => commonFields(metadata))),
    ...time,
    ...projectionOf(parts),
    ...rucioFields(source, used),
    ...known({ 'storage:schemes': storageSchemes(replicas, store), renders: rendersOf(id, files) }),
    ...cubeOf(files.filter(({ file }) => used.includes(file))),
    ...softwareOf(files.filter(({ file }) => used.includes(file))),
    // Last, as `request` adds them to what is stored.
    ...orderFields(worstOrder(source.orders, used)),
  };
  const assets = assetsOf(id, scene, parts, files, settings);
  const links = [
    ...used.flatMap(({ did }) => (did ? didLinks(source, did) : [])),
    ...originLinks(source, used),
    ...licenseLinks(telling),
  ];
  return {
    type: 'Feature',
    stac_version: '1.1.0',
    stac_extensions: extensionsOf({ properties, assets }),
    id,
    collection: source.collectionId,
    geometry,
    bbox,
    properties,
    links,
    assets,
  };
}

/**
 * A scene's Items, ordered by time step.
 * @throws UserError that names the file when its time or place is not known
 */
export function toItems(scene: Scene, files: SceneFile[], settings: ItemSettings): Document[] {
  const isGone = ({ file }: SceneFile) => Number(file.deleted !== undefined);
  // What the lake has is named first; what it has no more takes no name from it.
  const ordered = files.toSorted((a, b) => isGone(a) - isGone(b));
  return [...groupParts(scene, ordered)].map(([id, parts]) => toItem(id, scene, parts, ordered, settings));
}
