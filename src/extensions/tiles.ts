/**
 * Pictures of assets: previews, tiles of WebMercatorQuad, and TileJSON that leads to them. Of one asset, or of an Item with
 * one asset or three. What may be read, and how much, is in tiles/place.ts and tiles/picture-maker.ts.
 */
import { z } from 'zod';
import { readItem } from '../db/read.ts';
import {
  type ApiRequest,
  type Context,
  type Reply,
  type Route,
  type RouteParameter,
  reply,
} from '../http/api.ts';
import { etagOf, replyTagged } from '../http/etag.ts';
import type { Tile } from '../render/mercator.ts';
import { href } from '../stac/link.ts';
import { JSON_TYPE, PNG_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter } from './collections.ts';
import type { Extension } from './extension.ts';
import { itemIdParameter, queryParameters, refuseItem } from './features.ts';
import { type Assets, assetsShown, mustHave, type NamedAsset, pictureText } from './tiles/layers.ts';
import type { Opened } from './tiles/opened.ts';
import {
  type PictureParams,
  parametersOf,
  readPictureParams,
  readTile,
  tilePath,
} from './tiles/parameters.ts';
import { makePictureMaker, type PictureMaker } from './tiles/picture-maker.ts';
import { tileJson } from './tiles/tilejson.ts';

type Of = 'asset' | 'item';

/** Part of the ETags: another one where the same request gives another picture. */
const PICTURES = 1;
const CACHE_CONTROL = 'public, max-age=3600';

async function assetsOf({ params }: ApiRequest, { database }: Context): Promise<Assets> {
  const { collectionId, itemId } = params as { collectionId: string; itemId: string };
  const isText = !collectionId.includes('\0') && !itemId.includes('\0');
  const content = isText ? await readItem(database.db, collectionId, itemId) : null;
  if (content === null) return refuseItem(database.db, collectionId, itemId);
  return (JSON.parse(content) as { assets?: Assets }).assets ?? {};
}

async function chosenAssets(request: ApiRequest, context: Context, of: Of, params: PictureParams) {
  const assets = await assetsOf(request, context);
  const { assetKey = '' } = request.params;
  if (of === 'asset') return [mustHave(assets, assetKey, 'assetKey')];
  return params.assets ? params.assets.map((key) => mustHave(assets, key, 'assets')) : assetsShown(assets);
}

const openAll = (maker: PictureMaker, named: NamedAsset[], context: Context): Promise<Opened[]> =>
  Promise.all(named.map((each) => maker.open(each, context)));

function pictureTag(request: ApiRequest, opened: Opened[], tile: Tile | null): string {
  const query = [...request.query].sort(([one], [other]) => (one < other ? -1 : 1));
  const files = opened.map(({ bytes, named }) => [bytes.mark, pictureText(named)]);
  return etagOf(JSON.stringify([PICTURES, files, query, tile]));
}

async function picture(request: ApiRequest, context: Context, maker: PictureMaker, of: Of): Promise<Reply> {
  const isTile = request.params.z !== undefined;
  const params = readPictureParams(request.query, parametersOf(isTile ? 'tile' : 'preview', of));
  const tile = isTile ? readTile(request, params.tilesize) : null;
  const named = await chosenAssets(request, context, of, params);
  const opened = await openAll(maker, named, context);
  const etag = pictureTag(request, opened, tile);
  const made = await replyTagged(request.headers, PNG_TYPE, etag, () =>
    maker.draw(etag, { opened, params, tile }, request.mustBeWanted),
  );
  return { ...made, headers: { ...made.headers, 'cache-control': CACHE_CONTROL } };
}

async function describe(request: ApiRequest, context: Context, maker: PictureMaker, of: Of): Promise<Reply> {
  const { base, params: path, query } = request;
  const {
    collectionId,
    itemId,
    assetKey = '',
  } = path as { collectionId: string; itemId: string; assetKey?: string };
  const params = readPictureParams(query, parametersOf('tile', of));
  const named = await chosenAssets(request, context, of, params);
  const opened = await openAll(maker, named, context);
  const place =
    of === 'asset' ? href.asset(base, collectionId, itemId, assetKey) : href.item(base, collectionId, itemId);
  const tiles = `${place}/tiles/{z}/{x}/{y}.png${query.size > 0 ? `?${query}` : ''}`;
  const made = reply(tileJson(opened, of === 'asset' ? `${itemId} ${assetKey}` : itemId, tiles));
  return { ...made, headers: { 'cache-control': 'public, max-age=300' } };
}

const assetKeyParameter: RouteParameter = {
  name: 'assetKey',
  in: 'path',
  schema: z.string().describe('Key of an asset'),
};

const faults = {
  400: 'A parameter is wrong',
  404: 'There is no such Collection, Item or asset, or no picture of it may be drawn',
  410: 'The lake has it no more, so it was deleted',
};
const pictureResponses = { 200: 'The picture', 304: 'The client has it, by its ETag', ...faults };

function routesOf(maker: PictureMaker, of: Of): Route[] {
  const item = '/collections/{collectionId}/items/{itemId}';
  const path = of === 'asset' ? `${item}/assets/{assetKey}` : item;
  const [what, name] = of === 'asset' ? ['an asset', 'Asset'] : ['an Item', 'Item'];
  const place = [collectionIdParameter, itemIdParameter, ...(of === 'asset' ? [assetKeyParameter] : [])];
  const draw = (request: ApiRequest, context: Context) => picture(request, context, maker, of);
  return [
    {
      method: 'get',
      tag: 'Pictures',
      path: `${path}/preview.png`,
      operationId: `get${name}Preview`,
      summary: `A small picture of ${what}`,
      parameters: [...place, ...queryParameters(parametersOf('preview', of))],
      responses: pictureResponses,
      produces: PNG_TYPE,
      handle: draw,
    },
    {
      method: 'get',
      tag: 'Pictures',
      path: `${path}/tiles/{z}/{x}/{y}.png`,
      operationId: `get${name}Tile`,
      summary: `A map tile of ${what}`,
      parameters: [...place, ...tilePath, ...queryParameters(parametersOf('tile', of))],
      responses: pictureResponses,
      produces: PNG_TYPE,
      handle: draw,
    },
    {
      method: 'get',
      tag: 'Pictures',
      path: `${path}/tiles/tilejson.json`,
      operationId: `get${name}TileJson`,
      summary: `TileJSON of ${what}: where its tiles are`,
      parameters: [...place, ...queryParameters(parametersOf('tile', of))],
      responses: { 200: 'TileJSON', ...faults },
      produces: JSON_TYPE,
      handle: (request, context) => describe(request, context, maker, of),
    },
  ];
}

export const tiles: Extension = {
  name: 'tiles',
  conformsTo: [],
  routes: () => {
    const maker = makePictureMaker();
    return [...routesOf(maker, 'asset'), ...routesOf(maker, 'item')];
  },
};
