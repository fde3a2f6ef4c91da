/** /collections and /collections/{collectionId}. STAC API 1.0 Collections; OGC API Features Part 1, 7.13-7.14. */
import { z } from 'zod';
import { countCollections, readCollection, readCollections } from '../db/read.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { ApiRequest, Context, Reply, Route, RouteParameter } from '../http/api.ts';
import { replyWithTag } from '../http/etag.ts';
import { languageParameter } from '../http/language.ts';
import { refuseUnknown } from '../search/params.ts';
import type { Db } from '../search/tables.ts';
import { collectionText, type Link, rootLink } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import type { Extension } from './extension.ts';

const DEFAULT_LIMIT = 100;
const MOST_LIMIT = 1000;

export const collectionIdParameter: RouteParameter = {
  name: 'collectionId',
  in: 'path',
  schema: z.string().describe('Id of a Collection'),
};

export const noCollection = (id: string): ApiError =>
  new ApiError('NotFound', `there is no Collection ${shown(id)}`, 'collectionId');

/** A Collection's text. @throws ApiError NotFound */
export async function mustHaveCollection(db: Db, id: string): Promise<string> {
  const content = id.includes('\0') ? null : await readCollection(db, id);
  if (content === null) throw noCollection(id);
  return content;
}

function readLimit(query: URLSearchParams): number {
  const text = query.get('limit');
  if (text === null) return DEFAULT_LIMIT;
  if (/^\d+$/.test(text) && Number(text) >= 1) return Math.min(Number(text), MOST_LIMIT);
  throw new ApiError(
    'InvalidParameter',
    `limit is ${shown(text)}; accepted is a whole number from 1, at most ${MOST_LIMIT} are given`,
    'limit',
  );
}

function decodeToken(token: string | null): string | null {
  if (token === null) return null;
  const id = Buffer.from(token, 'base64url').toString();
  const isOurs = Buffer.from(id).toString('base64url') === token && !id.includes('\0');
  if (isOurs) return id;
  throw new ApiError(
    'InvalidParameter',
    `token is ${shown(token)}; accepted is what a next link says`,
    'token',
  );
}

async function listCollections({ base, query }: ApiRequest, { database }: Context): Promise<Reply> {
  const accepted = ['limit', 'token'];
  for (const name of query.keys()) if (!accepted.includes(name)) refuseUnknown(name, accepted);
  const limit = readLimit(query);
  const page = await readCollections(database.db, limit, decodeToken(query.get('token')));
  const matched = await countCollections(database.db);
  const self = query.size > 0 ? `${base}/collections?${query}` : `${base}/collections`;
  const links: Link[] = [{ rel: 'self', type: JSON_TYPE, href: self }, rootLink(base)];
  const last = page.rows.at(-1);
  if (page.hasMore && last) {
    const next = new URLSearchParams({
      limit: String(limit),
      token: Buffer.from(last.id).toString('base64url'),
    });
    links.push({ rel: 'next', type: JSON_TYPE, href: `${base}/collections?${next}` });
  }
  const texts = page.rows.map(({ id, content }) => collectionText(content, base, id));
  const counts = `"numberMatched":${matched},"numberReturned":${page.rows.length}`;
  return {
    type: JSON_TYPE,
    body: `{"collections":[${texts.join(',')}],"links":${JSON.stringify(links)},${counts}}`,
  };
}

async function getCollection({ base, headers, params }: ApiRequest, { database }: Context): Promise<Reply> {
  const id = params.collectionId as string;
  const content = await mustHaveCollection(database.db, id);
  return replyWithTag(headers, JSON_TYPE, collectionText(content, base, id));
}

function routes(): Route[] {
  return [
    {
      method: 'get',
      tag: 'Collections',
      path: '/collections',
      operationId: 'getCollections',
      summary: 'Collections',
      parameters: [
        {
          name: 'limit',
          in: 'query',
          schema: z.int().min(1).describe(`Collections on a page, at most ${MOST_LIMIT}`),
        },
        { name: 'token', in: 'query', schema: z.string().describe('Opaque: from a next link') },
      ],
      responses: { 200: 'A page of Collections', 400: 'A parameter is wrong' },
      handle: listCollections,
    },
    {
      method: 'get',
      tag: 'Collections',
      path: '/collections/{collectionId}',
      operationId: 'getCollection',
      summary: 'One Collection',
      parameters: [collectionIdParameter, languageParameter],
      responses: { 200: 'The Collection', 404: 'There is none with this id' },
      handle: getCollection,
    },
  ];
}

export const collections: Extension = {
  name: 'collections',
  conformsTo: ['https://api.stacspec.org/v1.0.0/collections'],
  routes,
  landingLinks: (base) => [{ rel: 'data', type: JSON_TYPE, href: `${base}/collections` }],
};
