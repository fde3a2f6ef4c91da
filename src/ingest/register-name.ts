/** Names of what is made and put into the lake: for people, taken by Rucio, and another for other bytes. No slashes: Rucio's client makes no folders for them. */

/** Digits of the sha256 in a name: 48 bits tell the contents of one asset apart. */
const HASH = 12;
/** Longest name of a DID. */
const LONGEST = 250;

/** @param ending with its dot */
export function lakeName(text: string, sha256: string, ending: string): string {
  const plain = text
    .replaceAll('/', '.')
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^[._-]/, 'x$&');
  const end = `.${sha256.slice(0, HASH)}${ending}`;
  return `${plain.slice(0, LONGEST - end.length)}${end}`;
}

/** An Item that was put into the lake beside its COGs, by its name. */
export const isItemName = (name: string) => /\.[0-9a-f]{12}\.stac\.json$/.test(name);
