/** PFN, where a replica lies -> the address it is read at. */

/** The address we read a PFN at: `davs` is `https` and `dav` is `http`, anything else as it is. */
export function readableUrl(pfn: string): string {
  // Where an RSE asks for it, Rucio writes a hint for XRootD clients behind the PFN.
  const plain = pfn.replace(/&#multirange=[^#]*$/, '');
  return plain.replace(/^dav(s?):/i, (_whole, s: string) => `http${s.toLowerCase()}:`);
}

/** Lower case, '' when there is none. */
export function schemeOf(pfn: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(pfn)?.[1]?.toLowerCase() ?? '';
}

/** Signed PFNs carry their permission in the query. */
export const withoutSecrets = (pfn: string) => pfn.replace(/\?.*$/s, '?...');
