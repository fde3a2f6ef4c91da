/** What can be ingested, wherever it lies: files with what is known of them, and what they are together. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { UserError } from '../errors.ts';
import type { RucioClient } from '../rucio/connect.ts';
import type { Did, DidType, Replica } from '../rucio/types.ts';

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

export interface SourceFile {
  /** null: a local file, which no data lake knows. */
  did: Did | null;
  /** Name within the source, `/`-separated. */
  name: string;
  bytes: number | null;
  adler32: string | null;
  md5: string | null;
  /** What tells this content from another where there is no checksum. */
  version: string;
  replicas: Replica[];
  metadata: Record<string, unknown>;
  fetch(options: FetchOptions): Promise<FetchedFile>;
}

export interface Source {
  /** For people: the DID or the path. */
  label: string;
  collectionId: string;
  did: Did | null;
  type: DidType | null;
  /** Address of the Rucio server, no slash at the end. */
  host: string | null;
  /** Address of the Rucio web UI, no slash at the end. */
  webui: string | null;
  metadata: Record<string, unknown>;
  /** `files` are all that `did` holds; false for a single file of a dataset. */
  isWhole: boolean;
  files: SourceFile[];
  /** The lake it lies in; null: a local source. */
  lake: RucioClient | null;
  /** Replicas of COGs that are in the lake, too, by `scope:name`, as Rucio told when the run began or put them there. */
  published: Map<string, Replica[]>;
  close(): Promise<void>;
}

/** Files that share a scene become one Item; `asset` names each file's part of it. */
export interface Scene {
  id: string;
  files: { file: SourceFile; asset: string | null }[];
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

function withoutExtension(name: string): string {
  const extension = extname(name);
  return extension === '' ? name : name.slice(0, -extension.length);
}

/** @param pattern regular expression with the group `scene`, and `asset` where a scene has several files; null: by stem */
export function groupScenes(source: Source, files: SourceFile[], pattern: RegExp | null): Scene[] {
  const scenes = new Map<string, Scene & { from: string }>();
  for (const file of files) {
    const match = pattern?.exec(file.name);
    const stem = withoutExtension(file.name);
    const key = match?.groups?.scene ?? stem;
    const foreign = file.did !== null && source.did !== null && file.did.scope !== source.did.scope;
    const id = toId(foreign ? `${file.did?.scope}.${key}` : key);
    const scene = scenes.get(id) ?? { id, files: [], from: key };
    if (scene.from !== key) {
      throw new UserError(
        `Two scenes of ${source.label} would have the Item id "${id}" (${scene.from} and ${key}); ingest them into different Collections, or name scenes by --scene.`,
      );
    }
    scene.files.push({ file, asset: match?.groups?.asset ?? null });
    scenes.set(id, scene);
  }
  return [...scenes.values()].map(({ id, files: members }) => ({ id, files: members }));
}

/** Changes when the bytes, or what is made of them, would change. */
export function fingerprint(file: SourceFile, settings: object): string {
  const { bytes, adler32, md5, version } = file;
  const content = adler32 === null && md5 === null ? version : '';
  return createHash('sha256')
    .update(JSON.stringify({ bytes, adler32, md5, content, settings }))
    .digest('hex');
}
