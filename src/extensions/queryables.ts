/**
 * Names that searches may use, with their types, from the stored data: /queryables, /sortables, those of each Collection, and
 * those of Collection Search. OGC API Features Part 3, 6.2 "Queryables"; Part 5 "Sortables"; JSON Schema 2020-12.
 */
import { z } from 'zod';
import { readCollectionFacts, readCollectionIds, readOverrides } from '../db/read-names.ts';
import { ApiError } from '../errors.ts';
import { type ApiRequest, type Context, type Reply, type Route, reply } from '../http/api.ts';
import { collectionQueryables, itemQueryables, sortablesOf } from '../search/queryables.ts';
import { href, QUERYABLES_REL, SORTABLES_REL } from '../stac/link.ts';
import { SCHEMA_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Extension } from './extension.ts';
import { factsTogether } from './names.ts';

type What = 'queryables' | 'sortables';

interface Names {
  properties: Record<string, Record<string, unknown>>;
  isOpen: boolean;
}

/** A global list names every Collection that there is, when they are few enough to choose from. */
const MOST_IDS = 51;

/** @param collections null: of all */
async function itemNames(context: Context, collections: string[] | null): Promise<Names> {
  const { db } = context.database;
  const facts = await factsTogether(context, collections);
  const [only] = collections ?? [];
  const overrides = await readOverrides(db, collections?.length === 1 && only !== undefined ? only : null);
  const ids = collections ?? (await readCollectionIds(db, MOST_IDS));
  return {
    properties: itemQueryables(facts, ids, overrides),
    isOpen:
      facts.isOpen ||
      context.config.additionalProperties ||
      overrides.some(({ additionalProperties }) => additionalProperties === true),
  };
}

function toSchema(what: What, address: string, subject: string, { properties, isOpen }: Names): Reply {
  const verb = what === 'queryables' ? 'filter' : 'sort';
  return reply(
    {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: address,
      type: 'object',
      title: `${what === 'queryables' ? 'Queryables' : 'Sortables'} of ${subject}`,
      description: `Names by which to ${verb} ${subject}`,
      properties: what === 'queryables' ? properties : sortablesOf(properties),
      additionalProperties: isOpen,
    },
    SCHEMA_TYPE,
  );
}

async function ofAll(what: What, { base, query }: ApiRequest, context: Context): Promise<Reply> {
  const asked = query.get('collections');
  const collections = asked ? asked.split(',') : null;
  if (collections?.some((id) => id.includes('\0')))
    throw new ApiError('InvalidParameter', 'collections holds a NUL; accepted are ids', 'collections');
  const names = await itemNames(context, collections);
  const address = query.size > 0 ? `${base}/${what}?${query}` : `${base}/${what}`;
  return toSchema(what, address, 'all Items', names);
}

async function ofCollection(what: What, { base, params }: ApiRequest, context: Context): Promise<Reply> {
  const id = params.collectionId as string;
  await mustHaveCollection(context.database.db, id);
  const names = await itemNames(context, [id]);
  return toSchema(what, `${href.collection(base, id)}/${what}`, `Items of ${id}`, names);
}

async function ofCollections(what: What, { base }: ApiRequest, context: Context): Promise<Reply> {
  const facts = await readCollectionFacts(context.database.db);
  const isOpen = context.config.additionalProperties;
  const names = { properties: collectionQueryables(facts), isOpen };
  return toSchema(what, `${base}/collection-${what}`, 'Collections', names);
}

function routesOf(what: What): Route[] {
  const title = what === 'queryables' ? 'Queryables' : 'Sortables';
  const common = { method: 'get', tag: 'Filter and Sort', produces: SCHEMA_TYPE } as const;
  const found = { 200: 'A JSON Schema of the names', 400: 'A parameter is wrong' };
  return [
    {
      ...common,
      path: `/${what}`,
      operationId: `get${title}`,
      summary: `${title} of all Items`,
      parameters: [
        {
          name: 'collections',
          in: 'query',
          schema: z.array(z.string()).describe('Ids of the Collections whose Items are meant'),
        },
      ],
      responses: found,
      handle: (request, context) => ofAll(what, request, context),
    },
    {
      ...common,
      path: `/collections/{collectionId}/${what}`,
      operationId: `getCollection${title}`,
      summary: `${title} of a Collection's Items`,
      parameters: [collectionIdParameter],
      responses: { ...found, 404: 'There is no such Collection' },
      handle: (request, context) => ofCollection(what, request, context),
    },
    {
      ...common,
      path: `/collection-${what}`,
      operationId: `getCollectionSearch${title}`,
      summary: `${title} of Collections`,
      responses: found,
      handle: (request, context) => ofCollections(what, request, context),
    },
  ];
}

export const queryables: Extension = {
  name: 'queryables',
  conformsTo: [
    'http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables',
    'http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables',
    'https://api.stacspec.org/v1.1.0/item-search#sortables',
    'https://api.stacspec.org/v1.1.0/collection-search#sortables',
  ],
  routes: () => [...routesOf('queryables'), ...routesOf('sortables')],
  landingLinks: (base) => [
    { rel: QUERYABLES_REL, type: SCHEMA_TYPE, href: `${base}/queryables`, title: 'Queryables' },
    { rel: SORTABLES_REL, type: SCHEMA_TYPE, href: `${base}/sortables`, title: 'Sortables' },
  ],
};
