/** A reply in the language that the client wants, with Content-Language and Vary. STAC API Language 1.0.0-rc.2; RFC 9110 12.5.4. */
import { z } from 'zod';
import type { Config } from '../config.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { elementTexts, memberSpans } from '../stac/json-text.ts';
import { inLanguage, type LanguageRange, languagesIn, parseLanguageRanges } from '../stac/language.ts';
import { JSON_TYPE, PNG_TYPE } from '../stac/media-type.ts';
import type { ApiRequest, Reply, Route, RouteParameter } from './api.ts';
import { replyWithTag } from './etag.ts';

export const languageParameter: RouteParameter = {
  name: 'language',
  in: 'query',
  schema: z
    .string()
    .meta({ pattern: String.raw`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*(;q=(0(\.\d{1,3})?|1))?$` })
    .describe('Languages wanted, in the form of Accept-Language, before which it goes'),
};

/** The parameter counts more than the header, which a browser sends unasked. @throws ApiError InvalidParameter */
function readRanges({ query, headers }: ApiRequest, route: Route): LanguageRange[] {
  const asked = route.parameters?.some(({ name }) => name === 'language') ? query.get('language') : null;
  // A header of another form is no preference.
  if (asked === null) return parseLanguageRanges(headers['accept-language'] ?? '') ?? [];
  const ranges = parseLanguageRanges(asked);
  if (ranges) return ranges;
  throw new ApiError(
    'InvalidParameter',
    `language is ${shown(asked)}; accepted are language tags as in Accept-Language, such as "de, en;q=0.5"`,
    'language',
  );
}

/** A reply whose text is the program's own. */
export const inEnglish = (made: Reply): Reply => ({
  ...made,
  headers: { ...made.headers, 'content-language': 'en' },
});

/** Members of a reply that list Collections and Catalogs. */
const LISTS = ['collections', 'children'];

/** A Collection, a Catalog or a list of them, each in the language that fits. */
function translate(body: string, ranges: LanguageRange[]): string {
  if (ranges.length === 0 || !body.includes('"languages"')) return body;
  const spans = memberSpans(body);
  const list = LISTS.map((name) => spans.get(name)).find((span) => span && body[span.start] === '[');
  if (spans.has('stac_version') || !list) return inLanguage(body, ranges);
  const texts = elementTexts(body.slice(list.start, list.end)).map((text) => inLanguage(text, ranges));
  return `${body.slice(0, list.start)}[${texts.join(',')}]${body.slice(list.end)}`;
}

/** Runs a route's handler and gives its reply out in the language wanted. */
export async function negotiateLanguage(
  route: Route,
  request: ApiRequest,
  { language }: Config,
  handle: (request: ApiRequest) => Promise<Reply>,
): Promise<Reply> {
  const ranges = readRanges(request, route);
  const isReading = route.method === 'get' || route.method === 'post';
  // A picture is the same in every language.
  if (!isReading || route.produces === PNG_TYPE) return handle(request);
  // Whether the client has it already is known only of the text in its language.
  const { 'if-none-match': _, ...headers } = request.headers;
  const isGet = route.method === 'get';
  const made = await handle(isGet ? { ...request, headers } : request);
  const { status = 200, type, body } = made;
  if (status !== 200) return made;
  const isWhole = typeof body === 'string' && type.includes('json');
  const text = isWhole && type === JSON_TYPE ? translate(body, ranges) : body;
  const told = {
    'content-language':
      typeof text === 'string' && isWhole ? languagesIn(text, language.code) : language.code,
    ...made.headers,
    vary: [made.headers?.vary, 'Accept-Language'].filter(Boolean).join(', '),
  };
  const { etag: made_, ...rest } = told as Record<string, string>;
  if (made_ === undefined || !isGet || typeof text !== 'string')
    return { ...made, body: text, headers: told };
  const tagged = replyWithTag(request.headers, type, text);
  return { ...tagged, headers: { ...rest, ...tagged.headers } };
}
