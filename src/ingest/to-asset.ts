/** Descriptions -> Assets: the COG of a layer, and the original in the lake with its replicas. STAC 1.1 Asset Object; design: COG and original are different bytes, never alternates of each other. */
import { replicasForReaders } from '../rucio/fetch/open-ranges.ts';
import { readableUrl } from '../rucio/pfn.ts';
import type { Did, DidType, Replica } from '../rucio/types.ts';
import { COG_TYPE } from '../stac/media-type.ts';
import type { BandDescription, FileDescription, LayerDescription } from './describe.ts';
import { baseName, type Source, type SourceFile } from './source.ts';
import { rootOf } from './store-place.ts';

export type Asset = Record<string, unknown>;

/** Drops what is null or undefined: STAC leaves out what it does not know. */
export function known<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}

export function bandFields(band: BandDescription): Record<string, unknown> {
  const { statistics } = band;
  return known({
    name: band.name,
    description: band.description,
    data_type: band.dataType,
    nodata: typeof band.nodata === 'string' && band.nodata !== 'nan' ? null : band.nodata,
    unit: band.unit,
    'raster:scale': band.scale,
    'raster:offset': band.offset,
    statistics: statistics && statistics.minimum !== null ? known(statistics) : null,
    'raster:histogram': band.histogram,
  });
}

/** A layer of a file, and the key of its asset. */
export interface Part {
  layer: LayerDescription;
  file: SourceFile;
  asset: string;
}

/** Bands of an asset, with what a file's name or a person says of them. */
export function bandsOf({ layer: { bands }, file, asset }: Part): Record<string, unknown>[] {
  const isOnly = bands.length === 1;
  return bands.map((band) => ({
    ...bandFields(band),
    // Where the raster has no name for it.
    ...(isOnly && /^band\d+$/.test(band.name) && { name: asset }),
    ...file.bands?.[band.name],
    ...(isOnly && file.bands?.[asset]),
  }));
}

const titleOf = (part: Part, otherwise: string): unknown => bandsOf(part)[0]?.description ?? otherwise;

/** proj:code for STAC 1.1 readers, proj:epsg for stackstac. Shape is rows, columns; transform row-major affine. */
export function projectionFields(layer: LayerDescription): Record<string, unknown> {
  return {
    ...(layer.epsg !== null ? { 'proj:code': `EPSG:${layer.epsg}` } : { 'proj:code': null }),
    'proj:epsg': layer.epsg,
    'proj:shape': layer.shape,
    'proj:transform': layer.transform,
    'proj:bbox': layer.projBbox,
  };
}

export function cogAsset(part: Part, href: string, storageRef: string | null): Asset {
  const { layer } = part;
  return {
    href,
    type: COG_TYPE,
    title: titleOf(part, layer.asset),
    roles: ['data'],
    bands: bandsOf(part),
    ...projectionFields(layer),
    ...known({ 'raster:spatial_resolution': layer.resolution }),
    'file:size': layer.cog.bytes,
    'file:checksum': `1220${layer.cog.sha256}`,
    ...(storageRef !== null && { 'storage:refs': [storageRef] }),
  };
}

/**
 * The original itself as data: its replicas are the same bytes, and so alternates of one another.
 * @param permanent the asset's permanent address, for when clients can read none of the replicas
 */
export function inPlaceAsset(source: Source, part: Part, permanent: string): Asset {
  const { file, layer } = part;
  const [first] = replicasForReaders(file.replicas);
  const href = file.url ?? (first ? readableHref(first.pfn) : permanent);
  const { 'file:checksum': _, ...cog } = cogAsset(part, href, first?.rse ?? null);
  // One band is told by its name, several by that of their file.
  const title = layer.bands.length > 1 ? baseName(file.name) : cog.title;
  return { ...cog, title, ...originalFields(source, file) };
}

/** A Zarr store itself as data, where it lies. Zarr 1.1, datacube 2.3. @param permanent as of `inPlaceAsset` */
export function zarrAsset(
  source: Source,
  file: SourceFile,
  { cube, mediaType }: FileDescription,
  zarr: NonNullable<LayerDescription['zarr']>,
  permanent: string,
): Asset {
  const key = file.did === null ? '' : file.did.name.slice(file.name.length + 1);
  const replicas = file.replicas
    .filter(({ rse }) => zarr.rses.includes(rse))
    .map((replica) => ({ ...replica, pfn: rootOf(replica.pfn, key) ?? replica.pfn }));
  const [first] = replicasForReaders(replicas);
  return {
    href: file.url ?? (first ? readableHref(first.pfn) : permanent),
    type: mediaType,
    title: baseName(file.name),
    roles: ['data'],
    'zarr:zarr_format': zarr.version,
    'zarr:node_type': 'group',
    'zarr:consolidated': zarr.isConsolidated,
    ...cube,
    ...(first && { 'storage:refs': [first.rse] }),
    ...originalFields(source, { ...file, replicas }),
  };
}

/** Clients read davs as https. */
export const readableHref = readableUrl;

const REACH = ['https', 'davs', 'http', 's3', 'root'];

/** The best replica at each RSE: what most clients can read first, then Rucio's own order. */
export function replicaByRse(replicas: Replica[]): Map<string, Replica> {
  const rank = ({ scheme }: Replica) => (REACH.includes(scheme) ? REACH.indexOf(scheme) : REACH.length);
  const best = new Map<string, Replica>();
  const available = replicas.filter(({ state }) => state === 'AVAILABLE');
  for (const replica of available.toSorted((a, b) => rank(a) - rank(b) || a.priority - b.priority)) {
    if (!best.has(replica.rse)) best.set(replica.rse, replica);
  }
  return new Map([...best].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What files have in common, as far as they were seen. */
interface Together {
  files: number;
  readable: number;
  gone: number;
  /** When the last of those that are gone was missed. */
  deleted: string;
  /** RSEs, and classes of storage, that have every one of them. */
  rses: Set<string>;
  storage: Set<string>;
}

const common = (a: Set<string>, b: Iterable<string>) => new Set([...b].filter((each) => a.has(each)));

/** Adds files to those seen before (null: none). */
export function joinAvailability(
  before: Together | null,
  files: readonly Pick<SourceFile, 'replicas' | 'deleted'>[],
): Together | null {
  let together = before;
  for (const { replicas, deleted } of files) {
    const byRse = deleted === undefined ? replicaByRse(replicas) : new Map<string, Replica>();
    const rses = new Set(byRse.keys());
    const storage = new Set(Array.from(byRse.values(), ({ type }) => type));
    together = {
      files: (together?.files ?? 0) + 1,
      readable: (together?.readable ?? 0) + Number(rses.size > 0),
      gone: (together?.gone ?? 0) + Number(deleted !== undefined),
      deleted: [together?.deleted ?? '', deleted ?? ''].sort().at(-1) as string,
      rses: together ? common(together.rses, rses) : rses,
      storage: together ? common(together.storage, storage) : storage,
    };
  }
  return together;
}

/** The fields of our extension that say where files can be read, and whether all, some or none can be read at all. */
export function stateOfFiles(together: Together | null): Record<string, unknown> {
  const { files = 0, readable = 0, gone = 0, deleted, rses = [], storage = [] } = together ?? {};
  const state = readable === files ? 'AVAILABLE' : readable > 0 ? 'PARTIAL' : 'UNAVAILABLE';
  const isDeleted = files > 0 && gone === files;
  return {
    'rucio:rses': [...rses].sort(),
    'rucio:storage': [...storage].sort(),
    'rucio:state': isDeleted ? 'DELETED' : state,
    ...(isDeleted && { 'rucio:deleted': deleted }),
  };
}

export const availability = (
  files: readonly Pick<SourceFile, 'replicas' | 'deleted'>[],
): Record<string, unknown> => stateOfFiles(joinAvailability(null, files));

/** A DID in the fields of our extension. */
export function didFields({ scope, name }: Did, type: DidType | null): Record<string, unknown> {
  return { 'rucio:scope': scope, 'rucio:name': name, 'rucio:did': `${scope}:${name}`, 'rucio:type': type };
}

/** The best replica at each RSE as alternates (alternate-assets 1.2): byte-identical files only. */
function alternatesOf(replicas: Replica[]): Record<string, object> | null {
  const entries = [...replicaByRse(replicas)].map(([rse, { pfn }]): [string, object] => [
    rse,
    { href: readableHref(pfn), 'alternate:name': rse, 'storage:refs': [rse] },
  ]);
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}

/** Replicas of the COG itself; none where it is not in the lake. */
export function cogReplicas({ published }: Source, { cog }: LayerDescription): Replica[] {
  return (cog.lake && published.get(`${cog.lake.scope}:${cog.lake.name}`)) ?? [];
}

/** Of a COG that is in the lake as well: its DID, and its replicas, which are the same bytes, as alternates. */
export function lakeFields(source: Source, layer: LayerDescription): Asset {
  const { lake } = layer.cog;
  if (!lake) return {};
  const replicas = cogReplicas(source, layer);
  return {
    'rucio:host': source.host,
    ...didFields(lake, 'FILE'),
    'rucio:adler32': lake.adler32,
    ...availability([{ replicas }]),
    ...known({ alternate: alternatesOf(replicas) }),
  };
}

/** storage:schemes entry of an RSE. */
export function rseScheme(rse: string, { pfn, scheme }: Replica): Record<string, unknown> {
  const host = /^[a-z0-9+.-]+:\/\/[^/]*/i.exec(readableHref(pfn))?.[0] ?? `${scheme}://`;
  return { type: 'rucio', platform: `${host}/`, title: `Rucio storage element ${rse}` };
}

/** What Rucio says of a file's bytes. Integrity as it is known: md5 as multihash, adler32 in a field of ours. */
function originalFields(source: Source, file: SourceFile): Asset {
  if (file.did === null) return file.url === undefined ? {} : known({ 'file:size': file.bytes });
  return known({
    'file:size': file.bytes,
    'file:checksum': file.md5 === null ? null : `d50110${file.md5}`,
    'rucio:host': source.host,
    ...didFields(file.did, 'FILE'),
    'rucio:adler32': file.adler32,
    ...availability([file]),
    alternate: alternatesOf(file.replicas),
  });
}

/**
 * The original in the lake.
 * @param href the asset's permanent address: replicas come and go
 */
export function sourceAsset(
  source: Source,
  file: SourceFile,
  { mediaType }: FileDescription,
  href: string,
): Asset | null {
  if (file.did === null && file.url === undefined) return null;
  return {
    href: file.url ?? href,
    type: mediaType,
    title: baseName(file.name),
    description: file.url === undefined ? 'The original in the data lake' : 'The original',
    roles: ['source'],
    ...originalFields(source, file),
  };
}
