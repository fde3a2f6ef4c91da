/** Every Item by child and item links from the landing page: each Collection's Catalog of its Items. STAC API Browseable 1.0.0-rc.3. */
import { z } from 'zod';
import { readItemIds, readPartBounds } from '../db/read-children.ts';
import { readTogether } from '../db/run.ts';
import { ApiError } from '../errors.ts';
import {
  type ApiRequest,
  type Context,
  type Reply,
  type Route,
  type RouteParameter,
  reply,
} from '../http/api.ts';
import { type ItemRange, itemsCatalog, partCatalog } from '../stac/catalog.ts';
import { href } from '../stac/link.ts';
import { childrenParameters, replyWithChildren } from './children.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Extension } from './extension.ts';

/**
 * Item links in one Catalog. A million Items are a thousand Catalogs of a thousand: two steps, no long document, and
 * the Collection's own costs nothing.
 */
const PART = 1000;

const rangeParameters: RouteParameter[] = [
  { name: 'after', in: 'query', schema: z.string().describe('Items whose ids come after this one') },
  { name: 'until', in: 'query', schema: z.string().describe('Items up to this id, and with it') },
];

/** Parts of the Items' ids without gaps, the last without an end: whatever is written meanwhile, an Item is in one of them. */
const toParts = (bounds: string[]): ItemRange[] =>
  [...bounds, null].map((until, index) => ({ after: bounds[index - 1] ?? null, until }));

/** Ids are ordered by their bytes, as in the database. */
const isFrom = (id: string, bound: string): boolean =>
  Buffer.compare(Buffer.from(id), Buffer.from(bound)) >= 0;

/** @throws ApiError InvalidParameter */
function readRange(query: URLSearchParams): ItemRange {
  for (const name of query.keys()) {
    if (query.get(name)?.includes('\0') || query.getAll(name).length > 1)
      throw new ApiError(
        'InvalidParameter',
        `${name} is no id of an Item; accepted is what a link says`,
        name,
      );
  }
  return { after: query.get('after') || null, until: query.get('until') || null };
}

async function getItemsCatalog({ base, params, query }: ApiRequest, context: Context): Promise<Reply> {
  const range = readRange(query);
  const id = params.collectionId as string;
  return readTogether(context.database, context.config.searchTimeLimit, async (db) => {
    await mustHaveCollection(db, id);
    if (range.after !== null || range.until !== null) {
      // A part grows when Items are written between its bounds.
      const ids = await readItemIds(db, id, range, 100 * PART);
      return reply(partCatalog(base, id, range, ids));
    }
    const ids = await readItemIds(db, id, range, PART + 1);
    if (ids.length <= PART) return reply(itemsCatalog(base, id, ids));
    return reply(itemsCatalog(base, id, [], toParts(await readPartBounds(db, id, PART))));
  });
}

async function getParts(request: ApiRequest, context: Context): Promise<Reply> {
  const { base, params } = request;
  const id = params.collectionId as string;
  const parent = href.browse(base, id);
  return replyWithChildren(request, parent, `${parent}/children`, ({ type, limit, after }) =>
    readTogether(context.database, context.config.searchTimeLimit, async (db) => {
      await mustHaveCollection(db, id);
      const isWhole = (await readItemIds(db, id, { after: null, until: null }, PART + 1)).length <= PART;
      const all = isWhole || type === 'Collection' ? [] : toParts(await readPartBounds(db, id, PART));
      const left =
        after === null ? all : all.filter((part) => part.after !== null && isFrom(part.after, after.id));
      const page = left.slice(0, limit);
      const last = page.at(-1);
      return {
        texts: page.map((part) => JSON.stringify(partCatalog(base, id, part, []))),
        matched: all.length,
        next: left.length > page.length && last?.until ? { type: 'Catalog', id: last.until } : null,
      };
    }),
  );
}

function routes(): Route[] {
  const common = { method: 'get', tag: 'Browseable' } as const;
  const faults = { 400: 'A parameter is wrong', 404: 'There is no such Collection' };
  return [
    {
      ...common,
      path: '/collections/{collectionId}/browse',
      operationId: 'browseItems',
      summary: 'Links to all Items of a Collection, or to parts of them',
      parameters: [collectionIdParameter, ...rangeParameters],
      responses: { 200: 'A Catalog', ...faults },
      handle: getItemsCatalog,
    },
    {
      ...common,
      path: '/collections/{collectionId}/browse/children',
      operationId: 'browseParts',
      summary: 'The parts in which the Items of a Collection are linked',
      parameters: [collectionIdParameter, ...childrenParameters],
      responses: { 200: 'A page of Catalogs', ...faults },
      handle: getParts,
    },
  ];
}

export const browseable: Extension = {
  name: 'browseable',
  conformsTo: ['https://api.stacspec.org/v1.0.0-rc.3/browseable'],
  routes,
};
