/** https or http address of a raster -> Source. GeoTIFF and NetCDF-3 are read by range, the rest is fetched whole. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { isRasterName, kindOfBytes } from '../raster/open-raster.ts';
import { downloadFile } from '../rucio/download.ts';
import { openRanges, type Ranges } from '../rucio/fetch/open-ranges.ts';
import { type Probed, probe } from '../rucio/fetch/probe.ts';
import { ReplicaFault } from '../rucio/fetch/replica-fault.ts';
import { withoutSignature } from '../rucio/pfn.ts';
import type { RucioFile } from '../rucio/types.ts';
import {
  baseName,
  type FetchedFile,
  type FetchOptions,
  type Source,
  type SourceFile,
  sourceOfFiles,
  toId,
} from './source.ts';
import { storeAt } from './store-place.ts';

/** Bytes that tell what a file is. */
const HEAD = 4096;

/** Kinds that are read by range, with the ending that their name gets where it has none. */
const ENDINGS: Record<string, string> = { tiff: '.tif', netcdf3: '.nc', hdf5: '.nc' };

/** null: it is no address of the web. @throws UserError for one that gives away a secret */
export function parseAddress(text: string): string | null {
  if (!/^https?:\/\//i.test(text)) return null;
  if (!URL.canParse(text))
    throw new UserError(`"${text}" is no address; give one such as https://host/path/x.tif.`);
  const url = new URL(text);
  url.hash = '';
  if (url.username !== '' || url.password !== '' || withoutSignature(url.href) !== null) {
    throw new UserError(
      `The address at ${url.host} carries a password or signature, which everybody could read in the catalogue; give one that needs none.`,
    );
  }
  return url.href;
}

/** The last part of the path, with an ending that says what it is. */
function nameOf(address: string, kind: string): string {
  const path = new URL(address).pathname;
  let last = baseName(path);
  try {
    last = decodeURIComponent(last);
  } catch {
    // As it is.
  }
  const name = toId(last.replaceAll('\\', '_'));
  return isRasterName(name) ? name : name + ENDINGS[kind];
}

/** @throws UserError when there is nothing that can be read, or no raster */
export async function openUrlSource(
  address: string,
  collectionId: string,
  signal: AbortSignal,
): Promise<Source> {
  if (new URL(address).pathname.replace(/\/+$/, '').toLowerCase().endsWith('.zarr'))
    return openUrlStore(address, collectionId, signal);
  const probed = await probe(address, HEAD, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof ReplicaFault)) throw error;
    throw new UserError(`${address} cannot be read: ${messageOf(error)}.`, { cause: error });
  });
  const kind = kindOfBytes(probed.head);
  if (!kind.isRead) {
    throw new UserError(
      `${address} is ${kind.name ?? 'no raster this program knows'}; GeoTIFF and NetCDF are read.`,
    );
  }
  const file = toSourceFile(address, nameOf(address, kind.name), kind.name, probed);
  return sourceOfFiles(address, collectionId, [file]);
}

/** What tells it from another is its root's metadata; chunks are not looked at. */
async function openUrlStore(address: string, collectionId: string, signal: AbortSignal): Promise<Source> {
  const { origin, pathname, search } = new URL(address);
  if (search !== '')
    throw new UserError(`${address} has a query, which the address of a Zarr store cannot have.`);
  const root = origin + pathname.replace(/\/+$/, '');
  const name = nameOf(root, 'zarr');
  const store = storeAt(name, root, null, {}, signal);
  const metadata =
    (await store.get('zarr.json')) ?? (await store.get('.zmetadata')) ?? (await store.get('.zgroup'));
  if (metadata === null) throw new UserError(`${root} holds no Zarr metadata (zarr.json, .zmetadata).`);
  const file: SourceFile = {
    did: null,
    name,
    bytes: null,
    adler32: null,
    md5: null,
    version: `${root} ${createHash('sha256').update(metadata).digest('hex')}`,
    replicas: [],
    metadata: {},
    url: root,
    fetch: () =>
      Promise.reject(
        new UserError(
          `${root} is a Zarr store at an address, which can only stay in place: give --in-place, or fetch it and ingest the folder`,
        ),
      ),
    openStore: async () => ({ ...store, rses: [] }),
  };
  return sourceOfFiles(root, collectionId, [file]);
}

function toSourceFile(address: string, name: string, kind: string, probed: Probed): SourceFile {
  const { bytes, etag, modified, hasRanges } = probed;
  const { host, protocol } = new URL(address);
  const replica = {
    rse: host,
    pfn: address,
    scheme: protocol.slice(0, -1),
    priority: 1,
    state: 'AVAILABLE',
    type: 'DISK',
  };
  const remote: RucioFile = {
    scope: '',
    name,
    bytes,
    adler32: null,
    md5: null,
    replicas: [replica],
    metadata: {},
  };
  return {
    did: null,
    name,
    bytes,
    adler32: null,
    md5: null,
    version: [address, bytes, etag, modified].join(' '),
    replicas: [],
    metadata: {},
    url: address,
    isReadByRange: hasRanges && bytes !== null && kind !== 'hdf5',
    fetch: (options) => fetchWhole(remote, address, options),
    openRanges: (signal): Promise<Ranges> => {
      if (!hasRanges)
        throw new UserError(`${address} cannot stay in place: its server gives no ranges of files`);
      return openRanges(remote, { signal, expected: { etag, modified } });
    },
  };
}

/** The length is compared; there is no checksum of it. */
async function fetchWhole(
  file: RucioFile,
  address: string,
  { folder, signal, onProgress }: FetchOptions,
): Promise<FetchedFile> {
  const path = join(folder, file.name);
  try {
    await downloadFile(file, path, { signal, onProgress, isTemporary: true });
  } catch (error) {
    signal.throwIfAborted();
    throw new UserError(`${address} cannot be fetched: ${messageOf(error)}`, { cause: error });
  }
  return { path, isTemporary: true, faults: [] };
}
