/**
 * Ids -> names of files and folders that are the same text on disk and in a link, because clients (pystac) do not decode links,
 * and that every file system takes.
 */
import { createHash } from 'node:crypto';

/** Characters of a name, an ending left out. */
const LONGEST = 200;

/** What beside it has that name, and what Windows keeps for devices. */
const RESERVED = /^(?:(?:catalog|collection)\.json|(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?)$/i;

const isName = (id: string) =>
  /^[\w-](?:[\w.-]*[\w-])?$/.test(id) && id.length <= LONGEST && !RESERVED.test(id);

function madeName(id: string, attempt: number): string {
  const text = attempt === 0 ? id : `${attempt} ${id}`;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const plain = id.replaceAll(/[^\w.-]/gu, '_').replace(/^\.+/, (dots) => '_'.repeat(dots.length));
  const free = RESERVED.test(plain) ? `_${plain}` : plain;
  return `${free.slice(0, LONGEST - hash.length - 1)}-${hash}`;
}

/**
 * The id where it can be a name, else what is left of it with a hash.
 * @param used names that others have, in small letters as some file systems see them; the new one is added
 */
export function takeName(id: string, used: Set<string>): string {
  let name = isName(id) ? id : madeName(id, 0);
  for (let attempt = 0; used.has(name.toLowerCase()); attempt++) name = madeName(id, attempt);
  used.add(name.toLowerCase());
  return name;
}
