/** Stored documents -> a static catalogue with relative links, each document with its text as it is. STAC 1.1 "Catalog Types". */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';

export interface StoredCollection {
  id: string;
  content: string;
  /** Pages of Items. */
  items: AsyncIterable<{ id: string; content: string }[]>;
}

/** A stored document's text as it is written. */
export type Show = (content: string) => string;

/** Bytes that a file's name may have, the ending left out. */
const LONGEST_NAME = 200;

/** A file's name for an id, the same everywhere. */
function nameOf(id: string): string {
  const name = encodeURIComponent(id).replaceAll(
    /[*'()!~.]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );
  const plain = name.replaceAll('%2e', '.').replace(/^\.+/, (dots) => '%2e'.repeat(dots.length));
  if (plain.length <= LONGEST_NAME) return plain;
  return `${plain.slice(0, LONGEST_NAME - 25)}-${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
}

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
): AsyncGenerator<string> {
  yield openLinks(show(content), [link('root', '../catalog.json'), link('parent', '../catalog.json')]);
  const up = [
    link('root', '../../catalog.json'),
    link('parent', '../collection.json'),
    link('collection', '../collection.json'),
  ];
  for await (const page of items) {
    for (const item of page) {
      const name = nameOf(item.id);
      mkdirSync(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, `${name}.json`), `${openLinks(show(item.content), up)}]}\n`);
      const href = `./${encodeURIComponent(name)}/${encodeURIComponent(name)}.json`;
      yield `,${JSON.stringify(link('item', href, GEOJSON_TYPE))}`;
    }
  }
  yield ']}\n';
}

/** Writes the whole catalogue, its root last. */
export async function writeStatic(
  folder: string,
  collections: AsyncIterable<StoredCollection>,
  show: Show,
): Promise<void> {
  const children: object[] = [];
  mkdirSync(folder, { recursive: true });
  for await (const collection of collections) {
    const name = nameOf(collection.id);
    const home = join(folder, name);
    mkdirSync(home, { recursive: true });
    await pipeline(collectionParts(collection, home, show), createWriteStream(join(home, 'collection.json')));
    children.push(link('child', `./${encodeURIComponent(name)}/collection.json`));
  }
  const catalog = {
    type: 'Catalog',
    stac_version: '1.1.0',
    id: 'rucio-stac',
    description: 'Collections and Items of a rucio-stac catalogue',
    links: [link('root', './catalog.json'), ...children],
  };
  await writeFile(join(folder, 'catalog.json'), `${JSON.stringify(catalog, null, 2)}\n`);
}
