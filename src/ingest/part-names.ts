/** A scene's files -> names of what is made of them. They follow from each file's own name alone: what others of its scene come or go changes none. */
import { createHash } from 'node:crypto';
import type { LayerDescription } from './describe.ts';
import { baseName, type ListedFile, type Scene, stemOf, toId } from './source.ts';

/** Longest part of an object's key that is there for people, in characters. */
const READABLE = 60;

/** What tells the COGs of one file from those of others of its scene; empty for the GeoTIFF that the scene is named after. */
function partOf(id: string, { did, name }: ListedFile): string {
  const stem = stemOf(name);
  const isNamesake = id === toId(stem) || id === toId(`${did?.scope}.${stem}`);
  if (isNamesake) return name.endsWith('.tif') ? '' : `${toId(name.slice(stem.length + 1))}_`;
  const hash = createHash('sha256')
    .update(`${did?.scope ?? ''}:${name}`)
    .digest('hex')
    .slice(0, 8);
  return `${toId(baseName(stem)).slice(0, READABLE)}-${hash}_`;
}

/** Where a layer's COG lies in the store. */
export function storeKey(
  collectionId: string,
  { id }: Pick<Scene, 'id'>,
  file: ListedFile,
  { key }: Pick<LayerDescription, 'key'>,
): string {
  return `${collectionId}/${id}/${partOf(id, file)}${key}.tif`;
}

/** Where a picture of an Item lies in the store. COGs end in .tif. */
export const pictureKey = (
  collectionId: string,
  { id }: Pick<Scene, 'id'>,
  itemId: string,
  kind: string,
): string => `${collectionId}/${id}/${itemId}-${kind}.png`;

/** Key of the asset that is an original. @param isOnly of its Item */
export function sourceKey({ file, asset }: { file: ListedFile; asset: string | null }, isOnly: boolean) {
  if (asset !== null) return `source-${asset}`;
  return isOnly ? 'source' : `source-${toId(baseName(file.name))}`;
}
