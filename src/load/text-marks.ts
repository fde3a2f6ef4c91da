/** Characters that stand before a text and are no part of it. */

/** Begins each record of a GeoJSON text sequence. RFC 8142 2.1. */
const RECORD = '\u001e';
const BYTE_ORDER_MARK = '\ufeff';

/** The text without what stands around it. */
export function plain(text: string): string {
  let start = 0;
  while (start < text.length && (text[start] === RECORD || text[start] === BYTE_ORDER_MARK)) start++;
  const rest = text.slice(start).trim();
  return rest.startsWith(RECORD) || rest.startsWith(BYTE_ORDER_MARK) ? plain(rest) : rest;
}
