/** Stored text -> how many of its assets lie in the catalogue's own store, at addresses that only this catalogue can tell. */
import { memberTexts } from '../stac/json-text.ts';
import { isOwnAssetHref, OWN_PREFIX } from '../stac/link.ts';

interface Located {
  href?: unknown;
  /** Other places of the same asset, by the extension alternate-assets. */
  alternate?: Record<string, Located | null> | null;
}

const isOwn = (located: Located | null) =>
  typeof located?.href === 'string' && located.href.startsWith(OWN_PREFIX) && !isOwnAssetHref(located.href);

/** @param content of a stored Item or Collection, which may be invalid */
export function countOwnAssets(content: string): number {
  if (!content.includes(OWN_PREFIX)) return 0;
  const assets = JSON.parse(memberTexts(content).get('assets') ?? '{}') as Record<
    string,
    Located | null
  > | null;
  return Object.values(assets ?? {}).filter((asset) =>
    [asset, ...Object.values(asset?.alternate ?? {})].some(isOwn),
  ).length;
}
