/** What was drawn of an Item -> its assets thumbnail and overview, and how they were drawn: STAC 1.1 asset roles, render extension 2.0.0. */
import type { AssetStore } from '../s3/types.ts';
import { PNG_TYPE } from '../stac/media-type.ts';
import type { FileDescription, ItemPictures } from './describe.ts';
import { pictureKey } from './part-names.ts';
import type { Scene } from './source.ts';

type Document = Record<string, unknown>;
type Described = readonly { description: FileDescription }[];

export const PICTURES = ['thumbnail', 'overview'] as const;

/** Of all Items of a scene, what was drawn. */
export const drawnOf = (files: Described): Record<string, ItemPictures> =>
  Object.assign({}, ...files.map(({ description }) => description.pictures ?? {}));

/** Keys of a scene's pictures in the store. */
export const pictureKeys = (collectionId: string, scene: Pick<Scene, 'id'>, files: Described): string[] =>
  Object.keys(drawnOf(files)).flatMap((id) =>
    PICTURES.map((kind) => pictureKey(collectionId, scene, id, kind)),
  );

/** Of Items and of a Collection's item_assets. */
export const pictureDefinition = (kind: (typeof PICTURES)[number]): Document => ({
  type: PNG_TYPE,
  title: kind === 'thumbnail' ? 'Thumbnail' : 'Overview',
  roles: kind === 'thumbnail' ? ['thumbnail'] : ['overview', 'visual'],
});

/** Assets of an Item, without their keys being free. */
export function pictureAssets(
  collectionId: string,
  scene: Pick<Scene, 'id'>,
  id: string,
  files: Described,
  store: AssetStore,
): Record<string, Document> {
  const drawn = drawnOf(files)[id];
  if (!drawn) return {};
  const refs = store.scheme();
  const assets = PICTURES.map((kind): [string, Document] => [
    kind,
    {
      href: store.hrefOf(pictureKey(collectionId, scene, id, kind)),
      ...pictureDefinition(kind),
      'file:size': drawn[kind].bytes,
      'file:checksum': `1220${drawn[kind].sha256}`,
      ...(refs && { 'storage:refs': [refs.ref] }),
    },
  ]);
  return Object.fromEntries(assets);
}

/** `renders` of an Item's properties; null: nothing was drawn. */
export function rendersOf(id: string, files: Described): Document | null {
  const drawn = drawnOf(files)[id];
  return drawn ? { overview: { title: 'As the overview is drawn', ...drawn.render } } : null;
}
