/** An asset -> the places where its bytes are: replicas in the lake as Rucio knows them now, else what the document says. */
import type { Lake } from '../rucio/lake.ts';
import { readableUrl } from '../rucio/pfn.ts';
import type { Did } from '../rucio/types.ts';
import { isOwnAssetHref, OWN_PREFIX } from '../stac/link.ts';

export interface Place {
  href: string;
  /** The same with a signature of Rucio's. */
  signed: string | null;
  /** Of the address: https, s3, root, … */
  scheme: string;
  /** null: outside of the lake, or its name is not known. */
  rse: string | null;
  /** In Rucio's words; null: not known. */
  state: string | null;
  /** It can be read now, as far as is known. */
  isReadable: boolean;
}

export interface Asset {
  href?: unknown;
  alternate?: unknown;
  [field: string]: unknown;
}

const schemeOf = (href: string) => /^([a-z][a-z0-9+.-]*):/i.exec(href)?.[1]?.toLowerCase() ?? '';

/** The file that an asset is a copy of, byte by byte. */
export function didOf(asset: Asset): Did | null {
  const { 'rucio:scope': scope, 'rucio:name': name } = asset;
  return typeof scope === 'string' && typeof name === 'string' ? { scope, name } : null;
}

function placeOf(href: unknown, rse: string | null): Place[] {
  if (typeof href !== 'string' || schemeOf(href) === '') return [];
  const address = readableUrl(href);
  return [{ href: address, signed: null, scheme: schemeOf(address), rse, state: null, isReadable: true }];
}

/** What the document says: `href`, then its alternates (alternate-assets 1.2), by the name of the RSE. */
function toldPlaces({ href, alternate }: Asset): Place[] {
  const others = typeof alternate === 'object' && alternate !== null ? Object.entries(alternate) : [];
  const named = others.flatMap(([key, each]) => {
    const { href: address, 'alternate:name': name } = (each ?? {}) as Record<string, unknown>;
    return placeOf(address, typeof name === 'string' ? name : key);
  });
  // Its permanent address is where the question came from.
  const [own] = typeof href === 'string' && isOwnAssetHref(href) ? [] : placeOf(href, null);
  if (!own) return named;
  const first = named.find((each) => each.href === own.href) ?? own;
  return [first, ...named.filter((each) => each !== first)];
}

/** Data that are in the lake as well as in a store of their own: `href` is none of the replicas, and needs no lake. */
function ownPlace(asset: Asset): Place[] {
  const { roles, href, alternate, 'storage:refs': refs } = asset;
  const isData = Array.isArray(roles) && roles.includes('data');
  // The asset's own permanent address would lead here again.
  const isPermanent = typeof href === 'string' && href.startsWith(`${OWN_PREFIX}collections/`);
  const rses = Object.keys((alternate as object | null | undefined) ?? {});
  const isReplica = Array.isArray(refs) && refs.some((ref) => rses.includes(String(ref)));
  if (!isData || isPermanent || isReplica) return [];
  const [own] = toldPlaces(asset);
  return own && own.rse === null && own.scheme !== 'rucio' ? [own] : [];
}

/**
 * The best first.
 * @param reader network of who asks
 * @throws RucioError DataIdentifierNotFound, UserError where Rucio gives no answer
 */
export async function placesOf(asset: Asset, lake: Lake | null, reader: string | null): Promise<Place[]> {
  const did = didOf(asset);
  const isOfLake = lake !== null && did !== null && (asset['rucio:host'] ?? lake.host) === lake.host;
  if (!isOfLake) return toldPlaces(asset);
  const own = ownPlace(asset);
  const replicas = await lake.replicasOf(did, reader).catch((error: unknown) => {
    if (own.length > 0) return [];
    throw error;
  });
  const inLake = replicas.flatMap(({ pfn, signed, rse, state, isReadable }) =>
    placeOf(pfn, rse).map((place) => ({
      ...place,
      signed: signed === undefined ? null : readableUrl(signed),
      state,
      isReadable,
    })),
  );
  return [...own, ...inLake];
}
