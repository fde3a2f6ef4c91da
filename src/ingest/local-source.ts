/** Local file or folder -> Source, for rasters that no data lake knows. */
import { createReadStream, existsSync, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { ROOT_KEYS } from '../raster/zarr-store.ts';
import { groupStores } from './group-stores.ts';
import { type ListedFile, type Source, type SourceFile, sourceOfFiles } from './source.ts';

function statOf(path: string): Stats {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat) return stat;
  throw new UserError(
    `There is no file or folder ${path}, and "${path}" is no DID (scope:name); give one of them to ingest.`,
  );
}

function toSourceFile(path: string, name: string, stat: Stats): SourceFile {
  return {
    did: null,
    name,
    bytes: stat.size,
    adler32: null,
    md5: null,
    version: `${stat.size} ${stat.mtimeMs}`,
    replicas: [],
    metadata: {},
    async fetch() {
      // Told now, by name, if the file cannot be opened.
      await new Promise<void>((done, fail) => {
        const stream = createReadStream(path, { start: 0, end: 0 });
        stream
          .on('error', fail)
          .on('data', () => {})
          .on('close', () => done());
      });
      return { path, isTemporary: false, faults: [] };
    },
  };
}

/** A store where it lies. */
function toStore(folder: string, store: ListedFile): SourceFile {
  return {
    ...store,
    replicas: [],
    metadata: {},
    fetch: async () => ({ path: join(folder, ...store.name.split('/')), isTemporary: false, faults: [] }),
  };
}

/** Folders named `….zarr` are one file each, the given one included. */
function listFiles(path: string): SourceFile[] {
  const isStore = /\.zarr$/i.test(path) && ROOT_KEYS.some((key) => existsSync(join(path, key)));
  const above = isStore ? dirname(path) : path;
  const files = listFolder(path);
  if (isStore) for (const file of files) file.name = `${basename(path)}/${file.name}`;
  return groupStores(files).map((file) => (file.parts ? toStore(above, file) : (file as SourceFile)));
}

function listFolder(folder: string): SourceFile[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .map((path) =>
      toSourceFile(
        path,
        path
          .slice(folder.length + 1)
          .split(sep)
          .join('/'),
        statSync(path),
      ),
    );
}

/** @throws UserError when there is nothing at the path */
export function openLocalSource(
  given: string,
  collectionId: string,
  metadata: Record<string, unknown> = {},
): Source {
  const path = resolve(given);
  const stat = statOf(given);
  const files = stat.isDirectory() ? listFiles(path) : [toSourceFile(path, basename(path), stat)];
  if (files.length === 0) throw new UserError(`${given} holds no files; give a folder with rasters.`);
  return sourceOfFiles(given, collectionId, files, metadata);
}
