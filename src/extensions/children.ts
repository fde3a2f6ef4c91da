/** /children of everything that has child links, and the Catalogs of Rucio scopes. STAC API Children 1.0.0-rc.2. */
import { z } from 'zod';
import {
  type Child,
  type ChildType,
  countChildren,
  readChildren,
  readChildTitles,
} from '../db/read-children.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import {
  type ApiRequest,
  type Context,
  type Reply,
  type Route,
  type RouteParameter,
  reply,
} from '../http/api.ts';
import { withFacts } from '../search/summaries.ts';
import type { Db } from '../search/tables.ts';
import { itemsCatalog, scopeCatalog } from '../stac/catalog.ts';
import { collectionText, href, type Link, rootLink } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Extension } from './extension.ts';

const DEFAULT_LIMIT = 100;
const MOST_LIMIT = 1000;
const TYPES: ChildType[] = ['Catalog', 'Collection'];

/** What a request for children asks. */
export interface Asked {
  limit: number;
  type: ChildType | null;
  after: Child | null;
}

/** A page of children, as texts. */
export interface ChildrenPage {
  texts: string[];
  matched: number;
  /** Where the next page begins; null: this is the last. */
  next: Child | null;
}

export const childrenParameters: RouteParameter[] = [
  {
    name: 'limit',
    in: 'query',
    schema: z.int().min(1).describe(`Children on a page, at most ${MOST_LIMIT}`),
  },
  { name: 'type', in: 'query', schema: z.enum(TYPES).describe('Only children of this type') },
  { name: 'token', in: 'query', schema: z.string().describe('Opaque: from a next link') },
];

function refuse(name: string, value: string, accepted: string): never {
  throw new ApiError('InvalidParameter', `${name} is ${shown(value)}; accepted is ${accepted}`, name);
}

const formatToken = ({ type, id }: Child): string => Buffer.from(`${type} ${id}`).toString('base64url');

function readToken(token: string): Child {
  const text = Buffer.from(token, 'base64url').toString();
  const [, type, id] = /^(Catalog|Collection) (.+)$/s.exec(text) ?? [];
  if (!type || !id || id.includes('\0') || formatToken({ type: type as ChildType, id }) !== token)
    refuse('token', token, 'what a next link says');
  return { type: type as ChildType, id };
}

/** @throws ApiError InvalidParameter */
function readAsked(query: URLSearchParams): Asked {
  for (const name of query.keys()) {
    if (query.getAll(name).length > 1) refuse(name, query.getAll(name).join(', '), 'one value');
  }
  const limit = query.get('limit') || String(DEFAULT_LIMIT);
  if (!/^\d+$/.test(limit) || Number(limit) < 1)
    refuse('limit', limit, `a whole number from 1, at most ${MOST_LIMIT} are given`);
  const type = query.get('type') || null;
  if (type !== null && !TYPES.includes(type as ChildType)) refuse('type', type, TYPES.join(' or '));
  const token = query.get('token') || null;
  return {
    limit: Math.min(Number(limit), MOST_LIMIT),
    type: type as ChildType | null,
    after: token === null ? null : readToken(token),
  };
}

/**
 * The answer of a /children endpoint.
 * @param parent address of what the children are of
 */
export async function replyWithChildren(
  { base, query }: ApiRequest,
  parent: string,
  address: string,
  read: (asked: Asked) => Promise<ChildrenPage>,
): Promise<Reply> {
  const asked = readAsked(query);
  const { texts, matched, next } = await read(asked);
  const links: Link[] = [
    { rel: 'self', type: JSON_TYPE, href: query.size > 0 ? `${address}?${query}` : address },
    rootLink(base),
    { rel: 'parent', type: JSON_TYPE, href: parent },
  ];
  if (next) {
    const page = new URLSearchParams(query);
    page.set('token', formatToken(next));
    links.push({ rel: 'next', type: JSON_TYPE, href: `${address}?${page}` });
  }
  const counts = `"numberMatched":${matched},"numberReturned":${texts.length}`;
  return {
    type: JSON_TYPE,
    body: `{"children":[${texts.join(',')}],"links":${JSON.stringify(links)},${counts}}`,
  };
}

/** Children as they are at their own addresses, the Collections with the extent and summaries of their Items. */
async function readStored(
  { database: { db }, facts }: Context,
  base: string,
  scope: string | null,
  { type, limit, after }: Asked,
): Promise<ChildrenPage> {
  const { rows, hasMore } = await readChildren(db, { scope, type }, limit, after);
  const collections = rows.filter((row) => row.type === 'Collection').map(({ id }) => id);
  const live = collections.length > 0 ? await facts.read(collections) : new Map();
  const texts: string[] = [];
  for (const { id, content } of rows) {
    if (content === null) texts.push(JSON.stringify(scopeCatalog(base, id, await childLinks(db, base, id))));
    else texts.push(collectionText(withFacts(content, live.get(id)), base, id));
  }
  return {
    texts,
    matched: await countChildren(db, scope, type),
    next: hasMore ? (rows.at(-1) ?? null) : null,
  };
}

/** Links to all that lies directly below the landing page (`scope` null) or the Catalog of a scope. */
export async function childLinks(db: Db, base: string, scope: string | null): Promise<Link[]> {
  const children = await readChildTitles(db, scope);
  return children.map(({ type, id, title }) => ({
    rel: 'child',
    type: JSON_TYPE,
    href: type === 'Catalog' ? href.scope(base, id) : href.collection(base, id),
    ...(title !== null && { title }),
  }));
}

/** @throws ApiError NotFound when no Collection has the scope */
async function mustHaveLinks(db: Db, base: string, scope: string): Promise<Link[]> {
  const links = scope.includes('\0') ? [] : await childLinks(db, base, scope);
  if (links.length > 0) return links;
  throw new ApiError('NotFound', `there is no Collection of the scope ${shown(scope)}`, 'scope');
}

async function getScope({ base, params }: ApiRequest, { database }: Context): Promise<Reply> {
  const scope = params.scope as string;
  return reply(scopeCatalog(base, scope, await mustHaveLinks(database.db, base, scope)));
}

async function getScopeChildren(request: ApiRequest, context: Context): Promise<Reply> {
  const { base, params } = request;
  const scope = params.scope as string;
  await mustHaveLinks(context.database.db, base, scope);
  const parent = href.scope(base, scope);
  return replyWithChildren(request, parent, `${parent}/children`, (asked) =>
    readStored(context, base, scope, asked),
  );
}

async function getCollectionChildren(request: ApiRequest, { database }: Context): Promise<Reply> {
  const { base, params } = request;
  const id = params.collectionId as string;
  await mustHaveCollection(database.db, id);
  const parent = href.collection(base, id);
  const only = itemsCatalog(base, id, []);
  return replyWithChildren(request, parent, `${parent}/children`, async ({ type, after }) => {
    const matched = type === 'Collection' ? 0 : 1;
    return { texts: matched === 1 && after === null ? [JSON.stringify(only)] : [], matched, next: null };
  });
}

const scopeParameter: RouteParameter = {
  name: 'scope',
  in: 'path',
  schema: z.string().describe('A Rucio scope'),
};

function routes(): Route[] {
  const common = { method: 'get', tag: 'Children' } as const;
  const page = { 200: 'A page of Catalogs and Collections', 400: 'A parameter is wrong' };
  return [
    {
      ...common,
      path: '/children',
      operationId: 'getChildren',
      summary: 'What lies directly below the landing page',
      parameters: childrenParameters,
      responses: page,
      handle: (request, context) =>
        replyWithChildren(request, `${request.base}/`, `${request.base}/children`, (asked) =>
          readStored(context, request.base, null, asked),
        ),
    },
    {
      ...common,
      path: '/catalogs/{scope}',
      operationId: 'getScope',
      summary: 'The Collections of one Rucio scope',
      parameters: [scopeParameter],
      responses: { 200: 'A Catalog', 400: 'A parameter is wrong', 404: 'No Collection has this scope' },
      handle: getScope,
    },
    {
      ...common,
      path: '/catalogs/{scope}/children',
      operationId: 'getScopeChildren',
      summary: 'The Collections of one Rucio scope, whole',
      parameters: [scopeParameter, ...childrenParameters],
      responses: { ...page, 404: 'No Collection has this scope' },
      handle: getScopeChildren,
    },
    {
      ...common,
      path: '/collections/{collectionId}/children',
      operationId: 'getCollectionChildren',
      summary: "The Catalog of a Collection's Items",
      parameters: [collectionIdParameter, ...childrenParameters],
      responses: { ...page, 404: 'There is no such Collection' },
      handle: getCollectionChildren,
    },
  ];
}

export const children: Extension = {
  name: 'children',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0-rc.2/children',
    'https://api.stacspec.org/v1.0.0-rc.2/children#type-filter',
  ],
  routes,
  landingLinks: (base) => [{ rel: 'children', type: JSON_TYPE, href: `${base}/children` }],
};
