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

/** Parameters of signatures: S3 (v4, v2), Google, Swift. */
const SIGNATURE =
  /^(?:x-amz-.*|x-goog-.*|awsaccesskeyid|googleaccessid|expires|signature|temp_url_sig|temp_url_expires)=/i;
const SIGNED = /[?&](?:x-amz-signature|x-goog-signature|signature|temp_url_sig)=/i;

/** Where a replica lies, without the permission to read it for a while; null: there is none in it. */
export function withoutSignature(pfn: string): string | null {
  if (!SIGNED.test(pfn)) return null;
  const [, place, query = '', hint = ''] = /^([^?]*)\?([^#]*?)(&?#.*)?$/s.exec(pfn) ?? [];
  const kept = query.split('&').filter((each) => each !== '' && !SIGNATURE.test(each));
  return `${place}${kept.length > 0 ? `?${kept.join('&')}` : ''}${hint}`;
}

/** Signed PFNs carry their permission in the query. */
export const withoutSecrets = (pfn: string) => pfn.replace(/\?.*$/s, '?...');
