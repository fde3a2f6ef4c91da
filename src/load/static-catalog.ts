/** A static catalogue by its root -> its Collections and Items, by child and item links. STAC 1.1 Catalog, "Links". */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.ts';
import { absolute, isUrl, withAbsoluteHrefs } from './absolute.ts';
import { fetchText } from './fetch-text.ts';
import type { Found } from './found.ts';

/** A document to be read. */
interface Next {
  address: string;
  collection?: string;
}

/** A link on disk may or may not be encoded as a URL. */
async function readPath(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!path.includes('%') || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return readFile(decodeURIComponent(path), 'utf8');
  }
}

/** What has a protocol is no path; a server must not name files of this machine. */
const isRemote = (address: string) => /^[a-z][a-z0-9+.-]+:/i.test(address);

const readAddress = (address: string): Promise<string> =>
  isRemote(address) ? fetchText(address) : readPath(address);

interface Parsed {
  type?: unknown;
  id?: unknown;
  links?: unknown;
}

/** A file of this machine may be named by an address in a catalogue that lies on it. */
function addressOf(href: string, address: string): string {
  const whole = absolute(href, address);
  const isFile = /^file:\/\//i.test(whole) && !isUrl(address);
  return isFile && URL.canParse(whole) ? fileURLToPath(whole) : whole;
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
  const seen = new Set([root]);
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
    const below = [...new Set(linksBelow(document, address))].filter((each) => !seen.has(each));
    for (const each of below) seen.add(each);
    stack.push(
      ...below.reverse().map((each) => ({ address: each, ...(home !== undefined && { collection: home }) })),
    );
  }
}
