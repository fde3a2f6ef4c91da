/**
 * Writing over HTTP: Collections and Items by POST, PUT, PATCH, DELETE. Off unless RUCIO_STAC_TRANSACTIONS is true.
 * STAC API Transaction 1.0.0-rc.3 and Collection Transaction 1.0.0-beta.1.
 */
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import type { ApiRequest, Context, Reply, Route, RouteParameter } from '../http/api.ts';
import { parseObject } from '../stac/item.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter, mustHaveCollection } from './collections.ts';
import type { Extension } from './extension.ts';
import { itemIdParameter, noItem } from './features.ts';
import { collectionKind, itemKind, type Kind } from './transaction/kind.ts';
import { createMany, listParameters, readOptions } from './transaction/write-list.ts';
import { create, PATCH_TYPES, remove, replace, update } from './transaction/write-one.ts';

type Handle = Route['handle'];

async function post(kind: Kind, isMany: boolean, request: ApiRequest, context: Context): Promise<Reply> {
  if (isMany)
    return createMany(kind, parseObject(request.text), request, context, readOptions(request.query));
  const [name] = request.query.keys();
  if (name !== undefined)
    throw new ApiError(
      'InvalidParameter',
      `${name} is accepted only with a body of many, in ${kind.list}`,
      name,
    );
  return create(kind, request, context);
}

const postItems: Handle = async (request, context) => {
  await mustHaveCollection(context.database.db, request.params.collectionId as string);
  return post(itemKind, parseObject(request.text).type === 'FeatureCollection', request, context);
};

export const postCollections: Handle = async (request, context) => {
  const { type, collections } = parseObject(request.text);
  return post(collectionKind, type !== 'Collection' && collections !== undefined, request, context);
};

/** No text of the database holds a NUL, so that nothing has an id with one. */
function refuseNul({ collectionId, itemId }: Record<string, string>): void {
  if (itemId?.includes('\0')) throw noItem(collectionId as string, itemId);
}

const ofItem =
  (run: (kind: typeof itemKind, request: ApiRequest, context: Context) => Promise<Reply>): Handle =>
  async (request, context) => {
    await mustHaveCollection(context.database.db, request.params.collectionId as string);
    refuseNul(request.params);
    return run(itemKind, request, context);
  };

const ofCollection =
  (run: (kind: typeof collectionKind, request: ApiRequest, context: Context) => Promise<Reply>): Handle =>
  async (request, context) => {
    await mustHaveCollection(context.database.db, request.params.collectionId as string);
    return run(collectionKind, request, context);
  };

const document = z.looseObject({}).describe('A STAC document');
const documents = z.looseObject({}).describe('A STAC document, or a list of them');
const patch = z
  .union([z.looseObject({}), z.array(z.looseObject({}))])
  .describe('What changes: a part of the document (RFC 7396), or a list of operations (RFC 6902)');

const condition = (name: 'If-Match' | 'If-None-Match', says: string): RouteParameter => ({
  name,
  in: 'header',
  schema: z.string().describe(says),
});
const conditions = [
  condition('If-Match', 'Only while the document has one of these ETags'),
  condition('If-None-Match', 'Only while the document has none of these ETags'),
];
const prefer: RouteParameter = {
  name: 'Prefer',
  in: 'header',
  schema: z
    .string()
    .describe(
      'return=minimal: a 204 without the document; handling=lenient: schemas of extensions are passed over',
    ),
};

const faults = {
  400: 'The document, the patch or a parameter is wrong',
  404: 'There is no such document',
  409: 'It exists already, or the patch does not fit it',
  413: 'The body or the document is too large',
  415: 'The media type is not accepted',
};
const changed = {
  200: 'Written',
  204: 'Written; without the document, as preferred',
  ...faults,
  412: 'It has changed',
};
const write = { tag: 'Transaction', body: document, consumes: [JSON_TYPE, GEOJSON_TYPE] };
const patching = { ...write, body: patch, consumes: PATCH_TYPES, method: 'patch' } as const;

const itemRoute = {
  path: '/collections/{collectionId}/items/{itemId}',
  parameters: [collectionIdParameter, itemIdParameter, ...conditions, prefer],
  produces: GEOJSON_TYPE,
};
const collectionRoute = {
  path: '/collections/{collectionId}',
  parameters: [collectionIdParameter, ...conditions, prefer],
};

function collectionRoutes(): Route[] {
  return [
    {
      ...write,
      ...collectionRoute,
      method: 'put',
      operationId: 'putCollection',
      summary: 'Write a Collection anew',
      responses: changed,
      handle: ofCollection(replace),
    },
    {
      ...patching,
      ...collectionRoute,
      operationId: 'patchCollection',
      summary: 'Change parts of a Collection',
      responses: changed,
      handle: ofCollection(update),
    },
    {
      ...collectionRoute,
      tag: 'Transaction',
      method: 'delete',
      operationId: 'deleteCollection',
      summary: 'Delete a Collection and its Items',
      responses: { 204: 'Deleted', 400: faults[400], 404: faults[404], 412: changed[412] },
      handle: ofCollection(remove),
    },
  ];
}

function itemRoutes(): Route[] {
  return [
    {
      ...write,
      method: 'post',
      path: '/collections/{collectionId}/items',
      parameters: [collectionIdParameter, ...listParameters, prefer],
      operationId: 'postItems',
      summary: 'Create an Item, or all Items of an ItemCollection',
      body: documents,
      responses: { 200: 'Written, none of them new', 201: 'Created', ...faults },
      produces: [GEOJSON_TYPE, JSON_TYPE],
      handle: postItems,
    },
    {
      ...write,
      ...itemRoute,
      method: 'put',
      operationId: 'putItem',
      summary: 'Write an Item anew',
      responses: changed,
      handle: ofItem(replace),
    },
    {
      ...patching,
      ...itemRoute,
      operationId: 'patchItem',
      summary: 'Change parts of an Item',
      responses: changed,
      handle: ofItem(update),
    },
    {
      ...itemRoute,
      tag: 'Transaction',
      method: 'delete',
      operationId: 'deleteItem',
      summary: 'Delete an Item',
      responses: { 204: 'Deleted', 400: faults[400], 404: faults[404], 412: changed[412] },
      handle: ofItem(remove),
    },
  ];
}

export const WRITING_IS_OFF =
  'writing is off; the setting RUCIO_STAC_TRANSACTIONS=true of the server turns it on';

export const transaction: Extension = {
  name: 'transaction',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0/ogcapi-features/extensions/transaction',
    'https://api.stacspec.org/v1.0.0/collections/extensions/transaction',
  ],
  isOn: ({ config }) => config.transactions,
  whileOff: WRITING_IS_OFF,
  routes: () => [...collectionRoutes(), ...itemRoutes()],
};
