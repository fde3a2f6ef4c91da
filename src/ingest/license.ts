/** What the lake says of a licence -> STAC's `license` and, for an address, a link. STAC 1.1 common metadata, "Licensing". */

/** SPDX ids and STAC's own words; anything else that is no address cannot be told from a typing error and becomes "other". */
const LICENSE = /^[\w.+-]+$/;

/** null: it says nothing. */
export function licenseOf({
  license,
}: Record<string, unknown>): { license: string; links: { rel: string; href: string }[] } | null {
  if (typeof license !== 'string' || license === '') return null;
  if (/^https?:\/\//.test(license)) return { license: 'other', links: [{ rel: 'license', href: license }] };
  return { license: LICENSE.test(license) ? license : 'other', links: [] };
}
