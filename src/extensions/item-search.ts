/** GET and POST /search. STAC API 1.0 Item Search. */
import { z } from 'zod';
import { formatParameter, ITEM_TYPES } from '../http/accept.ts';
import type { ApiRequest, Context, Reply, Route } from '../http/api.ts';
import { fromBody, searchParameters } from '../search/params.ts';
import { parseSearch } from '../search/parse-search.ts';
import { GEOJSON_TYPE } from '../stac/media-type.ts';
import type { Api, Extension } from './extension.ts';
import { fromFormatQuery, queryParameters } from './features.ts';
import { replyWithPage } from './page.ts';
import { alternateLinks, replyInFormat } from './stream-items.ts';

async function searchByGet(request: ApiRequest, context: Context, api: Api): Promise<Reply> {
  const { base, query } = request;
  const search = fromFormatQuery(query, api.parameters);
  const self = query.size > 0 ? `${base}/search?${query}` : `${base}/search`;
  const links = [{ rel: 'self', type: GEOJSON_TYPE, href: self }, ...alternateLinks(`${base}/search`, query)];
  const stream = { params: search, limit: query.get('limit'), collection: null };
  return replyInFormat(request, context, stream, () =>
    replyWithPage(request, context, search, links, (rel, token) => {
      const page = new URLSearchParams(query);
      page.set('token', token);
      return { rel, type: GEOJSON_TYPE, method: 'GET', href: `${base}/search?${page}` };
    }),
  );
}

async function searchByPost(request: ApiRequest, context: Context, api: Api): Promise<Reply> {
  const { base, text } = request;
  const body = text.trim() === '' ? {} : parseSearch(text);
  const search = fromBody(body, api.parameters);
  const address = `${base}/search`;
  const self = { rel: 'self', type: GEOJSON_TYPE, method: 'POST', href: address, body } as const;
  const { token: _, limit, ...whole } = body;
  const links = [self, ...alternateLinks(address, new URLSearchParams(), whole)];
  const stream = { params: search, limit, collection: null };
  return replyInFormat(request, context, stream, () =>
    replyWithPage(request, context, search, links, (rel, token) => {
      return { rel, type: GEOJSON_TYPE, method: 'POST', href: address, body: { ...body, token } };
    }),
  );
}

function routes(api: Api): Route[] {
  const common = { tag: 'Item Search', path: '/search', produces: ITEM_TYPES } as const;
  const responses = {
    200: 'A page of Items, or all of them as Accept says',
    400: 'A parameter is wrong',
    406: 'None of the accepted media types can be given',
  };
  const schemas = Object.entries(api.parameters).map(([name, { schema }]) => [name, schema.optional()]);
  return [
    {
      ...common,
      method: 'get',
      operationId: 'getSearch',
      summary: 'Search Items by query string',
      parameters: [...queryParameters(api.parameters), formatParameter],
      responses,
      handle: (request, context) => searchByGet(request, context, api),
    },
    {
      ...common,
      method: 'post',
      operationId: 'postSearch',
      summary: 'Search Items by JSON body',
      parameters: [formatParameter],
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
