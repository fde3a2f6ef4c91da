/** Another STAC API by its address -> its Collections, then its Items, page after page. STAC API 1.0 core, Item Search. */
import { UserError } from '../errors.ts';
import { absolute } from './absolute.ts';
import { type Asked, fetchText } from './fetch-text.ts';
import type { Found } from './found.ts';
import { FORGOTTEN, isPostLink, type Link, linksOf, pageAgain, readPages, toPageDocument } from './pages.ts';
import type { Reading } from './reading.ts';

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

/** Items asked for at a time; some servers refuse more than 250. */
const PAGE = 250;

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

/** Where a load stands: which list it reads, by what the page is asked for, and how many Items came before. */
interface Mark {
  list: 'collections' | 'features';
  /** undefined: the first page; null: there is no further one. */
  asked?: Asked | null;
  count: number;
}

const BEGINNING: Mark = { list: 'collections', count: 0 };
const ITEMS: Mark = { list: 'features', count: 0 };

/** Where to begin, and the page there. */
async function whereLeft(root: string, mark: Mark, say: Reading['say']): Promise<[Mark, string | null]> {
  if (!mark.asked) {
    if (mark !== BEGINNING)
      say(`${root}: continues after its ${mark.asked === null ? 'last Item' : 'Collections'}`);
    return [mark, null];
  }
  const text = await pageAgain(mark.asked, mark.list);
  if (text === null) {
    say(`${root}: ${FORGOTTEN}`);
    return [BEGINNING, null];
  }
  say(`${root}: continues after ${mark.list === 'features' ? `${mark.count} Items` : 'some Collections'}`);
  return [mark, text];
}

async function* readCollections(listed: string, ids: string[] | null, from: Mark, text: string | null) {
  if (ids === null) {
    const asked = from.asked ?? { url: listed };
    for await (const { next, ...found } of readPages(asked, 'collections', text))
      yield next === undefined ? found : { ...found, mark: next ? { ...from, asked: next } : ITEMS };
    return;
  }
  for (const id of ids) {
    const url = `${listed.replace(/[?#].*$/, '')}/${encodeURIComponent(id)}`;
    yield toPageDocument(await fetchText(url), url, url);
  }
}

/** @throws UserError when the server does not answer as a STAC API */
export async function* readStacApi(
  landing: string,
  root: string,
  filters: Filters,
  { journal, say }: Reading,
): AsyncGenerator<Found> {
  const { collections, limit } = filters;
  const base = root.replace(/[?#].*$/, '').replace(/\/$/, '');
  const link = linksOf(landing).find(({ rel }) => rel === 'data');
  const listed = link ? absolute(link.href as string, root) : `${base}/collections`;
  const searches = linksOf(landing).filter(({ rel }) => rel === 'search');
  const left = journal.begin(`api ${JSON.stringify([listed, searches, filters])}`);
  const mark = (left.mark as Mark | null) ?? BEGINNING;
  const [from, text] = await whereLeft(root, mark, say);
  const isDone = (key: string) => from === mark && left.has(key);
  if (from.list === 'collections') {
    for await (const found of readCollections(listed, collections, from, text))
      if (!isDone(found.key)) yield found;
  }
  if (from.asked === null) return;
  const isAmong = from.list === 'features' && from.asked !== undefined;
  const asked = isAmong ? from.asked : searchOf(landing, root, filters);
  let { count } = from;
  for await (const { next, ...found } of readPages(asked as Asked, 'features', isAmong ? text : null)) {
    if (limit !== null && count >= limit) return;
    count++;
    if (isDone(found.key)) continue;
    yield next === undefined ? found : { ...found, mark: { list: 'features', asked: next, count } };
  }
}
