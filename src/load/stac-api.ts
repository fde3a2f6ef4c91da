/** Another STAC API by its address -> its Collections, then its Items, page after page. STAC API 1.0 core, Item Search "Paging". */
import { UserError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { elementTexts, memberTexts } from '../stac/json-text.ts';
import { absolute, withAbsoluteHrefs } from './absolute.ts';
import { type Asked, fetchText } from './fetch-text.ts';
import type { Found } from './found.ts';

export interface Filters {
  collections: string[] | null;
  bbox: number[] | null;
  datetime: string | null;
  /** Most Items. */
  limit: number | null;
}

/** @throws UserError when something is to be chosen where all is read */
export function mustTakeAll(name: string, filters: Filters): void {
  const given = Object.entries(filters).filter(([, value]) => value !== null);
  if (given.length === 0) return;
  const options = given.map(([key]) => `--${key}`).join(', ');
  throw new UserError(
    `${name} is no STAC API, and ${options} choose from one only; leave them out to load all.`,
  );
}

interface Link {
  rel?: string;
  href?: string;
  method?: unknown;
  headers?: Record<string, string>;
  body?: unknown;
  merge?: boolean;
}

/** Items asked for at a time; some servers refuse more than 250. */
const PAGE = 250;

const isPostLink = ({ method }: Link) => String(method).toUpperCase() === 'POST';

const linksOf = (text: string): Link[] => {
  const links = memberTexts(text).get('links');
  const parsed: unknown = links === undefined ? [] : JSON.parse(links);
  return Array.isArray(parsed) ? (parsed as Link[]).filter((link) => typeof link?.href === 'string') : [];
};

/** What the `next` link of a page asks for, or null on the last one. */
function nextOf(text: string, { url, body }: Asked): Asked | null {
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

/** Elements of a page's list, with the address that relative ones are relative to. */
async function* readPages(first: Asked, list: string): AsyncGenerator<{ text: string; place: string }> {
  const seen = new Set<string>();
  for (let asked: Asked | null = first; asked; ) {
    const name = JSON.stringify(asked);
    if (seen.has(name))
      throw new UserError(`${asked.url} names itself as its next page; the server goes round.`);
    seen.add(name);
    const text = await fetchText(asked);
    const elements = elementsOf(text, list, asked.url);
    for (const [index, element] of elements.entries()) {
      const place = `${asked.url} ${list}[${index}]`;
      yield { text: withAbsoluteHrefs(element, asked.url), place };
    }
    asked = nextOf(text, asked);
  }
}

function elementsOf(text: string, list: string, url: string): string[] {
  try {
    JSON.parse(text);
    const elements = memberTexts(text).get(list);
    if (elements?.startsWith('[')) return elementTexts(elements);
  } catch {
    // Told below.
  }
  throw new UserError(`${url} gives no ${list}: ${shown(text.slice(0, 100))}.`);
}

function searchOf(landing: string, root: string, filters: Filters): Asked {
  const { collections, bbox, datetime, limit } = filters;
  const links = linksOf(landing).filter(({ rel }) => rel === 'search');
  const isPost = links.some(isPostLink);
  const [link] = links;
  if (!link)
    throw new UserError(`${root} has no link of the relation "search"; it is no STAC API with Item Search.`);
  const url = absolute(link.href as string, root);
  const body = {
    ...(collections && { collections }),
    ...(bbox && { bbox }),
    ...(datetime !== null && { datetime }),
    limit: Math.min(PAGE, limit ?? PAGE),
  };
  if (isPost) return { url, method: 'POST', body };
  if (!URL.canParse(url)) return { url };
  const query = new URL(url);
  for (const [name, value] of Object.entries(body)) query.searchParams.set(name, String(value));
  return { url: query.href };
}

export const isApi = (landing: { links?: unknown }): boolean =>
  Array.isArray(landing.links) &&
  (landing.links as (Link | null)[]).some((link) => link?.rel === 'search' || link?.rel === 'data');

/** @throws UserError when the server does not answer as a STAC API */
export async function* readStacApi(landing: string, root: string, filters: Filters): AsyncGenerator<Found> {
  const { collections, limit } = filters;
  const base = root.replace(/[?#].*$/, '').replace(/\/$/, '');
  const link = linksOf(landing).find(({ rel }) => rel === 'data');
  const listed = link ? absolute(link.href as string, root) : `${base}/collections`;
  if (collections) {
    for (const id of collections) {
      const url = `${listed.replace(/[?#].*$/, '')}/${encodeURIComponent(id)}`;
      yield { text: withAbsoluteHrefs(await fetchText(url), url), place: url };
    }
  } else yield* readPages({ url: listed }, 'collections');
  let count = 0;
  for await (const found of readPages(searchOf(landing, root, filters), 'features')) {
    if (limit !== null && count >= limit) return;
    count++;
    yield found;
  }
}
