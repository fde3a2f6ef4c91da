/** Files and folders of this machine -> the names that they get in a lake. Names are relative to the folder that was given. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';
import { isRasterName, openRaster } from '../raster/open-raster.ts';
import { sumFile } from '../rucio/fetch/sums.ts';
import type { UploadFile } from '../rucio/upload.ts';
import { rasterMetadata } from './register-metadata.ts';

export interface LocalFile {
  path: string;
  name: string;
  bytes: number;
}

/** Control characters, and what is a path of its own to somebody. */
function nameFault(name: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'it holds a control character';
  if (name.includes('\\')) return 'it holds a backslash';
  if (name.startsWith('/')) return 'it begins with a slash';
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'it has an empty, "." or ".." part';
  if (name.length > 250) return 'it is longer than 250 characters';
  return null;
}

function filesOf(given: string): LocalFile[] {
  const stat = statSync(given, { throwIfNoEntry: false });
  if (!stat) throw new UserError(`There is no file or folder ${given}; check how it is written.`);
  const path = resolve(given);
  if (!stat.isDirectory()) return [{ path, name: basename(path), bytes: stat.size }];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((each) => isRasterName(each) && lstatSync(each).isFile())
    .sort()
    .map((each) => ({
      path: each,
      name: each
        .slice(path.length + 1)
        .split(sep)
        .join('/'),
      bytes: statSync(each).size,
    }));
}

/**
 * Of a folder its rasters, by their names, at any depth; of what is named itself, everything.
 * @param prefix of all names; '' for none
 * @throws UserError when a name cannot be one in a lake, or two files would have the same
 */
export function listLocal(paths: string[], prefix: string): LocalFile[] {
  const files = new Map<string, LocalFile>();
  for (const file of paths.flatMap(filesOf)) {
    const name = `${prefix}${file.name}`;
    const fault = nameFault(name);
    if (fault !== null)
      throw new UserError(`${JSON.stringify(name)} cannot be a name in the lake: ${fault}.`);
    const other = files.get(name);
    if (other && other.path !== file.path)
      throw new UserError(
        `${other.path} and ${file.path} would both be "${name}" in the lake; upload them one after another with --prefix.`,
      );
    files.set(name, { ...file, name });
  }
  if (files.size === 0)
    throw new UserError(`${paths.join(', ')} holds no rasters (.tif, .tiff, .nc or the like).`);
  return [...files.values()];
}

/** Reads what the lake is to know of a file. @throws UserError when it is no raster that can be read */
export async function describeLocal(
  { path, name }: LocalFile,
  scope: string,
  signal: AbortSignal,
): Promise<UploadFile> {
  const raster = await openRaster(path, { multiband: true });
  try {
    const metadata = rasterMetadata(raster, name);
    const summing = await sumFile(path, { signal });
    return { scope, name, path, ...summing.sums(), metadata };
  } finally {
    await raster.close();
  }
}
