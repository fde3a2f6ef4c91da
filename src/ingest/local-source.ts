/** Local file or folder -> Source, for rasters that no data lake knows. */
import { createReadStream, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import type { Source, SourceFile } from './source.ts';

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
  const files = stat.isDirectory() ? listFolder(path) : [toSourceFile(path, basename(path), stat)];
  if (files.length === 0) throw new UserError(`${given} holds no files; give a folder with rasters.`);
  return {
    label: given,
    collectionId,
    did: null,
    asked: null,
    type: null,
    host: null,
    webui: null,
    metadata,
    isWhole: true,
    files,
    // Listed with all that is known.
    complete: async (some) => some as SourceFile[],
    lake: null,
    published: new Map(),
    orders: new Map(),
    close: async () => {},
  };
}
