/** A static catalogue by its root -> its Collections and Items, by child and item links. STAC 1.1 Catalog, "Links". */
import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../errors.ts';
import { absolute, isUrl, unlessFile, withAbsoluteHrefs } from './absolute.ts';
import { fetchText } from './fetch-text.ts';
import type { Found } from './found.ts';

/** A document to be read. */
interface Next {
  address: string;
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

const readAddress = (address: string): Promise<string> =>
  isRemote(address) ? fetchText(address) : readFile(findPath(address), 'utf8');

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

/**
 * The catalogue below a root, each document once, a Collection before its Items.
 * @param text of the root
 * @param root path or URL
 */
export async function* readStaticCatalog(text: string, root: string): AsyncGenerator<Found> {
  const seen = new Set([identityOf(root)]);
  const stack: (Next & { text?: string })[] = [{ address: root, text }];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { address, collection } = next;
    let document: Parsed | null;
    let read: string;
    try {
      read = next.text ?? (await readAddress(address));
      document = JSON.parse(read) as Parsed | null;
    } catch (error) {
      yield { fault: `it cannot be read: ${messageOf(error)}`, place: address };
      continue;
    }
    if (document?.type !== 'Catalog')
      yield {
        text: withAbsoluteHrefs(read, address),
        place: address,
        ...(collection !== undefined && { collection }),
      };
    if (document?.type !== 'Catalog' && document?.type !== 'Collection') continue;
    const home = document.type === 'Collection' ? String(document.id) : collection;
    const below: string[] = [];
    for (const each of linksBelow(document, address)) {
      const identity = identityOf(each);
      if (!seen.has(identity)) below.push(each);
      seen.add(identity);
    }
    stack.push(
      ...below.reverse().map((each) => ({ address: each, ...(home !== undefined && { collection: home }) })),
    );
  }
}
