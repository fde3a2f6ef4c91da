/** Items of one Collection. STAC API 1.0 Features; OGC API Features Part 1, 7.15-7.16. */
import { z } from 'zod';
import { readItem } from '../db/read.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { formatParameter, ITEM_TYPES, withoutFormat } from '../http/accept.ts';
import type { ApiRequest, Context, Reply, Route, RouteParameter } from '../http/api.ts';
import { replyWithTag } from '../http/etag.ts';
import { fromQuery, type Parameters, type SearchParams } from '../search/params.ts';
import type { Db } from '../search/tables.ts';
import { href, itemLinks, type Link, QUERYABLES_REL, withLinks } from '../stac/link.ts';
import { GEOJSON_TYPE, JSON_TYPE, SCHEMA_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Api, Extension } from './extension.ts';
import { goneFor } from './gone.ts';
import { replyWithPage } from './page.ts';
import { alternateLinks, replyInFormat } from './stream-items.ts';

export const itemIdParameter: RouteParameter = {
  name: 'itemId',
  in: 'path',
  schema: z.string().describe('Id of an Item'),
};

/** What /collections/{collectionId}/items does not take. `collections`, as pystac-client sends it there (Collection.get_items), must name this one. */
const SEARCH_ONLY = new Set(['ids', 'intersects']);

function itemsParameters(all: Parameters): Parameters {
  return Object.fromEntries(Object.entries(all).filter(([name]) => !SEARCH_ONLY.has(name)));
}

/** Parameters as OpenAPI lists them. */
export function queryParameters(parameters: Parameters): RouteParameter[] {
  return Object.entries(parameters).map(([name, { schema }]) => ({ name, in: 'query', schema }));
}

/**
 * Query string of a search whose answer has several forms -> SearchParams.
 * @throws ApiError InvalidParameter
 */
export function fromFormatQuery(query: URLSearchParams, parameters: Parameters): SearchParams {
  return fromQuery(withoutFormat(query), parameters);
}

async function listItems(request: ApiRequest, context: Context, api: Api): Promise<Reply> {
  const { base, params, query } = request;
  const id = params.collectionId as string;
  const search = fromFormatQuery(query, itemsParameters(api.parameters));
  if (search.collections && !search.collections.includes(id)) {
    throw new ApiError(
      'InvalidParameter',
      `collections leaves out ${shown(id)}, which the path names`,
      'collections',
    );
  }
  await mustHaveCollection(context.database.db, id);
  const address = href.items(base, id);
  const self = query.size > 0 ? `${address}?${query}` : address;
  const links = [
    { rel: 'self', type: GEOJSON_TYPE, href: self },
    { rel: 'collection', type: JSON_TYPE, href: href.collection(base, id) },
    { rel: 'parent', type: JSON_TYPE, href: href.collection(base, id) },
    { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: `${href.collection(base, id)}/queryables` },
    ...alternateLinks(address, query),
  ];
  const inside = { ...search, collections: [id] };
  const pageLink = (rel: 'next' | 'prev', token: string): Link => {
    const page = new URLSearchParams(query);
    page.set('token', token);
    return { rel, type: GEOJSON_TYPE, method: 'GET', href: `${address}?${page}` };
  };
  return replyInFormat(request, context, { params: inside, limit: query.get('limit'), collection: id }, () =>
    replyWithPage(request, context, inside, links, pageLink, id),
  );
}

/** An Item that is not there. @throws ApiError NotFound, Gone */
export async function refuseItem(db: Db, collection: string, id: string): Promise<never> {
  const gone = await goneFor(db, collection, id);
  if (gone) throw gone;
  await mustHaveCollection(db, collection);
  throw noItem(collection, id);
}

export const noItem = (collection: string, id: string): ApiError =>
  new ApiError('NotFound', `there is no Item ${shown(id)} in Collection ${shown(collection)}`, 'itemId');

async function getItem({ base, headers, params }: ApiRequest, { database }: Context): Promise<Reply> {
  const { collectionId, itemId } = params as { collectionId: string; itemId: string };
  const isText = !collectionId.includes('\0') && !itemId.includes('\0');
  const content = isText ? await readItem(database.db, collectionId, itemId) : null;
  if (content === null) return refuseItem(database.db, collectionId, itemId);
  const text = withLinks(content, base, itemLinks(base, collectionId, itemId));
  return replyWithTag(headers, GEOJSON_TYPE, text);
}

function routes(api: Api): Route[] {
  return [
    {
      method: 'get',
      tag: 'Features',
      path: '/collections/{collectionId}/items',
      operationId: 'getItems',
      summary: 'Items of a Collection',
      parameters: [
        collectionIdParameter,
        ...queryParameters(itemsParameters(api.parameters)),
        formatParameter,
      ],
      responses: {
        200: 'A page of Items, or all of them as Accept says',
        400: 'A parameter is wrong',
        404: 'There is no such Collection',
        406: 'None of the accepted media types can be given',
      },
      produces: ITEM_TYPES,
      handle: (request, context) => listItems(request, context, api),
    },
    {
      method: 'get',
      tag: 'Features',
      path: '/collections/{collectionId}/items/{itemId}',
      operationId: 'getItem',
      summary: 'One Item',
      parameters: [collectionIdParameter, itemIdParameter],
      responses: {
        200: 'The Item',
        304: 'The client has it, by its ETag',
        404: 'There is no such Collection or Item',
        410: 'The lake has it no more, so it was deleted',
      },
      produces: GEOJSON_TYPE,
      handle: getItem,
    },
  ];
}

export const features: Extension = {
  name: 'features',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0/ogcapi-features',
    'http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core',
    'http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson',
  ],
  routes,
};
