/** GET and POST /collections as a search. STAC API Collection Search v1.0.0-rc.1; OGC API Common Part 2, "Simple Query". */
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import type { ApiRequest, Context, Reply, Route } from '../http/api.ts';
import { bodyType } from '../http/body.ts';
import { cutDocument, givesLinks } from '../search/fields.ts';
import { fromBody, fromQuery, type Parameters, type SearchParams } from '../search/params.ts';
import { parseSearch } from '../search/parse-search.ts';
import {
  collectionKeys,
  selectCollectionsCount,
  selectCollectionsPage,
} from '../search/select-collections.ts';
import { MOST_PAGE_BYTES } from '../search/select-items.ts';
import { withFacts } from '../search/summaries.ts';
import { exactText } from '../stac/exact-json.ts';
import {
  collectionText,
  type Link,
  QUERYABLES_REL,
  rootLink,
  SORTABLES_REL,
  withBase,
} from '../stac/link.ts';
import { JSON_TYPE, SCHEMA_TYPE } from '../stac/media-type.ts';
import type { Api, Extension } from './extension.ts';
import { queryParameters } from './features.ts';
import { mustKnowCollectionNames } from './names.ts';
import { readPage } from './read-page.ts';
import { listParameters } from './transaction/write-list.ts';
import { postCollections, WRITING_IS_OFF } from './transaction.ts';

const DEFAULT_LIMIT = 100;
const MOST_LIMIT = 1000;

/** Parameters of an Item search that make no sense here. */
const ITEM_ONLY = new Set(['ids', 'collections', 'intersects']);

/** Members of a body that is a Collection, or a list of them, not a search. */
const DOCUMENT_MEMBERS = ['type', 'id', 'stac_version', 'collections', 'extent', 'license'];

const has = (body: Record<string, unknown>) => (name: string) => Object.hasOwn(body, name);

/** Where writing is off, `id` or `collections` may just as well be a search that says too much. */
function isPlainlyCollection(body: Record<string, unknown>): boolean {
  const { collections, type } = body;
  if (type === 'Collection' || ['stac_version', 'extent', 'license'].some(has(body))) return true;
  return Array.isArray(collections) && typeof collections[0] === 'object';
}

/** @throws ApiError MethodNotAllowed */
function refuseWriting(): never {
  throw new ApiError(
    'MethodNotAllowed',
    `the body is a Collection, and ${WRITING_IS_OFF}; accepted is a search of Collections`,
  );
}

function parametersOf(all: Parameters): Parameters {
  const entries = Object.entries(all).filter(([name]) => !ITEM_ONLY.has(name));
  const limit = {
    ...(all.limit as Parameters[string]),
    schema: z
      .int()
      .min(1)
      .describe(`Collections on a page, ${DEFAULT_LIMIT} when not given, at most ${MOST_LIMIT}`),
    accepted: `a whole number from 1, of which at most ${MOST_LIMIT} counts`,
  };
  return { ...Object.fromEntries(entries), limit };
}

async function replyWithCollections(
  request: ApiRequest,
  context: Context,
  asked: SearchParams,
  self: Link,
  pageLink: (rel: 'next' | 'prev', token: string) => Link,
): Promise<Reply> {
  const params = { ...asked, limit: Math.min(asked.limit, MOST_LIMIT) };
  await mustKnowCollectionNames(context, params);
  // Where and when Collections are is known once changes of their Items are taken in.
  const facts = await context.facts.read(null);
  const { rows, matched, next, prev } = await readPage(request, context, params, {
    keys: collectionKeys(params),
    select: async (db) => (await selectCollectionsPage(db, params, MOST_PAGE_BYTES).execute(db)).rows,
    count: async (db) => Number((await selectCollectionsCount(db, params).executeTakeFirstOrThrow()).matched),
  });
  const { base } = request;
  const links: Link[] = [
    self,
    rootLink(base),
    { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: `${base}/collection-queryables`, title: 'Queryables' },
    { rel: SORTABLES_REL, type: SCHEMA_TYPE, href: `${base}/collection-sortables`, title: 'Sortables' },
  ];
  if (next) links.push(pageLink('next', next));
  if (prev) links.push(pageLink('prev', prev));
  const { fields } = params;
  const texts = rows.map(({ id, content }) => {
    const live = withFacts(content, facts.get(id));
    if (!fields) return collectionText(live, base, id);
    const cut = cutDocument(live, fields, 'collection');
    return givesLinks(cut) ? collectionText(cut, base, id) : withBase(cut, base);
  });
  const counts = `"numberMatched":${matched},"numberReturned":${rows.length}`;
  return {
    type: JSON_TYPE,
    body: `{"collections":[${texts.join(',')}],"links":${exactText(links)},${counts}}`,
  };
}

async function searchByGet(request: ApiRequest, context: Context, parameters: Parameters): Promise<Reply> {
  const { base, query } = request;
  const params = fromQuery(query, parameters, DEFAULT_LIMIT);
  const address = `${base}/collections`;
  const self = { rel: 'self', type: JSON_TYPE, href: query.size > 0 ? `${address}?${query}` : address };
  return replyWithCollections(request, context, params, self, (rel, token) => {
    const page = new URLSearchParams(query);
    page.set('token', token);
    return { rel, type: JSON_TYPE, method: 'GET', href: `${address}?${page}` };
  });
}

async function searchByPost(request: ApiRequest, context: Context, parameters: Parameters): Promise<Reply> {
  const { base, text } = request;
  const body = text.trim() === '' ? {} : parseSearch(text);
  const { transactions } = context.config;
  if (!transactions && isPlainlyCollection(body)) refuseWriting();
  if (transactions && DOCUMENT_MEMBERS.some(has(body))) {
    bodyType([JSON_TYPE], request.headers['content-type']);
    return postCollections(request, context);
  }
  const params = fromBody(body, parameters, DEFAULT_LIMIT);
  const href = `${base}/collections`;
  const self = { rel: 'self', type: JSON_TYPE, method: 'POST', href, body } as const;
  return replyWithCollections(request, context, params, self, (rel, token) => {
    return { rel, type: JSON_TYPE, method: 'POST', href, body: { ...body, token } };
  });
}

function routes(api: Api): Route[] {
  const parameters = parametersOf(api.parameters);
  const schemas = Object.entries(parameters).map(([name, { schema }]) => [name, schema.optional()]);
  const common = { tag: 'Collection Search', path: '/collections' } as const;
  const responses = { 200: 'A page of Collections', 400: 'A parameter is wrong' };
  return [
    {
      ...common,
      method: 'get',
      operationId: 'getCollections',
      summary: 'Collections, all or those that match',
      parameters: queryParameters(parameters),
      responses,
      handle: (request, context) => searchByGet(request, context, parameters),
    },
    {
      ...common,
      method: 'post',
      operationId: 'postCollections',
      summary: 'Search Collections by JSON body; a body that is a Collection is created, where writing is on',
      body: z.union([z.strictObject(Object.fromEntries(schemas)), z.looseObject({})]),
      parameters: listParameters,
      responses: {
        ...responses,
        201: 'A Collection was created',
        405: 'The body is a Collection, and writing is off',
        409: 'A Collection with this id exists already',
        413: 'The body is too large',
        415: 'The body is of a media type that is not accepted',
      },
      handle: (request, context) => searchByPost(request, context, parameters),
    },
  ];
}

export const collectionSearch: Extension = {
  name: 'collection-search',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0-rc.1/collection-search',
    'http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/simple-query',
  ],
  routes,
};
