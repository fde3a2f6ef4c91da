/** The `filter` of a request, in the encoding that `filter-lang` says -> Expression. OGC API Features Part 3, 8.2 to 8.4. */
import { shown } from '../geo/shown.ts';
import { parseExact } from '../stac/exact-json.ts';
import { DEEPEST_JSON, isTooDeep } from '../stac/json-text.ts';
import { type Expression, filterFault } from './ast.ts';
import { parseJson } from './parse-json.ts';
import { parseText } from './parse-text.ts';

export type FilterLang = 'cql2-text' | 'cql2-json';

function fromJsonText(text: string): unknown {
  if (isTooDeep(text)) throw filterFault(`filter is JSON nested deeper than ${DEEPEST_JSON} levels`);
  try {
    return parseExact(text);
  } catch {
    throw filterFault(`filter is ${shown(text)}; accepted by filter-lang cql2-json is JSON`);
  }
}

/**
 * @param lang undefined: as the request came, text in a query string, JSON in a body
 * @param isText the filter came as text of a query string or form, so that JSON is still to be parsed
 * @throws ApiError InvalidParameter
 */
export function readFilter(value: unknown, lang: FilterLang | undefined, isText: boolean): Expression {
  if ((lang ?? (isText ? 'cql2-text' : 'cql2-json')) === 'cql2-json') {
    return parseJson(isText && typeof value === 'string' ? fromJsonText(value) : value);
  }
  if (typeof value === 'string') return parseText(value);
  throw filterFault(`filter is ${shown(value)}; accepted by filter-lang cql2-text is text`);
}
