/** /aggregate and /aggregations, of all Items and of a Collection's. STAC API Aggregation v0.3.0. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { type ApiRequest, type Context, type Reply, type Route, reply } from '../http/api.ts';
import {
  AGGREGATIONS,
  type AggregationOptions,
  describeAggregation,
  INTERVALS,
} from '../search/aggregations.ts';
import { fromBody, fromQuery, type Parameters, type SearchParams } from '../search/params.ts';
import { parseSearch } from '../search/parse-search.ts';
import { href, type Link, rootLink } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import { type AggregationParams, aggregate } from './aggregate.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Api, Extension } from './extension.ts';
import { queryParameters } from './features.ts';
import { mustKnowNames } from './names.ts';

const NOT_HERE = new Set(['limit', 'token', 'sortby', 'fields']);

type Asked = AggregationParams & Record<string, unknown>;

function precisionParameter(name: string, least: number, most: number): Parameters[string] {
  return {
    schema: z.int().min(least).max(most).describe(`Precision of ${name}, from ${least} to ${most}`),
    accepted: `a whole number from ${least} to ${most}`,
    fromText: (text) => (/^\d+$/.test(text) ? Number(text) : text),
    read: (value) => value,
  };
}

const precisions = Object.entries(AGGREGATIONS).flatMap(([name, meaning]) =>
  meaning.kind === 'grid'
    ? [[`${name}_precision`, precisionParameter(name, meaning.least, meaning.most)] as const]
    : [],
);

const ownParameters: Parameters = {
  aggregations: {
    schema: z.array(z.string()).max(100).describe('Names from /aggregations'),
    accepted: 'a list of names from /aggregations',
    fromText: (text) => text.split(','),
    read: (value) => value,
  },
  datetime_frequency_interval: {
    schema: z.enum(INTERVALS).describe('Width of the buckets of datetime_frequency; month when not given'),
    accepted: INTERVALS.join(', '),
    fromText: (text) => text,
    read: (value) => value,
  },
  ...Object.fromEntries(precisions),
};

/** The search's own parameters that say which Items are meant, and those of aggregations. */
const parametersOf = (all: Parameters): Parameters => ({
  ...Object.fromEntries(Object.entries(all).filter(([name]) => !NOT_HERE.has(name))),
  ...ownParameters,
});

interface Described extends Record<string, unknown> {
  name: string;
}

/** What a Collection offers: what its own `aggregations` say, else all that its Items have values for. */
async function offered(context: Context, collection: string | null): Promise<Described[]> {
  const all = Object.keys(AGGREGATIONS).map((name) => describeAggregation(name) as unknown as Described);
  if (collection === null) return all;
  const content = JSON.parse(await mustHaveCollection(context.database.db, collection)) as {
    aggregations?: unknown;
  };
  const isList =
    Array.isArray(content.aggregations) &&
    content.aggregations.every((each) => typeof (each as Described | null)?.name === 'string');
  if (isList) return content.aggregations as Described[];
  const facts = (await context.facts.read([collection])).get(collection);
  return all.filter(({ name }) => {
    const meaning = AGGREGATIONS[name];
    return !meaning || !('property' in meaning) || Object.hasOwn(facts?.properties ?? {}, meaning.property);
  });
}

async function mustBeOffered(context: Context, names: string[], collection: string | null): Promise<void> {
  const known = await offered(context, collection);
  for (const name of names) {
    const isKnown = Object.hasOwn(AGGREGATIONS, name) && known.some((each) => each.name === name);
    if (isKnown) continue;
    const accepted = known.map((each) => each.name).filter((each) => Object.hasOwn(AGGREGATIONS, each));
    throw new ApiError(
      'InvalidParameter',
      `aggregations names ${shown(name)}; accepted here are ${accepted.join(', ')}`,
      'aggregations',
    );
  }
}

async function replyWithAggregations(
  request: ApiRequest,
  context: Context,
  asked: SearchParams,
  collection: string | null,
  self: Link,
): Promise<Reply> {
  const params = asked as Asked;
  await mustBeOffered(context, params.aggregations ?? [], collection);
  await mustKnowNames(context, params, collection);
  const options: AggregationOptions = {
    interval: (params.datetime_frequency_interval ?? 'month') as AggregationOptions['interval'],
    precision: Object.fromEntries(
      precisions.flatMap(([name]) =>
        typeof params[name] === 'number' ? [[name.replace(/_precision$/, ''), params[name]]] : [],
      ),
    ),
  };
  const aggregations = await aggregate(request, context, params, options);
  return reply({ type: 'AggregationCollection', aggregations, links: [self, rootLink(request.base)] });
}

const addressOf = (base: string, collection: string | null) =>
  `${collection === null ? base : href.collection(base, collection)}/aggregate`;

/** The Collection that the path names, whose Items alone are meant. */
async function within(request: ApiRequest, context: Context, asked: SearchParams): Promise<SearchParams> {
  const id = request.params.collectionId;
  if (id === undefined) return asked;
  await mustHaveCollection(context.database.db, id);
  const isOwn = !asked.collections || isDeepStrictEqual(asked.collections, [id]);
  if (isOwn) return { ...asked, collections: [id] };
  throw new ApiError(
    'InvalidParameter',
    `collections is ${shown(asked.collections)}, but the path names ${shown(id)}`,
    'collections',
  );
}

async function byGet(request: ApiRequest, context: Context, parameters: Parameters): Promise<Reply> {
  const { base, params, query } = request;
  const asked = await within(request, context, fromQuery(query, parameters));
  const collection = params.collectionId ?? null;
  const address = addressOf(base, collection);
  const self = { rel: 'self', type: JSON_TYPE, href: query.size > 0 ? `${address}?${query}` : address };
  return replyWithAggregations(request, context, asked, collection, self);
}

async function byPost(request: ApiRequest, context: Context, parameters: Parameters): Promise<Reply> {
  const { base, params, text } = request;
  const body = text.trim() === '' ? {} : parseSearch(text);
  const asked = await within(request, context, fromBody(body, parameters));
  const collection = params.collectionId ?? null;
  const self = { rel: 'self', type: JSON_TYPE, method: 'POST', href: addressOf(base, collection), body };
  return replyWithAggregations(request, context, asked, collection, self as Link);
}

async function listAggregations({ base, params }: ApiRequest, context: Context): Promise<Reply> {
  const id = params.collectionId ?? null;
  const aggregations = await offered(context, id);
  const self = `${id === null ? base : href.collection(base, id)}/aggregations`;
  const links: Link[] = [{ rel: 'self', type: JSON_TYPE, href: self }, rootLink(base)];
  return reply({ type: 'AggregationCollection', aggregations, links });
}

function routesAt(api: Api, collection: boolean): Route[] {
  const parameters = parametersOf(api.parameters);
  const schemas = Object.entries(parameters).map(([name, { schema }]) => [name, schema.optional()]);
  const prefix = collection ? '/collections/{collectionId}' : '';
  const of = collection ? 'Collection' : '';
  const inPath = collection ? [collectionIdParameter] : [];
  const common = { tag: 'Aggregation', path: `${prefix}/aggregate` } as const;
  const missing: Record<number, string> = collection ? { 404: 'There is no such Collection' } : {};
  const responses = { 200: 'An AggregationCollection', 400: 'A parameter is wrong', ...missing };
  return [
    {
      ...common,
      method: 'get',
      operationId: `get${of}Aggregate`,
      summary: 'Aggregate matching Items by query string',
      parameters: [...inPath, ...queryParameters(parameters)],
      responses,
      handle: (request, context) => byGet(request, context, parameters),
    },
    {
      ...common,
      method: 'post',
      operationId: `post${of}Aggregate`,
      summary: 'Aggregate matching Items by JSON body',
      parameters: inPath,
      body: z.strictObject(Object.fromEntries(schemas)),
      responses,
      handle: (request, context) => byPost(request, context, parameters),
    },
    {
      tag: 'Aggregation',
      path: `${prefix}/aggregations`,
      method: 'get',
      operationId: `get${of}Aggregations`,
      summary: 'Names of aggregations',
      parameters: inPath,
      responses: { 200: 'What can be aggregated', ...missing },
      handle: listAggregations,
    },
  ];
}

export const aggregation: Extension = {
  name: 'aggregation',
  conformsTo: ['', '#query', '#filter'].map((part) => `https://api.stacspec.org/v0.3.0/aggregation${part}`),
  routes: (api) => [...routesAt(api, false), ...routesAt(api, true)],
  landingLinks: (base) => [
    ...(['GET', 'POST'] as const).map(
      (method): Link => ({
        rel: 'aggregate',
        type: JSON_TYPE,
        href: `${base}/aggregate`,
        title: 'Aggregate',
        method,
      }),
    ),
    { rel: 'aggregations', type: JSON_TYPE, href: `${base}/aggregations`, title: 'Aggregations' },
  ],
};
