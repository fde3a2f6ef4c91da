/** A static catalogue by its root -> its Collections and Items, by child and item links. STAC 1.1 Catalog, "Links". */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { absolute, isUrl, unlessFile, withAbsoluteHrefs } from './absolute.ts';
import { fetchText } from './fetch-text.ts';
import type { Found } from './found.ts';
import { keyOf, type Left } from './journal.ts';
import { makeReadAhead, type ReadAhead } from './read-ahead.ts';
import type { Reading } from './reading.ts';

/** A document to be read. */
interface Next {
  address: string;
  /** By what it is known again, if it is an Item. */
  key: string;
  collection?: string;
}

function decodedBy(decode: (text: string) => string, path: string): string {
  try {
    return decode(path);
  } catch {
    return path;
  }
}

/** A link on disk may or may not be encoded as a URL. */
const findPath = (path: string): string =>
  [path, decodedBy(decodeURIComponent, path)].find((each) => existsSync(each)) ?? path;

/** What has a protocol is no path; a server must not name files of this machine. */
const isRemote = (address: string) => /^[a-z][a-z0-9+.-]+:/i.test(address);

const readAddress = (address: string, signal: AbortSignal): Promise<string> =>
  isRemote(address)
    ? fetchText({ url: address, signal })
    : readFile(findPath(address), { encoding: 'utf8', signal });

/**
 * The same for each way to write an address, `./`, `%2e/`, `//`, `%61` for `a`, so that a circle of links ends. On disk it is
 * the file itself, which links of the file system may name differently.
 */
function identityOf(address: string): string {
  if (isRemote(address) && URL.canParse(address)) {
    const { origin, pathname, search } = new URL(address);
    // Not `%2F`, which is part of a name.
    return `${origin}${decodedBy(decodeURI, pathname).replaceAll(/\/+/g, '/')}${search}`;
  }
  const path = findPath(address);
  return existsSync(path) ? realpathSync(path) : resolve(path);
}

interface Parsed {
  type?: unknown;
  id?: unknown;
  links?: unknown;
}

/** A file of this machine may be named by an address in a catalogue that lies on it. */
function addressOf(href: string, address: string): string {
  const whole = absolute(href, address);
  return isUrl(address) ? whole : unlessFile(whole);
}

function linksBelow({ links }: Parsed, address: string): string[] {
  if (!Array.isArray(links)) return [];
  return (links as ({ rel?: unknown; href?: unknown } | null)[]).flatMap((link) => {
    const isBelow = link?.rel === 'child' || link?.rel === 'item';
    return isBelow && typeof link.href === 'string' ? [addressOf(link.href, address)] : [];
  });
}

/** Whether a document is one whose links are to be followed. */
export const isRoot = (document: Parsed, address: string): boolean =>
  document.type === 'Catalog' || (document.type === 'Collection' && linksBelow(document, address).length > 0);

/** Of an Item at this address, and of what it is known by without being read: on disk another size or time makes it another. */
function itemKey(identity: string, home: string | undefined): string {
  const stat = isRemote(identity) ? undefined : statSync(identity, { throwIfNoEntry: false });
  return keyOf(JSON.stringify([identity, home, stat?.size, stat?.mtimeMs]));
}

/** What is below a document, each once, without Items that are done. */
function findBelow(document: Parsed, { address, collection }: Next, seen: Set<string>, left: Left): Next[] {
  const home = document.type === 'Collection' ? String(document.id) : collection;
  return linksBelow(document, address).flatMap((each) => {
    const identity = identityOf(each);
    if (seen.has(identity)) return [];
    seen.add(identity);
    const key = itemKey(identity, home);
    return left.has(key) ? [] : [{ address: each, key, ...(home !== undefined && { collection: home }) }];
  });
}

const isAbove = (document: Parsed | null): document is Parsed =>
  document?.type === 'Catalog' || document?.type === 'Collection';

async function* walk(stack: Next[], texts: ReadAhead<Next>, left: Left): AsyncGenerator<Found> {
  const seen = new Set(stack.map(({ address }) => identityOf(address)));
  while (stack.length > 0) {
    const { next, text: coming } = await texts.take();
    const { address, collection } = next;
    let document: Parsed | null = null;
    let text: string | null = null;
    let fault = '';
    try {
      text = await coming;
      document = JSON.parse(text) as Parsed | null;
    } catch (error) {
      text = null;
      fault = messageOf(error);
    }
    // Before what is found is given out: the next ones come while it is written.
    if (isAbove(document))
      for (const each of findBelow(document, next, seen, left).reverse()) stack.push(each);
    if (text === null) {
      yield { fault: `it cannot be read: ${fault}`, place: address };
      continue;
    }
    // For its links a Collection is read anyway.
    const key = document?.type === 'Collection' ? keyOf(next.key + text) : next.key;
    if (document?.type === 'Catalog' || left.has(key)) continue;
    yield {
      text: withAbsoluteHrefs(text, address),
      place: address,
      key,
      ...(collection !== undefined && { collection }),
    };
  }
}

/**
 * The catalogue below a root, each document once, a Collection before its Items, in the order of the links.
 * @param text of the root
 * @param root path or URL
 */
export async function* readStaticCatalog(
  text: string,
  root: string,
  { journal, say }: Reading,
): AsyncGenerator<Found> {
  const left = journal.begin(`catalogue ${keyOf(text)}`);
  if (left.size > 0) say(`${root}: continues; ${left.size} documents of it are done`);
  const top = { address: root, key: keyOf(root) };
  const stack: Next[] = [top];
  const texts = makeReadAhead(stack, async (next, signal) =>
    next === top ? text : readAddress(next.address, signal),
  );
  try {
    yield* walk(stack, texts, left);
  } finally {
    texts.end();
  }
}
