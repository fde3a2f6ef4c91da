/** What can be ingested, wherever it lies: files with what is known of them, and what they are together. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { UserError } from '../errors.ts';
import type { KeyedStore } from '../raster/zarr-keys.ts';
import type { RucioClient } from '../rucio/connect.ts';
import type { Ranges } from '../rucio/fetch/open-ranges.ts';
import type { Did, DidType, Replica } from '../rucio/types.ts';
import type { ReadName } from './named-file.ts';
import type { Order } from './orders.ts';

/** Where a file's bytes are once they can be read. */
export interface FetchedFile {
  path: string;
  /** The file is a copy that may go once it is read. */
  isTemporary: boolean;
  /** Replicas that failed before one was good, as sentences. */
  faults: string[];
}

export interface FetchOptions {
  folder: string;
  signal: AbortSignal;
  onProgress(bytes: number): void;
}

/** What the list of a source tells of a file: little, because there may be hundreds of thousands. */
export interface ListedFile {
  /** null: a local file, which no data lake knows. */
  did: Did | null;
  /** Name within the source, `/`-separated. */
  name: string;
  bytes: number | null;
  adler32: string | null;
  md5: string | null;
  /** What tells this content from another where there is no checksum; null: the DID. */
  version: string | null;
  /** What a Zarr store is made of; undefined: a file is one. */
  parts?: readonly ListedFile[];
}

/** A Zarr store that stays where it is. */
export interface StorePlace extends KeyedStore {
  /** RSEs that have all of its parts beneath one root; none: it is at an address of the web. */
  rses: string[];
}

/** A file whose turn has come. */
export interface SourceFile extends ListedFile {
  replicas: Replica[];
  metadata: Record<string, unknown>;
  /** Fields of its bands, by asset key or band name, beside what the raster tells. */
  bands?: Record<string, Record<string, unknown>>;
  /** The DID of the file that this one was made of, where its metadata tells. */
  derivedFrom?: string;
  /** RFC 3339: the lake has it no more, and when that was seen; undefined: it has. */
  deleted?: string;
  fetch(options: FetchOptions): Promise<FetchedFile>;
  /** Where it is on the web, for a file that no data lake knows. */
  url?: string;
  /** It need not be fetched whole to be read. */
  isReadByRange?: boolean;
  /** Its bytes by range, without a copy; undefined: it cannot stay where it is. */
  openRanges?(signal: AbortSignal): Promise<Ranges>;
  /** A Zarr store's keys, without a copy; undefined: it is none, or cannot stay where it is. */
  openStore?(signal: AbortSignal): Promise<StorePlace>;
}

export interface Source {
  /** For people: the DID or the path. */
  label: string;
  collectionId: string;
  /** The DID whose Collection it is: the one asked for, or the dataset that a single file is in. */
  did: Did | null;
  /** The DID asked for. */
  asked: Did | null;
  type: DidType | null;
  /** Address of the Rucio server, no slash at the end. */
  host: string | null;
  /** Address of the Rucio web UI, no slash at the end. */
  webui: string | null;
  metadata: Record<string, unknown>;
  /** RFC 3339: the lake has the DID no more, and when that was seen; undefined: it has. */
  deleted?: string;
  /** `files` are all that `did` holds; false for a single file of a dataset. */
  isWhole: boolean;
  /** In an order that is always the same. */
  files: ListedFile[];
  /** The rest of what is known of some of them, in their order: checksums, replicas, metadata. */
  complete(files: readonly ListedFile[], signal: AbortSignal): Promise<SourceFile[]>;
  /** The lake it lies in; null: a local source. */
  lake: RucioClient | null;
  /** Replicas of COGs that are in the lake, too, by `scope:name`, as Rucio told when the run began or put them there. */
  published: Map<string, Replica[]>;
  /** Items of what files were made of, by its `scope:name`. */
  origins: Map<string, { collection: string; id: string }>;
  /** How far what was ordered is, by `scope:name`. */
  orders: Map<string, Order>;
  close(): Promise<void>;
}

/** Files that no data lake knows, listed with all that is known of them. */
export function sourceOfFiles(
  label: string,
  collectionId: string,
  files: SourceFile[],
  metadata: Source['metadata'] = {},
): Source {
  return {
    ...{ label, collectionId, metadata, files },
    ...{ did: null, asked: null, type: null, host: null, webui: null, lake: null },
    isWhole: true,
    complete: async (some) => some as SourceFile[],
    published: new Map(),
    origins: new Map(),
    orders: new Map(),
    close: async () => {},
  };
}

/** Files that share a scene become one Item; `asset` names each file's part of it. */
export interface Scene<File extends ListedFile = SourceFile> {
  id: string;
  /** Its number in the source: what is said of all files together must not depend on which of them ends first. */
  place: number;
  files: { file: File; asset: string | null }[];
}

/** A name as part of an id: slashes become dots, what does not fit in a path segment or object key an underscore. */
export function toId(name: string): string {
  const id = name
    .replace(/^\/+/, '')
    .replaceAll('/', '.')
    .replaceAll(/[^\p{L}\p{N}._~+-]/gu, '_')
    .replace(/^\.+/, '_');
  return id === '' ? '_' : id;
}

/** The last part of a name. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/** A name without its extension. */
export function stemOf(name: string): string {
  const extension = extname(name);
  return extension === '' ? name : name.slice(0, -extension.length);
}

/** The scene that a file is of: its id, the part of the file's name that it is made from, and the file's part of it. */
export function sceneOf(
  source: Pick<Source, 'did'>,
  { did, name }: Pick<ListedFile, 'did' | 'name'>,
  readName: ReadName | null,
): { id: string; from: string; asset: string | null } {
  const named = readName?.(name);
  const from = named?.scene ?? stemOf(name);
  const foreign = did !== null && source.did !== null && did.scope !== source.did.scope;
  return { id: toId(foreign ? `${did.scope}.${from}` : from), from, asset: named?.asset ?? null };
}

/** @param readName which files are one scene, by their names; null: by stem */
export function groupScenes<File extends ListedFile>(
  source: Pick<Source, 'did' | 'label'>,
  files: File[],
  readName: ReadName | null,
): Scene<File>[] {
  const scenes = new Map<string, Omit<Scene<File>, 'place'> & { from: string }>();
  for (const file of files) {
    const { id, from, asset } = sceneOf(source, file, readName);
    const scene = scenes.get(id) ?? { id, files: [], from };
    if (scene.from !== from) {
      throw new UserError(
        `Two scenes of ${source.label} would have the Item id "${id}" (${scene.from} and ${from}); ingest them into different Collections, or name scenes by --scene.`,
      );
    }
    scene.files.push({ file, asset });
    scenes.set(id, scene);
  }
  return Array.from(scenes.values(), ({ id, files: members }, place) => ({ id, place, files: members }));
}

/** Changes when the bytes, or what is made of them, would change. */
export function fingerprint(file: ListedFile, settings: object): string {
  const { bytes, adler32, md5, version, did } = file;
  const content = adler32 === null && md5 === null ? (version ?? `${did?.scope}:${did?.name}`) : '';
  return createHash('sha256')
    .update(JSON.stringify({ bytes, adler32, md5, content, settings }))
    .digest('hex');
}
