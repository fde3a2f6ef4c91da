/** The same STAC as static JSON with relative links: a catalog, its Collection, a file an Item. STAC 1.1 "Self-contained Catalogs". COGs of the embedded store are copied beside their Items. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { makeFolder, UserError } from '../errors.ts';
import { takeName } from '../stac/file-name.ts';
import { isOwnAssetHref, OWN_PREFIX, withBase } from '../stac/link.ts';
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

/** A file's name that links can say as it is; its ending stays. */
function takeFileName(path: string, used: Set<string>): string {
  const { name, ext, base } = parse(path);
  return /^\.\w+$/.test(ext) ? `${takeName(name, used)}${ext}` : takeName(base, used);
}

/** Files lead to no server: where it has no known address, the first replica stands for the asset's permanent one, or its DID. */
function placeOf({ href, alternate, ...asset }: Document, base: string | null): string {
  const address = String(href);
  if (base !== null || !isOwnAssetHref(address)) return address;
  const [first] = Object.values((alternate ?? {}) as Record<string, Document>);
  if (first) return String(first.href);
  const path = String(asset['rucio:name']).split('/').map(encodeURIComponent).join('/');
  return `rucio://${asset['rucio:scope']}/${path}`;
}

/** Copies a COG of the embedded store beside the Item; other addresses stay. */
function takeAlong(href: string, folder: string, assetFolder: string, names: Set<string>): string {
  const own = `${OWN_PREFIX}assets/`;
  if (!href.startsWith(own)) return href;
  const path = join(assetFolder, ...href.slice(own.length).split('/').map(decodeURIComponent));
  const name = takeFileName(path, names);
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, name));
  return `./${name}`;
}

function relativeAssets(
  assets: Record<string, Document>,
  folder: string,
  { assetFolder, base }: Pick<StaticSettings, 'assetFolder' | 'base'>,
) {
  const names = new Set<string>();
  const entries = Object.entries(assets).map(([key, asset]) => [
    key,
    { ...asset, href: takeAlong(placeOf(asset, base), folder, assetFolder, names) },
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

/** The id of what a link of the root leads to; undefined: nothing that can be read. */
function linkedId(folder: string, href: string): unknown {
  try {
    const path = join(folder, href);
    // Releases up to 0.2 encoded links.
    const found = existsSync(path) ? path : decodeURIComponent(path);
    return (JSON.parse(readFileSync(found, 'utf8')) as { id?: unknown } | null)?.id;
  } catch {
    return undefined;
  }
}

/** The folder's name for a Collection, and the links that the root has beside it. */
function placeBeside(folder: string, collectionId: string, links: Catalog['links']) {
  const others = links.filter(({ rel, href }) => rel !== 'child' || linkedId(folder, href) !== collectionId);
  const used = others.flatMap(({ href }) => /^\.\/([^/]+)\//.exec(href)?.[1]?.toLowerCase() ?? []);
  return { name: takeName(collectionId, new Set(used)), others };
}

/** @throws UserError when the folder holds something else, or cannot be made */
export function makeStaticWriter({ folder, collectionId, assetFolder, base }: StaticSettings): StaticWriter {
  makeFolder(folder, '--out');
  const itemLinks: Document[] = [];
  const root = join(folder, 'catalog.json');
  const catalog = readCatalog(root);
  const { name: homeName, others } = placeBeside(folder, collectionId, catalog?.links ?? []);
  const home = join(folder, homeName);
  const itemNames = new Set<string>();
  const up = (rel: string, href: string) => ({ rel, href, type: JSON_TYPE });
  return {
    item(item) {
      const name = takeName(item.id as string, itemNames);
      const itemFolder = join(home, name);
      // Without a public address there is no place that such a link leads to.
      const foreign = (item.links as Document[]).filter(
        ({ href }) => base !== null || !String(href).startsWith(OWN_PREFIX),
      );
      const links = [
        up('root', '../../catalog.json'),
        up('parent', '../collection.json'),
        up('collection', '../collection.json'),
      ];
      const assets = relativeAssets(item.assets as Record<string, Document>, itemFolder, {
        assetFolder,
        base,
      });
      writeWhole(join(itemFolder, `${name}.json`), { ...item, links: [...links, ...foreign], assets }, base);
      itemLinks.push({ rel: 'item', href: `./${name}/${name}.json`, type: GEOJSON_TYPE });
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
      const child = { rel: 'child', href: `./${homeName}/collection.json`, type: JSON_TYPE };
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
