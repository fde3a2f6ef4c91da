/** Stored documents -> one file's text: NDJSON, or an ItemCollection with its Collections beside. */
import { oneLine } from '../stac/json-text.ts';
import { withBase } from '../stac/link.ts';
import type { StoredCollection } from './write-static.ts';

const show = (content: string, base: string | null) => (base === null ? content : withBase(content, base));

/** A Collection, then its Items, then the next. */
export async function* ndjsonParts(
  collections: AsyncIterable<StoredCollection>,
  base: string | null,
): AsyncGenerator<string> {
  for await (const { content, items } of collections) {
    yield `${oneLine(show(content, base))}\n`;
    for await (const page of items)
      yield page.map((item) => `${oneLine(show(item.content, base))}\n`).join('');
  }
}

/** The Collections first, so that whoever reads it has them before their Items. */
export async function* geojsonParts(
  texts: AsyncIterable<string>,
  pages: AsyncIterable<{ content: string }[]>,
  base: string | null,
): AsyncGenerator<string> {
  yield '{"type":"FeatureCollection","collections":[';
  let mark = '\n';
  for await (const text of texts) {
    yield mark + show(text, base);
    mark = ',\n';
  }
  yield '\n],"features":[';
  mark = '\n';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield mark + page.map(({ content }) => show(content, base)).join(',\n');
    mark = ',\n';
  }
  yield '\n]}\n';
}
