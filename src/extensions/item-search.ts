/** GET and POST /search. STAC API 1.0 Item Search. */
import { z } from 'zod';
import type { ApiRequest, Context, Reply, Route } from '../http/api.ts';
import { fromBody, fromQuery, searchParameters } from '../search/params.ts';
import { parseObject } from '../stac/item.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';
import type { Api, Extension } from './extension.ts';
import { queryParameters } from './features.ts';
import { replyWithPage } from './page.ts';

async function searchByGet(request: ApiRequest, context: Context, api: Api): Promise<Reply> {
  const { base, query } = request;
  const search = fromQuery(query, api.parameters);
  const self = query.size > 0 ? `${base}/search?${query}` : `${base}/search`;
  return replyWithPage(
    request,
    context,
    search,
    [{ rel: 'self', type: GEOJSON_TYPE, href: self }],
    (rel, token) => {
      const page = new URLSearchParams(query);
      page.set('token', token);
      return { rel, type: GEOJSON_TYPE, method: 'GET', href: `${base}/search?${page}` };
    },
  );
}

async function searchByPost(request: ApiRequest, context: Context, api: Api): Promise<Reply> {
  const { base, text } = request;
  const body = text.trim() === '' ? {} : parseObject(text);
  const search = fromBody(body, api.parameters);
  const address = `${base}/search`;
  const self = { rel: 'self', type: GEOJSON_TYPE, method: 'POST', href: address, body } as const;
  return replyWithPage(request, context, search, [self], (rel, token) => {
    return { rel, type: GEOJSON_TYPE, method: 'POST', href: address, body: { ...body, token } };
  });
}

function routes(api: Api): Route[] {
  const common = { tag: 'Item Search', path: '/search', produces: GEOJSON_TYPE } as const;
  const responses = { 200: 'A page of Items', 400: 'A parameter is wrong' };
  const schemas = Object.entries(api.parameters).map(([name, { schema }]) => [name, schema.optional()]);
  return [
    {
      ...common,
      method: 'get',
      operationId: 'getSearch',
      summary: 'Search Items by query string',
      parameters: queryParameters(api.parameters),
      responses,
      handle: (request, context) => searchByGet(request, context, api),
    },
    {
      ...common,
      method: 'post',
      operationId: 'postSearch',
      summary: 'Search Items by JSON body',
      body: z.strictObject(Object.fromEntries(schemas)),
      responses,
      handle: (request, context) => searchByPost(request, context, api),
    },
  ];
}

export const itemSearch: Extension = {
  name: 'item-search',
  conformsTo: ['https://api.stacspec.org/v1.0.0/item-search'],
  parameters: searchParameters,
  routes,
  landingLinks: (base) =>
    (['GET', 'POST'] as const).map((method) => ({
      rel: 'search',
      type: GEOJSON_TYPE,
      href: `${base}/search`,
      method,
    })),
};
