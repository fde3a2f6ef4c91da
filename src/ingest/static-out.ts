/** The same STAC as static JSON with relative links: a catalog, its Collection, a file an Item. STAC 1.1 "Self-contained Catalogs". COGs of the embedded store are copied beside their Items. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeFolder, UserError } from '../errors.ts';
import { OWN_PREFIX, withBase } from '../stac/link.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import type { Document } from './to-item.ts';

export interface StaticSettings {
  folder: string;
  collectionId: string;
  /** Where the embedded store keeps its files. */
  assetFolder: string;
  /** Public address that our schema is named by; null: none, so the documents do not name it. */
  base: string | null;
}

export interface StaticWriter {
  item(item: Document): void;
  /** Writes the Collection and the catalog above it. */
  finish(collection: Document): void;
}

/** Without a public address our schema is nowhere to be had; a validator elsewhere would look for it in vain. */
function nameSchemas(document: Document, base: string | null): string {
  if (base !== null) return withBase(JSON.stringify(document, null, 2), base);
  const { stac_extensions } = document as { stac_extensions?: string[] };
  const named = stac_extensions?.filter((uri) => !uri.startsWith(OWN_PREFIX));
  return JSON.stringify({ ...document, ...(named && { stac_extensions: named }) }, null, 2);
}

function writeWhole(path: string, document: Document, base: string | null): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  writeFileSync(part, `${nameSchemas(document, base)}\n`);
  renameSync(part, path);
}

/** Copies a COG of the embedded store beside the Item; other addresses stay. */
function takeAlong(href: string, folder: string, assetFolder: string): string {
  const own = `${OWN_PREFIX}assets/`;
  if (!href.startsWith(own)) return href;
  const path = join(assetFolder, ...href.slice(own.length).split('/').map(decodeURIComponent));
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, basename(path)));
  return `./${encodeURIComponent(basename(path))}`;
}

function relativeAssets(assets: Record<string, Document>, folder: string, assetFolder: string) {
  const entries = Object.entries(assets).map(([key, asset]) => [
    key,
    { ...asset, href: takeAlong(String(asset.href), folder, assetFolder) },
  ]);
  return Object.fromEntries(entries) as Record<string, Document>;
}

interface Catalog {
  links: { rel: string; href: string }[];
}

function readCatalog(path: string): Catalog | null {
  if (!existsSync(path)) return null;
  const value = JSON.parse(readFileSync(path, 'utf8')) as { type?: unknown; links?: unknown };
  if (value.type === 'Catalog' && Array.isArray(value.links)) return value as unknown as Catalog;
  throw new UserError(`${path} is there and no STAC Catalog; give --out another folder.`);
}

/** @throws UserError when the folder holds something else, or cannot be made */
export function makeStaticWriter({ folder, collectionId, assetFolder, base }: StaticSettings): StaticWriter {
  makeFolder(folder, '--out');
  const home = join(folder, collectionId);
  const itemLinks: Document[] = [];
  const root = join(folder, 'catalog.json');
  const catalog = readCatalog(root);
  const up = (rel: string, href: string) => ({ rel, href, type: JSON_TYPE });
  return {
    item(item) {
      const id = item.id as string;
      const itemFolder = join(home, id);
      const foreign = item.links as Document[];
      const links = [
        up('root', '../../catalog.json'),
        up('parent', '../collection.json'),
        up('collection', '../collection.json'),
      ];
      const assets = relativeAssets(item.assets as Record<string, Document>, itemFolder, assetFolder);
      writeWhole(join(itemFolder, `${id}.json`), { ...item, links: [...links, ...foreign], assets }, base);
      itemLinks.push({
        rel: 'item',
        href: `./${encodeURIComponent(id)}/${encodeURIComponent(id)}.json`,
        type: GEOJSON_TYPE,
      });
    },
    finish(collection) {
      const foreign = collection.links as Document[];
      itemLinks.sort((a, b) => (String(a.href) < String(b.href) ? -1 : 1));
      const links = [
        up('root', '../catalog.json'),
        up('parent', '../catalog.json'),
        ...itemLinks,
        ...foreign,
      ];
      writeWhole(join(home, 'collection.json'), { ...collection, links }, base);
      const child = {
        rel: 'child',
        href: `./${encodeURIComponent(collectionId)}/collection.json`,
        type: JSON_TYPE,
      };
      const others = (catalog?.links ?? []).filter(({ href }) => href !== child.href);
      const made = {
        type: 'Catalog',
        stac_version: '1.1.0',
        id: 'rucio-stac',
        description: 'Rasters of Rucio data lakes as Cloud-Optimized GeoTIFFs',
        links: others.length > 0 ? [...others, child] : [up('root', './catalog.json'), child],
      };
      writeWhole(root, { ...made, ...catalog, links: made.links }, base);
    },
  };
}
