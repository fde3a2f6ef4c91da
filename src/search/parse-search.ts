/** Body of a search -> its members, of which the filters' numbers keep their digits. */
import { parseExact } from '../stac/exact-json.ts';
import { parseObject } from '../stac/item.ts';
import { memberSpans } from '../stac/json-text.ts';

/** @throws ApiError InvalidBody */
export function parseSearch(text: string): Record<string, unknown> {
  const body = parseObject(text);
  const spans = memberSpans(text);
  for (const name of ['filter', 'query']) {
    const span = spans.get(name);
    if (span) body[name] = parseExact(text.slice(span.start, span.end));
  }
  return body;
}
