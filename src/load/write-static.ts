/** Stored documents -> a static catalogue with relative links, each document with its text as it is. STAC 1.1 "Catalog Types". */
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeName } from '../stac/file-name.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import { dropCollection, dropItems, earlierChildren, earlierItems } from './earlier-export.ts';
import { writeWhole } from './write-whole.ts';

/** By which export knows a folder again that it wrote. */
export const CATALOG_ID = 'rucio-stac';

export interface StoredCollection {
  id: string;
  content: string;
  /** Pages of Items. */
  items: AsyncIterable<{ id: string; content: string }[]>;
}

/** A stored document's text as it is written. */
export type Show = (content: string) => string;

const link = (rel: string, href: string, type: string = JSON_TYPE) => ({ rel, href, type });

/** Text before its last link, which more may follow. Stored text ends with its links. */
function openLinks(content: string, links: object[]): string {
  const begun = content.slice(0, -2);
  return `${begun}${begun.endsWith('[') ? '' : ','}${JSON.stringify(links).slice(1, -1)}`;
}

async function* collectionParts(
  { content, items }: StoredCollection,
  folder: string,
  show: Show,
  used: Set<string>,
): AsyncGenerator<string> {
  yield openLinks(show(content), [link('root', '../catalog.json'), link('parent', '../catalog.json')]);
  const up = [
    link('root', '../../catalog.json'),
    link('parent', '../collection.json'),
    link('collection', '../collection.json'),
  ];
  for await (const page of items) {
    for (const item of page) {
      const name = takeName(item.id, used);
      mkdirSync(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, `${name}.json`), `${openLinks(show(item.content), up)}]}\n`);
      yield `,${JSON.stringify(link('item', `./${name}/${name}.json`, GEOJSON_TYPE))}`;
    }
  }
  yield ']}\n';
}

/** Also removes Items that an earlier export wrote there, and this one did not. */
async function writeCollection(collection: StoredCollection, home: string, show: Show): Promise<void> {
  mkdirSync(home, { recursive: true });
  const earlier = earlierItems(home);
  const used = new Set<string>();
  await writeWhole(collectionParts(collection, home, show, used), join(home, 'collection.json'));
  if (earlier) dropItems(home, earlier, used);
}

/** Writes the whole catalogue, its root last. What an earlier export wrote to the same folder and is no more is removed. */
export async function writeStatic(
  folder: string,
  collections: AsyncIterable<StoredCollection>,
  show: Show,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const earlier = earlierChildren(folder);
  const used = new Set<string>();
  const children: object[] = [];
  for await (const collection of collections) {
    const name = takeName(collection.id, used);
    await writeCollection(collection, join(folder, name), show);
    children.push(link('child', `./${name}/collection.json`));
  }
  const catalog = {
    type: 'Catalog',
    stac_version: '1.1.0',
    id: CATALOG_ID,
    description: 'Collections and Items of a rucio-stac catalogue',
    links: [link('root', './catalog.json'), ...children],
  };
  await writeWhole([`${JSON.stringify(catalog, null, 2)}\n`], join(folder, 'catalog.json'));
  for (const name of earlier) if (!used.has(name.toLowerCase())) dropCollection(join(folder, name));
}
