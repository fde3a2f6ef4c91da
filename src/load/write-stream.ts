/** Stored documents -> one file's text: NDJSON, or an ItemCollection with its Collections beside. */
import { oneLine } from '../stac/json-text.ts';
import type { Show, StoredCollection } from './write-static.ts';

/** A Collection, then its Items, then the next. */
export async function* ndjsonParts(
  collections: AsyncIterable<StoredCollection>,
  show: Show,
): AsyncGenerator<string> {
  for await (const { content, items } of collections) {
    yield `${oneLine(show(content))}\n`;
    for await (const page of items) yield page.map((item) => `${oneLine(show(item.content))}\n`).join('');
  }
}

/** The Collections first, so that whoever reads it has them before their Items. */
export async function* geojsonParts(
  texts: AsyncIterable<string>,
  pages: AsyncIterable<{ content: string }[]>,
  show: Show,
): AsyncGenerator<string> {
  yield '{"type":"FeatureCollection","collections":[';
  let mark = '\n';
  for await (const text of texts) {
    yield mark + show(text);
    mark = ',\n';
  }
  yield '\n],"features":[';
  mark = '\n';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield mark + page.map(({ content }) => show(content)).join(',\n');
    mark = ',\n';
  }
  yield '\n]}\n';
}
