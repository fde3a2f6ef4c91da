/** A page of a STAC API and those that its `next` links lead to -> their documents. STAC API 1.0, Item Search "Paging". */
import { UserError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { elementTexts, memberTexts } from '../stac/json-text.ts';
import { absolute, withAbsoluteHrefs } from './absolute.ts';
import { type Asked, fetchText, isRefused } from './fetch-text.ts';
import type { FoundDocument } from './found.ts';
import { keyOf } from './journal.ts';

export interface Link {
  rel?: string;
  href?: string;
  method?: unknown;
  headers?: Record<string, string>;
  body?: unknown;
  merge?: boolean;
}

/** A document of a page. */
export interface PageDocument extends FoundDocument {
  key: string;
  /** On the last of a page: what the next one is asked with; null: there is none. */
  next?: Asked | null;
}

export const isPostLink = ({ method }: Link) => String(method).toUpperCase() === 'POST';

export const linksOf = (text: string): Link[] => {
  const links = memberTexts(text).get('links');
  const parsed: unknown = links === undefined ? [] : JSON.parse(links);
  return Array.isArray(parsed) ? (parsed as Link[]).filter((link) => typeof link?.href === 'string') : [];
};

/** What the `next` link of a page asks for, or null on the last one. */
export function nextOf(text: string, { url, body }: Asked): Asked | null {
  const link = linksOf(text).find(({ rel }) => rel === 'next');
  if (!link) return null;
  const asked: Asked = {
    url: absolute(link.href as string, url),
    ...(link.headers && { headers: link.headers }),
  };
  if (!isPostLink(link)) return asked;
  const merged = link.merge
    ? { ...(body as object | undefined), ...(link.body as object | undefined) }
    : link.body;
  return { ...asked, method: 'POST', body: merged ?? {} };
}

/** An answer that is something else. */
class NoPage extends UserError {}

function elementsOf(text: string, list: string, url: string): string[] {
  try {
    JSON.parse(text);
    const elements = memberTexts(text).get(list);
    if (elements?.startsWith('[')) return elementTexts(elements);
  } catch {
    // Told below.
  }
  throw new NoPage(`${url} gives no ${list}: ${shown(text.slice(0, 100))}.`);
}

/** One of a page at this address, with what tells it from others. */
export function toPageDocument(element: string, url: string, place: string): PageDocument {
  const text = withAbsoluteHrefs(element, url);
  return { text, place, key: keyOf(text) };
}

/**
 * @param first what the first page is asked with
 * @param list member of a page that holds its documents
 * @param given text of the first page, where it is there already
 * @throws UserError when the server does not answer with pages
 */
export async function* readPages(
  first: Asked,
  list: string,
  given: string | null = null,
): AsyncGenerator<PageDocument> {
  const seen = new Set<string>();
  let text = given;
  for (let asked: Asked | null = first; asked; text = null) {
    const name = JSON.stringify(asked);
    if (seen.has(name))
      throw new UserError(`${asked.url} names itself as its next page; the server goes round.`);
    seen.add(name);
    text ??= await fetchText(asked);
    const { url } = asked;
    const elements = elementsOf(text, list, url);
    asked = nextOf(text, asked);
    for (const [index, element] of elements.entries()) {
      const found = toPageDocument(element, url, `${url} ${list}[${index}]`);
      yield index === elements.length - 1 ? { ...found, next: asked } : found;
    }
  }
}

/** Said where that is so. */
export const FORGOTTEN =
  'the server does not give the page any more where this was interrupted; all of it is read again';

/**
 * The page that an interrupted load would have asked for next; null where the server does not know it any more.
 * An empty one counts as none: some servers answer so to a token they forgot, and to read again loses nothing.
 * @throws UserError when there is no answer
 */
export async function pageAgain(asked: Asked, list: string): Promise<string | null> {
  try {
    const text = await fetchText(asked);
    const { length } = elementsOf(text, list, asked.url);
    return length === 0 && nextOf(text, asked) === null ? null : text;
  } catch (error) {
    if (isRefused(error) || error instanceof NoPage) return null;
    throw error;
  }
}
