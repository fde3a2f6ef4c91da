/** What an earlier export into a folder wrote, by its own links: to be removed where a later one does not write it. */
import { lstatSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

interface Document {
  type?: unknown;
  id?: unknown;
  collection?: unknown;
  links?: unknown;
}

/** A file and its folder that are no links to elsewhere. */
function readOwn(folder: string, file: string): Document | null {
  const isOwn =
    lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() &&
    lstatSync(join(folder, file), { throwIfNoEntry: false })?.isFile();
  if (!isOwn) return null;
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Document | null;
  } catch {
    return null;
  }
}

/** `./NAME/FILE` -> its parts. Releases up to 0.2 wrote names with `%`, encoded once more in links. */
function partsOf(href: unknown): { name: string; file: string } | null {
  const [, folder, file] = (typeof href === 'string' && /^\.\/([^/\\]+)\/([^/\\]+)$/.exec(href)) || [];
  if (!folder || !file) return null;
  try {
    const [name, plain] = [folder, file].map(decodeURIComponent) as [string, string];
    return /^\.*$|[/\\]/.test(name) || /[/\\]/.test(plain) ? null : { name, file: plain };
  } catch {
    return null;
  }
}

function namesBelow({ links }: Document, rel: string, fileOf: (name: string) => string): string[] {
  if (!Array.isArray(links)) return [];
  return (links as ({ rel?: unknown; href?: unknown } | null)[]).flatMap((link) => {
    const parts = link?.rel === rel ? partsOf(link.href) : null;
    return parts && parts.file === fileOf(parts.name) ? [parts.name] : [];
  });
}

export interface EarlierCollection {
  id: unknown;
  /** Names of its Items' folders. */
  items: string[];
}

/** Names of the folders of its Collections. @param folder of an export */
export function earlierChildren(folder: string): string[] {
  const catalog = readOwn(folder, 'catalog.json');
  return catalog ? namesBelow(catalog, 'child', () => 'collection.json') : [];
}

/** @param folder of a Collection */
export function earlierItems(folder: string): EarlierCollection | null {
  const found = readOwn(folder, 'collection.json');
  if (found?.type !== 'Collection') return null;
  return { id: found.id, items: namesBelow(found, 'item', (name) => `${name}.json`) };
}

/** Removes a file, and its folder when that is empty then. */
function drop(folder: string, file: string): void {
  rmSync(join(folder, file));
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}

/**
 * Removes Items of a Collection that is there no more, or not whole.
 * @param kept names in small letters, which on some file systems are the same
 */
export function dropItems(folder: string, { id, items }: EarlierCollection, kept: ReadonlySet<string>): void {
  for (const name of items) {
    if (kept.has(name.toLowerCase())) continue;
    const item = readOwn(join(folder, name), `${name}.json`);
    if (item?.type === 'Feature' && item.collection === id) drop(join(folder, name), `${name}.json`);
  }
}

/** Removes a Collection with its Items. */
export function dropCollection(folder: string): void {
  const earlier = earlierItems(folder);
  if (!earlier) return;
  dropItems(folder, earlier, new Set());
  drop(folder, 'collection.json');
}
