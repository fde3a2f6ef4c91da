/** POST, PUT, PATCH and DELETE of one Item or Collection. STAC API Transaction, Collection Transaction; RFC 9110 13. */
import { inTransaction } from '../../db/retrying.ts';
import { writeMany } from '../../db/write-many.ts';
import { ApiError } from '../../errors.ts';
import { shown } from '../../geo/shown.ts';
import type { ApiRequest, Context, Reply } from '../../http/api.ts';
import { bodyType } from '../../http/body.ts';
import { checkConditions, etagOf, mustMeetConditions } from '../../http/etag.ts';
import { readPreferences } from '../../http/prefer.ts';
import { type CollectionRow, type ItemRow, parseObject } from '../../stac/item.ts';
import { jsonPatch } from '../../stac/json-patch.ts';
import { inLanguage, languagesOf } from '../../stac/language.ts';
import { mergePatch } from '../../stac/merge-patch.ts';
import { restored } from '../../stac/restore.ts';
import type { Kind } from './kind.ts';

export const JSON_PATCH = 'application/json-patch+json';
/** What PATCH takes. */
export const PATCH_TYPES = ['application/merge-patch+json', 'application/json', JSON_PATCH];

/** Bytes of one document's text. */
const MOST_DOCUMENT = 32 * 1024 * 1024;

/** @returns one entry a document: null, or what is wrong with it */
export function faultsOf(
  rows: { content: string }[],
  { headers }: ApiRequest,
  { validator }: Context,
): Promise<(string | null)[]> {
  const { isLenient } = readPreferences(headers);
  const documents = rows.map(({ content }) => JSON.parse(content) as { stac_extensions?: unknown });
  if (isLenient)
    for (const each of documents) if (Array.isArray(each.stac_extensions)) each.stac_extensions = [];
  return validator.validate(documents);
}

/** @throws ApiError InvalidDocument */
async function mustBeValid(row: { content: string }, request: ApiRequest, context: Context): Promise<void> {
  const [fault] = await faultsOf([row], request, context);
  if (fault) throw new ApiError('InvalidDocument', fault, fault.split(' ', 1)[0]);
}

/** Where the path names the id, the document has that one. */
function mustHaveId<Row extends ItemRow | CollectionRow>(
  kind: Kind<Row>,
  row: Row,
  request: ApiRequest,
): Row {
  const id = kind.idOf(request.params);
  if (row.id === id) return row;
  throw new ApiError('InvalidDocument', `id is ${shown(row.id)}, but the path names ${shown(id)}`, 'id');
}

/** The reply to a write: with the document as GET gives it, or without where that is preferred. */
function written(
  kind: Kind,
  row: ItemRow | CollectionRow,
  text: string,
  request: ApiRequest,
  isNew: boolean,
): Reply {
  const { base, headers, params } = request;
  const address = kind.address(row.id, params, base);
  const told = { etag: etagOf(text), ...(isNew ? { location: address } : {}) };
  if (readPreferences(headers).isMinimal && !isNew)
    return {
      status: 204,
      type: kind.type,
      body: '',
      headers: { ...told, 'preference-applied': 'return=minimal' },
    };
  return {
    status: isNew ? 201 : 200,
    type: kind.type,
    body: text,
    headers: { ...told, 'content-location': address },
  };
}

/** @throws ApiError Conflict when it is there already */
export async function create(kind: Kind, request: ApiRequest, context: Context): Promise<Reply> {
  const { base, params, text } = request;
  const row = kind.toRow(text, params, base);
  await mustBeValid(row, request, context);
  const fates = await inTransaction(context.database.db, (db) => writeMany(db, [row], 'insert'));
  if (fates.get(row.id) !== 'created')
    throw new ApiError('Conflict', `there is a document with the id ${shown(row.id)} already`, 'id');
  const view = await kind.view(params, base, context, row.id);
  return written(kind, row, view(row), request, true);
}

/** Tags of a document as it is given out in each of its languages: who read it in one knows its state. */
const translatedTags = (text: string): string[] =>
  languagesOf(text).map((code) => etagOf(inLanguage(text, [{ tag: code.toLowerCase(), weight: 1 }])));

/**
 * Runs a change of what is there, under the conditions of the request.
 * @param next stored text, and the same as GET gives it -> the row in its place
 * @param isPart what is sent holds only what changes; a whole document in one of its languages would drop the others
 * @throws ApiError NotFound, PreconditionFailed
 */
async function change<Row extends ItemRow | CollectionRow>(
  kind: Kind<Row>,
  request: ApiRequest,
  context: Context,
  next: (content: string, shown: string) => Promise<Row>,
  isPart: boolean,
): Promise<Reply> {
  const { base, headers, params } = request;
  const { db } = context.database;
  checkConditions(headers);
  const id = kind.idOf(params);
  const view = await kind.view(params, base, context, id);
  const run = (content: string) => {
    const text = view({ id, content });
    mustMeetConditions(headers, etagOf(text), isPart ? translatedTags(text) : []);
    return next(content, text);
  };
  const seen = await kind.read(db, params);
  if (seen === null) throw await kind.missing(params, db);
  // Made before the lock, so that nobody waits for it while a document is validated; made anew where another came between.
  const ready = await run(seen);
  const row = await kind.change(db, params, async (content) => (content === seen ? ready : run(content)));
  if (row === null) throw await kind.missing(params, db);
  return written(kind, row, view(row), request, false);
}

export async function replace<Row extends ItemRow | CollectionRow>(
  kind: Kind<Row>,
  request: ApiRequest,
  context: Context,
): Promise<Reply> {
  const { base, params, text } = request;
  parseObject(text);
  const sent = mustHaveId(kind, kind.toRow(text, params, base), request);
  await mustBeValid(sent, request, context);
  return change(
    kind,
    request,
    context,
    async (content, shown) => {
      const row = kind.toRow(restored(text, shown, content), params, base);
      if (row.content !== sent.content) await mustBeValid(row, request, context);
      return row;
    },
    false,
  );
}

/** A patch of the request's media type, read. */
function readPatch({ headers, text }: ApiRequest): (document: string) => string {
  if (bodyType(PATCH_TYPES, headers['content-type']) === JSON_PATCH)
    return (document) => jsonPatch(document, text);
  if (text.trimStart().startsWith('['))
    throw new ApiError(
      'UnsupportedMediaType',
      `a list of operations is sent as ${JSON_PATCH}`,
      'content-type',
    );
  parseObject(text);
  return (document) => mergePatch(document, text);
}

export async function update<Row extends ItemRow | CollectionRow>(
  kind: Kind<Row>,
  request: ApiRequest,
  context: Context,
): Promise<Reply> {
  const { base, params } = request;
  const patch = readPatch(request);
  const id = kind.idOf(params);
  return change(
    kind,
    request,
    context,
    async (content) => {
      const text = patch(kind.withOwn({ id, content }, params, base));
      if (Buffer.byteLength(text) > MOST_DOCUMENT)
        throw new ApiError('PayloadTooLarge', `the document would have more than ${MOST_DOCUMENT} bytes`);
      parseObject(text);
      const row = mustHaveId(kind, kind.toRow(text, params, base), request);
      await mustBeValid(row, request, context);
      return row;
    },
    true,
  );
}

export async function remove(kind: Kind, request: ApiRequest, context: Context): Promise<Reply> {
  const { base, headers, params } = request;
  const { db } = context.database;
  checkConditions(headers);
  const id = kind.idOf(params);
  const view = await kind.view(params, base, context, id);
  const mustMeetShown = (text: string) => mustMeetConditions(headers, etagOf(text), translatedTags(text));
  const isGone = await kind.drop(db, params, (content) => mustMeetShown(view({ id, content })));
  if (!isGone) throw await kind.missing(params, db);
  return { status: 204, type: kind.type, body: '' };
}
