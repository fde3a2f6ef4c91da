/** A whole search result as NDJSON, as a GeoJSON text sequence (RFC 8142) or as stac-geoparquet, page by page in constant memory. */
import { walkItems } from '../db/walk-items.ts';
import { ApiError } from '../errors.ts';
import { type Format, formatParameter, LINES_TYPE, PARQUET_TYPE, readFormat } from '../http/accept.ts';
import type { ApiRequest, Context, Reply } from '../http/api.ts';
import { parquetParts } from '../parquet/write-items.ts';
import type { SearchParams } from '../search/params.ts';
import { oneLine } from '../stac/json-text.ts';
import type { Link } from '../stac/link.ts';
import { mustKnowNames } from './names.ts';
import { itemText } from './page.ts';

/** Begins each record of a GeoJSON text sequence. */
const RECORD = '\u001e';

export interface Stream {
  params: SearchParams;
  /** As it came, after it was checked; without: all that is found. */
  limit: unknown;
  /** Whose Items are listed; null: all are searched. */
  collection: string | null;
}

function readTexts(request: ApiRequest, { database, config }: Context, { params, limit }: Stream) {
  const isCapped = limit !== undefined && limit !== null && limit !== '';
  // One of more digits than a number holds caps nothing.
  const total = (isCapped && Number(limit)) || Number.MAX_SAFE_INTEGER;
  const { base } = request;
  const settings = { timeLimit: config.searchTimeLimit, total, check: () => request.mustBeWanted() };
  return async function* read(): AsyncGenerator<string[]> {
    for await (const page of walkItems(database, params, settings))
      yield page.map((row) => itemText(row, base, params));
  };
}

async function* lines(pages: AsyncIterable<string[]>, mark: string): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((text) => `${mark}${oneLine(text)}\n`).join('');
}

/** The same parts, the first of which is made before anything is sent: until then a fault is a problem of its own. */
async function begun<Part>(parts: AsyncGenerator<Part>): Promise<AsyncGenerator<Part>> {
  const first = await parts.next();
  async function* all() {
    try {
      if (!first.done) yield first.value;
      yield* parts;
    } finally {
      await parts.return(undefined);
    }
  }
  return all();
}

/** @throws ApiError InvalidParameter */
async function streamItems(
  request: ApiRequest,
  context: Context,
  { name, type }: Format,
  stream: Stream,
): Promise<Reply> {
  if (stream.params.token)
    throw new ApiError(
      'InvalidParameter',
      `token names a page; ${name} gives all pages as one, so that no token is accepted`,
      'token',
    );
  await mustKnowNames(context, stream.params, stream.collection);
  const read = readTexts(request, context, stream);
  const headers = { vary: 'Accept' };
  if (name === 'parquet') {
    const disposition = 'attachment; filename="items.parquet"';
    const body = await begun(parquetParts(read));
    return { type, body, headers: { ...headers, 'content-disposition': disposition } };
  }
  return { type, body: await begun(lines(read(), name === 'geojson-seq' ? RECORD : '')), headers };
}

/** The same search in other forms, as a page of it links them. */
export function alternateLinks(address: string, query: URLSearchParams, body?: object): Link[] {
  return (['ndjson', 'parquet'] as const).map((name) => {
    const rest = new URLSearchParams(query);
    for (const each of ['token', 'limit']) rest.delete(each);
    rest.set(formatParameter.name, name);
    const href = `${address}?${rest}`;
    const type = name === 'parquet' ? PARQUET_TYPE : LINES_TYPE;
    return { rel: 'alternate', type, href, ...(body && { method: 'POST' as const, body }) };
  });
}

/**
 * Items in the form that the client wants.
 * @param page the reply in pages, GeoJSON
 * @throws ApiError InvalidParameter, NotAcceptable
 */
export async function replyInFormat(
  request: ApiRequest,
  context: Context,
  stream: Stream,
  page: () => Promise<Reply>,
): Promise<Reply> {
  const format = readFormat(request);
  if (format.name !== 'geojson') return streamItems(request, context, format, stream);
  const made = await page();
  return { ...made, headers: { ...made.headers, vary: 'Accept' } };
}
