/** Text of a document -> a reply with its entity tag, and the conditions of a request against it. RFC 9110 8.8.3, 13.1. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../errors.ts';
import { shownText } from '../geo/shown.ts';
import type { Reply } from './api.ts';

const LIST = /^[\t ,]*(?:(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:[\t ]*(?:,[\t ,]*|$)))+$/;
const TAG = /(?:W\/)?"[^"]*"/g;

/** A strong entity tag: the same for the same text, however it is compressed on its way. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
}

const opaque = (tag: string) => tag.replace(/^W\//, '');

/** One of ours without the coding at its end, which `coded-etag.ts` put there. */
const uncoded = (tag: string) => tag.replace(/^((?:W\/)?"[\w-]{27})-(?:gzip|deflate|br|zstd)"$/, '$1"');

/** Tags of a header's list; `*` is any; null where it is no list of tags. */
function parseTags(header: string): string[] | '*' | null {
  if (header.trim() === '*') return '*';
  return LIST.test(header) ? (header.match(TAG) ?? []) : null;
}

/**
 * A document as the reply to GET or HEAD; 304 where the request has it already, with the tag that it has.
 * @param text as it is given out
 * @throws ApiError PreconditionFailed, InvalidParameter where If-Match is of another state
 */
export function replyWithTag(headers: IncomingHttpHeaders, type: string, text: string): Reply {
  const etag = etagOf(text);
  return heldReply(headers, type, etag) ?? { type, body: text, headers: { etag } };
}

/**
 * What has a tag before it is made, as the reply to GET or HEAD; nothing is made for a 304.
 * @throws ApiError as `replyWithTag`
 */
export async function replyTagged(
  headers: IncomingHttpHeaders,
  type: string,
  etag: string,
  make: () => Promise<Uint8Array>,
): Promise<Reply> {
  return heldReply(headers, type, etag) ?? { type, body: await make(), headers: { etag } };
}

/** A 304, where the request has it already. */
function heldReply(headers: IncomingHttpHeaders, type: string, etag: string): Reply | null {
  mustMatch(headers, etag);
  const tags = parseTags(headers['if-none-match'] ?? '');
  const held = tags === '*' ? etag : tags?.find((tag) => opaque(uncoded(tag)) === etag);
  return held === undefined ? null : { status: 304, type, body: '', headers: { etag: opaque(held) } };
}

function mustParse(name: string, header: string): string[] | '*' {
  const tags = parseTags(header);
  if (tags !== null) return tags;
  throw new ApiError(
    'InvalidParameter',
    `${name} is ${shownText(header) || 'empty'}; accepted are * and a list of ETags, each in quotation marks`,
    name,
  );
}

/** Before a write. @throws ApiError InvalidParameter */
export function checkConditions(headers: IncomingHttpHeaders): void {
  for (const name of ['if-match', 'if-none-match'] as const) {
    const header = headers[name];
    if (header !== undefined) mustParse(name, header);
  }
}

/** If-Match compares strongly. */
function mustMatch(
  { 'if-match': wanted }: IncomingHttpHeaders,
  etag: string,
  others: readonly string[] = [],
): void {
  if (wanted === undefined) return;
  const tags = mustParse('if-match', wanted);
  if (tags === '*' || tags.some((tag) => [etag, ...others].includes(uncoded(tag)))) return;
  throw new ApiError(
    'PreconditionFailed',
    `if-match is ${shownText(wanted)}, but the document there has the ETag ${etag}; read it again`,
    'if-match',
  );
}

/**
 * Whether a write may go on, when the document there has the tag given.
 * @param others tags of the same state in other forms, which If-Match may name as well
 * @throws ApiError PreconditionFailed, InvalidParameter
 */
export function mustMeetConditions(
  headers: IncomingHttpHeaders,
  etag: string,
  others: readonly string[] = [],
): void {
  mustMatch(headers, etag, others);
  const { 'if-none-match': unwanted } = headers;
  if (unwanted !== undefined) {
    const tags = mustParse('if-none-match', unwanted);
    if (tags === '*' || tags.some((tag) => opaque(uncoded(tag)) === etag))
      throw new ApiError(
        'PreconditionFailed',
        `if-none-match is ${shownText(unwanted)}, and the document there has the ETag ${etag}`,
        'if-none-match',
      );
  }
}
