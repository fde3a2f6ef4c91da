/**
 * An asset -> the one place from which its pixels may be read. Documents can be written by others, so an address is only ever
 * read where the operator put it: in the folder of our own store, below the prefix of our own bucket, or on an https host of
 * RUCIO_STAC_TILE_HOSTS. Everything else is refused before a connection is made or a file is looked for.
 */
import { ApiError } from '../../errors.ts';
import { shown } from '../../geo/shown.ts';
import type { Context } from '../../http/api.ts';
import { assetFolder } from '../../http/files.ts';
import { OWN_PREFIX } from '../../stac/link.ts';
import { type Asset, type Place, placesOf } from '../asset-places.ts';

export type PicturePlace =
  | { kind: 'file'; folder: string; parts: string[] }
  /** Redirects are followed to where `mayRead` says yes. */
  | { kind: 'web'; address: URL; mayRead(url: URL): boolean };

/** Parts of a path, decoded. null: one of them would lead elsewhere, or is hidden. */
function plainParts(path: string): string[] | null {
  try {
    const parts = path.split('/').map((part) => decodeURIComponent(part));
    const isPlain = (part: string) => part !== '' && !part.startsWith('.') && !/[/\\\0]/.test(part);
    return parts.every(isPlain) ? parts : null;
  } catch {
    return null;
  }
}

/** A plain address: no user, no password. The URL is what is asked later, so that nothing is read in two ways. */
function parseAddress(href: string): URL | null {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  return url.username === '' && url.password === '' ? url : null;
}

/** Host and port as one, exactly. */
const isAllowed = (url: URL, hosts: readonly string[]): boolean =>
  url.protocol === 'https:' && url.username === '' && url.password === '' && hosts.includes(url.host);

/** @param bucket where public addresses of our own objects begin, a slash at its end */
function isInBucket(url: URL, bucket: string): boolean {
  const root = new URL(bucket);
  if (url.origin !== root.origin || url.search !== '' || url.hash !== '') return false;
  return (
    url.pathname.startsWith(root.pathname) && plainParts(url.pathname.slice(root.pathname.length)) !== null
  );
}

async function findAllowed(asset: Asset, { config, lake }: Context): Promise<URL | null> {
  const hosts = config.tileHosts;
  if (hosts.length === 0) return null;
  const places = await placesOf(asset, lake, null).catch(() => {
    throw new ApiError('Unavailable', 'Rucio gives no answer on where the asset is; try again later');
  });
  const addressOf = ({ href, signed }: Place) =>
    parseAddress(signed !== null && config.signAssets ? signed : href);
  for (const place of places.filter(({ isReadable }) => isReadable)) {
    const address = addressOf(place);
    if (address && isAllowed(address, hosts)) return address;
  }
  return null;
}

/**
 * @param key of the asset, for messages
 * @throws ApiError NotFound where it may not be read; Unavailable where Rucio does not answer
 */
export async function picturePlace(asset: Asset, key: string, context: Context): Promise<PicturePlace> {
  const { config, signer, bucket } = context;
  const href = typeof asset.href === 'string' ? asset.href : '';
  const own = `${OWN_PREFIX}assets/`;
  if (href.startsWith(own)) {
    const parts = plainParts(href.slice(own.length));
    if (parts) return { kind: 'file', folder: assetFolder(config), parts };
    throw noPicture(key, `its href is ${shown(href)}, which is no file of the store`);
  }
  const url = parseAddress(href);
  if (url && bucket !== null && isInBucket(url, bucket)) {
    const address = new URL((await signer?.sign(url.href)) ?? url.href);
    return { kind: 'web', address, mayRead: () => false };
  }
  const allowed = await findAllowed(asset, context);
  if (allowed) return { kind: 'web', address: allowed, mayRead: (to) => isAllowed(to, config.tileHosts) };
  throw noPicture(
    key,
    `it is at ${shown(href)}; pictures are of the server's own store and its allowed hosts`,
  );
}

/** An asset of which there are no pictures. */
export const noPicture = (key: string, why: string): ApiError =>
  new ApiError('NotFound', `there is no picture of the asset ${shown(key)}: ${why}`, 'assetKey');
