/** The preferences of a request that writes take note of. RFC 7240 4.2, 4.4. */
import type { IncomingHttpHeaders } from 'node:http';

export interface Preferences {
  /** return=minimal: no document in the reply. */
  isMinimal: boolean;
  /** handling=lenient: documents need not agree with the schemas of their extensions. */
  isLenient: boolean;
}

/** Of a preference given twice the first counts. */
export function readPreferences({ prefer }: IncomingHttpHeaders): Preferences {
  const found = new Map<string, string>();
  for (const part of String(prefer ?? '').split(',')) {
    const [name = '', value = ''] = (part.split(';')[0] as string).split('=').map((each) => each.trim());
    if (!found.has(name.toLowerCase()))
      found.set(name.toLowerCase(), value.replaceAll('"', '').toLowerCase());
  }
  return { isMinimal: found.get('return') === 'minimal', isLenient: found.get('handling') === 'lenient' };
}
