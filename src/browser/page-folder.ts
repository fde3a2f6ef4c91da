/** Where the built page of STAC Browser lies. Its folder is named after what it is built of, so an update is a new one. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot, shipped } from '../package-root.ts';

/** What the page is made of, beside this package's build. */
export const pageSource = (name: string): string => shipped('src', 'browser', 'page', name);

const SOURCES = ['package.json', 'package-lock.json', 'basemaps.config.js'];

/** Raise when the build itself changes what it makes. */
const BUILD = '1';

/** All that builds make, and their lock. */
export const pagesFolder = (): string => join(packageRoot, 'dist', 'browser');

/** Folder of the page, whether it is there or not. */
export function pageFolder(): string {
  const hash = createHash('sha256').update(BUILD);
  for (const name of SOURCES) hash.update(readFileSync(pageSource(name)));
  return join(pagesFolder(), hash.digest('hex').slice(0, 16));
}

/** A page is put in its place whole. */
export const isBuilt = (folder: string): boolean => existsSync(join(folder, 'index.html'));

/** A clone can build the page; a package comes with it. */
export const canBuild = (): boolean => existsSync(shipped('package-lock.json'));
