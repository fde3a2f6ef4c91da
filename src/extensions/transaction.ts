/**
 * Writing over HTTP: Collections and Items by POST, PUT, DELETE. Off unless RUCIO_STAC_TRANSACTIONS is true.
 * Its conformance class also asks for PATCH and preconditions (issue 4), so none is declared yet.
 */
import { z } from 'zod';
import {
  deleteCollection,
  deleteItem,
  replaceCollection,
  replaceItem,
  upsertCollection,
  upsertItems,
} from '../db/upsert-items.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { ApiRequest, Context, Reply, Route } from '../http/api.ts';
import { type ItemRow, parseObject, toCollectionRow, toItemRow } from '../stac/item.ts';
import { elementTexts, memberSpans } from '../stac/json-text.ts';
import { collectionLinks, href, itemLinks, withLinks } from '../stac/link.ts';
import { GEOJSON_TYPE, JSON_TYPE } from '../stac/media-type.ts';
import { collectionIdParameter, mustHaveCollection, noCollection } from './collections.ts';
import type { Extension } from './extension.ts';
import { itemIdParameter, noItem } from './features.ts';

const document = z.looseObject({}).describe('A STAC document');

async function mustBeValid(context: Context, texts: string[]): Promise<void> {
  const reports = await context.validator.validate(texts.map((text) => JSON.parse(text) as object));
  const faults = reports.flatMap((fault, index) =>
    fault === null ? [] : [texts.length > 1 ? `[${index}] ${fault}` : fault],
  );
  if (faults.length > 0) throw new ApiError('InvalidDocument', faults.slice(0, 10).join('; '));
}

function itemReply(row: ItemRow, base: string, status: number): Reply {
  const { collection, id, content } = row;
  const location = href.item(base, collection, id);
  return {
    status,
    type: GEOJSON_TYPE,
    body: withLinks(content, base, itemLinks(base, collection, id)),
    ...(status === 201 && { headers: { location } }),
  };
}

function collectionReply(id: string, content: string, base: string, status: number): Reply {
  return {
    status,
    type: JSON_TYPE,
    body: withLinks(content, base, collectionLinks(base, id)),
    ...(status === 201 && { headers: { location: href.collection(base, id) } }),
  };
}

function refuseTwins(rows: ItemRow[]): void {
  const seen = new Set<string>();
  for (const { id } of rows) {
    if (seen.has(id))
      throw new ApiError('InvalidDocument', `features has two Items with the id ${shown(id)}`, 'features');
    seen.add(id);
  }
}

async function postItems({ base, params, text }: ApiRequest, context: Context): Promise<Reply> {
  const collection = params.collectionId as string;
  const { db } = context.database;
  await mustHaveCollection(db, collection);
  const body = parseObject(text);
  const isMany = body.type === 'FeatureCollection';
  const spans = isMany ? memberSpans(text).get('features') : undefined;
  if (isMany && !Array.isArray(body.features))
    throw new ApiError('InvalidBody', 'features must be a list of Items', 'features');
  const texts = spans ? elementTexts(text.slice(spans.start, spans.end)) : [text];
  const rows = texts.map((each) => toItemRow(each, collection));
  refuseTwins(rows);
  await mustBeValid(context, texts);
  await upsertItems(db, rows, 'insert');
  if (isMany)
    return { status: 201, type: JSON_TYPE, body: JSON.stringify({ created: rows.map((row) => row.id) }) };
  return itemReply(rows[0] as ItemRow, base, 201);
}

async function putItem({ base, params, text }: ApiRequest, context: Context): Promise<Reply> {
  const { collectionId, itemId } = params as { collectionId: string; itemId: string };
  const row = toItemRow(text, collectionId);
  if (row.id !== itemId) {
    throw new ApiError(
      'InvalidDocument',
      `id is ${shown(row.id)}, but the Item is sent to ${shown(itemId)}`,
      'id',
    );
  }
  await mustBeValid(context, [text]);
  await mustHaveCollection(context.database.db, collectionId);
  if (!(await replaceItem(context.database.db, row))) throw noItem(collectionId, itemId);
  return itemReply(row, base, 200);
}

async function removeItem({ params }: ApiRequest, { database }: Context): Promise<Reply> {
  const { collectionId, itemId } = params as { collectionId: string; itemId: string };
  if (!(await deleteItem(database.db, collectionId, itemId))) {
    throw noItem(collectionId, itemId);
  }
  return { status: 204, type: JSON_TYPE, body: '' };
}

async function postCollection({ base, text }: ApiRequest, context: Context): Promise<Reply> {
  const row = toCollectionRow(text);
  await mustBeValid(context, [text]);
  await upsertCollection(context.database.db, row, 'insert');
  return collectionReply(row.id, row.content, base, 201);
}

async function putCollection({ base, params, text }: ApiRequest, context: Context): Promise<Reply> {
  const row = toCollectionRow(text, params.collectionId as string);
  await mustBeValid(context, [text]);
  if (!(await replaceCollection(context.database.db, row))) throw noCollection(row.id);
  return collectionReply(row.id, row.content, base, 200);
}

async function removeCollection({ params }: ApiRequest, { database }: Context): Promise<Reply> {
  const id = params.collectionId as string;
  if (!(await deleteCollection(database.db, id))) {
    throw noCollection(id);
  }
  return { status: 204, type: JSON_TYPE, body: '' };
}

function routes(): Route[] {
  const faults = { 400: 'The document is wrong', 404: 'There is no such document', 409: 'It exists already' };
  const write = { tag: 'Transaction', body: document } as const;
  const ofItem = {
    path: '/collections/{collectionId}/items/{itemId}',
    parameters: [collectionIdParameter, itemIdParameter],
  };
  const ofCollection = { path: '/collections/{collectionId}', parameters: [collectionIdParameter] };
  return [
    {
      ...write,
      method: 'post',
      path: '/collections',
      operationId: 'postCollection',
      summary: 'Create a Collection',
      responses: { 201: 'Created', ...faults },
      handle: postCollection,
    },
    {
      ...write,
      ...ofCollection,
      method: 'put',
      operationId: 'putCollection',
      summary: 'Write a Collection anew',
      responses: { 200: 'Written', ...faults },
      handle: putCollection,
    },
    {
      ...ofCollection,
      tag: 'Transaction',
      method: 'delete',
      operationId: 'deleteCollection',
      summary: 'Delete a Collection and its Items',
      responses: { 204: 'Deleted', ...faults },
      handle: removeCollection,
    },
    {
      ...write,
      method: 'post',
      path: '/collections/{collectionId}/items',
      parameters: [collectionIdParameter],
      operationId: 'postItems',
      summary: 'Create an Item, or all Items of an ItemCollection',
      responses: { 201: 'Created', ...faults },
      handle: postItems,
    },
    {
      ...write,
      ...ofItem,
      method: 'put',
      operationId: 'putItem',
      summary: 'Write an Item anew',
      responses: { 200: 'Written', ...faults },
      produces: GEOJSON_TYPE,
      handle: putItem,
    },
    {
      ...ofItem,
      tag: 'Transaction',
      method: 'delete',
      operationId: 'deleteItem',
      summary: 'Delete an Item',
      responses: { 204: 'Deleted', ...faults },
      handle: removeItem,
    },
  ];
}

export const transaction: Extension = {
  name: 'transaction',
  conformsTo: [],
  isOn: ({ config }) => config.transactions,
  routes,
};
