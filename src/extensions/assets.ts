/**
 * /collections/{collectionId}/items/{itemId}/assets/{assetKey}: an asset's permanent address. It leads (302) to where its
 * bytes can be read now: the best replica of a file in the lake, or the object in our store, signed where it is not public.
 */
import { z } from 'zod';
import { readItem } from '../db/read.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { type ApiRequest, type Context, type Reply, type Route, reply } from '../http/api.ts';
import { RucioError } from '../rucio/faults.ts';
import { didKey } from '../rucio/resolve.ts';
import { href, isOwnAssetHref, OWN_PREFIX, rootLink } from '../stac/link.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import { type Asset, didOf, type Place, placesOf } from './asset-places.ts';
import { collectionIdParameter } from './collections.ts';
import type { Extension } from './extension.ts';
import { itemIdParameter, refuseItem } from './features.ts';

/** What a client of the web can follow. */
const FOLLOWED = new Set(['https', 'http']);

interface Asked {
  rse: string | null;
  scheme: string | null;
  isList: boolean;
}

/** A list by name only: who takes anything wants the bytes. */
function wantsList(accept: string | undefined): boolean {
  const types = (accept ?? '').split(',').map((range) => range.split(';')[0]?.trim().toLowerCase());
  return types.includes(JSON_TYPE) && !types.includes('*/*');
}

/** @throws ApiError InvalidParameter */
function readAsked({ query, headers }: ApiRequest): Asked {
  const form = query.get('f');
  if (form !== null && form !== 'json')
    throw new ApiError('InvalidParameter', `f is ${shown(form)}; accepted is json`, 'f');
  const isList = form === 'json' || wantsList(headers.accept);
  return { rse: query.get('rse') || null, scheme: query.get('scheme')?.toLowerCase() || null, isList };
}

async function mustHaveAsset({ params }: ApiRequest, { database }: Context): Promise<Asset> {
  const { collectionId, itemId, assetKey } = params as Record<string, string>;
  const [collection, id, key] = [collectionId, itemId, assetKey] as [string, string, string];
  const isText = ![collection, id].some((each) => each.includes('\0'));
  const content = isText ? await readItem(database.db, collection, id) : null;
  if (content === null) return refuseItem(database.db, collection, id);
  const { assets = {} } = JSON.parse(content) as { assets?: Record<string, Asset> };
  const asset = Object.hasOwn(assets, key) ? assets[key] : undefined;
  if (asset) return asset;
  const keys = Object.keys(assets).slice(0, 20).map(shown).join(', ') || 'none';
  throw new ApiError('NotFound', `Item ${shown(id)} has no asset ${shown(key)}; it has ${keys}`, 'assetKey');
}

/** Rucio's refusal or silence, without what is the server's own business. */
function lakeFault(error: unknown, asset: Asset): unknown {
  const did = didOf(asset);
  const name = did && didKey(did);
  const known = error instanceof RucioError ? error.exceptionClass : '';
  if (known === 'DataIdentifierNotFound')
    return new ApiError('Gone', `Rucio has no ${name} any more (${known})`);
  if (error instanceof ApiError) return error;
  const said = known === '' ? 'it gives no answer' : `it says ${known}`;
  return new ApiError('Unavailable', `Rucio was asked where ${name} is, and ${said}; try again later`);
}

/** @throws ApiError Gone, Unavailable, NotFound */
async function findPlaces(asset: Asset, { reader }: ApiRequest, { lake }: Context): Promise<Place[]> {
  const places = await placesOf(asset, lake, reader).catch((error: unknown) => {
    throw lakeFault(error, asset);
  });
  if (places.length > 0) return places;
  if (lake && didOf(asset))
    throw new ApiError('Unavailable', 'Rucio has no replica of it now; try again later');
  if (didOf(asset) && isOwnAssetHref(String(asset.href)))
    throw new ApiError(
      'Unavailable',
      'this server has no connection to Rucio, which alone knows where it is',
    );
  throw new ApiError(
    'NotFound',
    `the href of the asset is ${shown(asset.href)}, which is no absolute address`,
    'assetKey',
  );
}

const listed = (values: (string | null)[]) =>
  [...new Set(values)]
    .filter((each) => each !== null && each !== '')
    .map(shown)
    .join(', ') || 'none';

/** @throws ApiError NotFound, Unavailable, NotAcceptable */
function choose(places: Place[], { rse, scheme }: Asked): Place {
  const there = places.filter((place) => rse === null || place.rse === rse);
  if (there.length === 0 && rse !== null)
    throw new ApiError(
      'NotFound',
      `rse is ${shown(rse)}, which has no replica; there are ${listed(places.map((place) => place.rse))}`,
      'rse',
    );
  const readable = there.filter(({ isReadable }) => isReadable);
  if (readable.length === 0) {
    const states = listed(there.map((place) => `${place.rse}: ${place.state}`));
    throw new ApiError('Unavailable', `no replica of it can be read now (${states}); try again later`);
  }
  const isWanted = (place: Place) => (scheme === null ? FOLLOWED.has(place.scheme) : place.scheme === scheme);
  const found = readable.find(isWanted);
  if (found) return found;
  const schemes = listed(readable.map((place) => place.scheme));
  if (scheme !== null)
    throw new ApiError('NotFound', `scheme is ${shown(scheme)}; there are ${schemes}`, 'scheme');
  throw new ApiError(
    'NotAcceptable',
    `it can only be read by ${schemes}; name one of them as scheme, or ask for application/json`,
    'scheme',
  );
}

/** The address as it is for whoever asks now. */
async function addressOf(place: Place, { base }: ApiRequest, { config, signer }: Context): Promise<string> {
  if (place.signed !== null && config.signAssets) return place.signed;
  if (place.href.startsWith(OWN_PREFIX)) return `${base}/${place.href.slice(OWN_PREFIX.length)}`;
  return (await signer?.sign(place.href)) ?? place.href;
}

/** Our own mark is read as the address of this server, by the web. */
const asFollowed = (place: Place): Place =>
  place.href.startsWith(OWN_PREFIX) ? { ...place, scheme: 'https' } : place;

async function list(request: ApiRequest, context: Context, places: Place[]): Promise<Reply> {
  const { collectionId, itemId, assetKey } = request.params as Record<string, string>;
  const [collection, id, key] = [collectionId, itemId, assetKey] as [string, string, string];
  const replicas = await Promise.all(
    places.map(async (place) => ({
      href: await addressOf(place, request, context),
      scheme: place.scheme,
      rse: place.rse,
      state: place.state,
      readable: place.isReadable,
    })),
  );
  const { base } = request;
  const links = [
    { rel: 'self', type: JSON_TYPE, href: `${href.asset(base, collection, id, key)}?f=json` },
    { rel: 'item', type: GEOJSON_TYPE, href: href.item(base, collection, id) },
    rootLink(base),
  ];
  return { ...reply({ replicas, links }), headers: { vary: 'Accept', 'cache-control': 'no-cache' } };
}

async function resolve(request: ApiRequest, context: Context): Promise<Reply> {
  const asked = readAsked(request);
  const asset = await mustHaveAsset(request, context);
  const places = (await findPlaces(asset, request, context)).map(asFollowed);
  if (asked.isList) return list(request, context, places);
  const location = await addressOf(choose(places, asked), request, context);
  // A header holds ASCII only.
  const ascii = URL.canParse(location) ? new URL(location).href : encodeURI(location);
  const headers = { location: ascii, vary: 'Accept', 'cache-control': 'no-cache' };
  return { status: 302, type: JSON_TYPE, body: '', headers };
}

const route: Route = {
  method: 'get',
  tag: 'Features',
  path: '/collections/{collectionId}/items/{itemId}/assets/{assetKey}',
  operationId: 'getAsset',
  summary: 'Where an asset can be read now',
  parameters: [
    collectionIdParameter,
    itemIdParameter,
    { name: 'assetKey', in: 'path', schema: z.string().describe('Key of an asset') },
    { name: 'rse', in: 'query', schema: z.string().describe('Rucio storage element to read from') },
    { name: 'scheme', in: 'query', schema: z.string().describe('Scheme of the address: https, s3, root, …') },
    { name: 'f', in: 'query', schema: z.enum(['json']).describe('json: all replicas, as a list') },
  ],
  responses: {
    200: 'All replicas, where JSON is asked for by name',
    302: 'The nearest replica that can be read now, in Location',
    400: 'A parameter is wrong',
    404: 'There is no such Collection, Item or asset, or no such replica',
    406: 'No replica can be read over the web',
    410: 'Rucio does not have the file any more',
  },
  handle: resolve,
};

export const assets: Extension = { name: 'assets', conformsTo: [], routes: () => [route] };
