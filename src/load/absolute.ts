/** Relative addresses of a document's assets and links -> absolute ones, as pystac's make_all_asset_hrefs_absolute has them. */
import { dirname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JsonNode, leaf, open, textOf } from '../stac/json-tree.ts';

const hasScheme = (href: string) => /^[a-z][a-z0-9+.-]*:/i.test(href);

export const isUrl = (address: string) => /^https?:\/\//i.test(address);

/** A `file:` address -> the path that it names; anything else stays as it is. */
export function unlessFile(address: string): string {
  if (!/^file:\/\//i.test(address)) return address;
  try {
    return fileURLToPath(address);
  } catch {
    return address;
  }
}

/** What is no address stays as it is. @param address path or URL of the document that says it */
export function absolute(href: string, address: string): string {
  if (hasScheme(href)) return href;
  if (isUrl(address)) return URL.canParse(href, address) ? new URL(href, address).href : href;
  return isAbsolute(href) ? href : resolve(dirname(address), href);
}

/** True where it was relative. */
function changeHref(node: JsonNode, address: string): boolean {
  const parts = open(node);
  if (!('members' in parts)) return false;
  const found = parts.members.get('href');
  const text = found && textOf(found);
  if (!text?.startsWith('"')) return false;
  const href = JSON.parse(text) as string;
  const whole = absolute(href, address);
  if (whole === href) return false;
  parts.members.set('href', leaf(JSON.stringify(whole)));
  return true;
}

function membersOf(node: JsonNode | undefined): JsonNode[] {
  const parts = node && open(node);
  return parts && 'members' in parts ? [...parts.members.values()] : [];
}

/**
 * JSON text of an Item or Collection whose own assets and links do not depend on where it lies; all else keeps its text.
 * @param address path or URL of the document
 */
export function withAbsoluteHrefs(text: string, address: string): string {
  const root = leaf(text.trim());
  const parts = open(root);
  if (!('members' in parts)) return text;
  const assets = membersOf(parts.members.get('assets'));
  // Other places of an asset, by the extension alternate-assets.
  const alternates = assets.flatMap((asset) => {
    const members = open(asset);
    return 'members' in members ? membersOf(members.members.get('alternate')) : [];
  });
  const links = parts.members.get('links');
  const list = links && open(links);
  const nodes = [...assets, ...alternates, ...(list && 'elements' in list ? list.elements : [])];
  const changed = nodes.filter((node) => changeHref(node, address));
  return changed.length > 0 ? textOf(root) : text;
}
