/** /collections and /collections/{collectionId}. STAC API 1.0 Collections; OGC API Features Part 1, 7.13-7.14. */
import { z } from 'zod';
import { readCollection } from '../db/read.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { ApiRequest, Context, Reply, Route, RouteParameter } from '../http/api.ts';
import { replyWithTag } from '../http/etag.ts';
import { languageParameter } from '../http/language.ts';
import { withFacts } from '../search/summaries.ts';
import type { Db } from '../search/tables.ts';
import { collectionText } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import type { Extension } from './extension.ts';
import { goneFor } from './gone.ts';

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

/** A stored Collection as it is given out, with the extent and summaries of its Items. */
export async function collectionView({ facts }: Context, id: string, base: string) {
  const live = (await facts.read([id])).get(id);
  return (content: string): string => collectionText(withFacts(content, live), base, id);
}

async function getCollection({ base, headers, params }: ApiRequest, context: Context): Promise<Reply> {
  const id = params.collectionId as string;
  const content = await mustHaveCollection(context.database.db, id).catch(async (error: unknown) => {
    throw (await goneFor(context.database.db, id, '')) ?? error;
  });
  const view = await collectionView(context, id, base);
  return replyWithTag(headers, JSON_TYPE, view(content));
}

function routes(): Route[] {
  return [
    {
      method: 'get',
      tag: 'Collections',
      path: '/collections/{collectionId}',
      operationId: 'getCollection',
      summary: 'One Collection',
      parameters: [collectionIdParameter, languageParameter],
      responses: {
        200: 'The Collection',
        304: 'The client has it, by its ETag',
        404: 'There is none with this id',
        410: 'The lake has it no more, so it was deleted',
      },
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
