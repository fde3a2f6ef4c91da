/**
 * JSON text -> spans of its members, without decoding them, so that every number, null and key of a document
 * survives as it was written (1.0, 1e-7, 12345678901234567890). The text must already have passed JSON.parse.
 */

export interface Span {
  start: number;
  end: number;
}

/** Levels of arrays and objects that a JSON text may have; deeper ones overflow the stack of whoever walks them. */
export const DEEPEST_JSON = 100;

function refuse(text: string, at: number): never {
  throw new SyntaxError(`not the JSON that was expected, at ${at}: ${text.slice(at, at + 20)}`);
}

/** Where the content of an array's or object's text begins. @throws SyntaxError when it is neither */
function open(text: string, mark: '[' | '{'): number {
  const at = skipSpace(text, 0);
  if (text[at] !== mark) refuse(text, at);
  return skipSpace(text, at + 1);
}

/** Whether arrays and objects nest deeper than DEEPEST_JSON. Goes by the text, before anything parses it. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === '\\') at++;
    } else if (mark === '{' || mark === '[') {
      if (++depth > DEEPEST_JSON) return true;
    } else if (mark === '}' || mark === ']') depth--;
  }
  return false;
}

const SPACE = /[\t\n\r ]/;

function skipSpace(text: string, at: number): number {
  let next = at;
  while (next < text.length && SPACE.test(text[next] as string)) next++;
  return next;
}

function endOfString(text: string, at: number): number {
  let next = at + 1;
  while (next < text.length && text[next] !== '"') next += text[next] === '\\' ? 2 : 1;
  if (next >= text.length) refuse(text, at);
  return next + 1;
}

function endOfValue(text: string, at: number): number {
  const first = text[at];
  if (first === '"') return endOfString(text, at);
  if (first !== '{' && first !== '[') {
    let next = at;
    while (next < text.length && !/[\t\n\r ,\]}]/.test(text[next] as string)) next++;
    return next;
  }
  let depth = 0;
  for (let next = at; next < text.length; ) {
    const mark = text[next];
    if (mark === '"') next = endOfString(text, next);
    else {
      if (mark === '{' || mark === '[') depth++;
      else if (mark === '}' || mark === ']') depth--;
      next++;
      if (depth === 0) return next;
    }
  }
  return text.length;
}

/** Whether the string whose quotation mark stands at `at` is a member's key. @throws SyntaxError */
export function isKey(text: string, at: number): boolean {
  return text[skipSpace(text, endOfString(text, at))] === ':';
}

/** Where each member's value stands in an object's text; of a key written twice the last counts, as in JSON.parse. @throws SyntaxError */
export function memberSpans(text: string): Map<string, Span> {
  const spans = new Map<string, Span>();
  let at = open(text, '{');
  while (at < text.length && text[at] !== '}') {
    if (text[at] !== '"') refuse(text, at);
    const keyEnd = endOfString(text, at);
    const key = JSON.parse(text.slice(at, keyEnd)) as string;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    spans.delete(key);
    spans.set(key, { start, end });
    if (end === start) refuse(text, at);
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return spans;
}

/** The text of each member's value in an object's text, by key. @throws SyntaxError */
export function memberTexts(text: string): Map<string, string> {
  return new Map(Array.from(memberSpans(text), ([key, { start, end }]) => [key, text.slice(start, end)]));
}

/** The text of each element of an array's text. @throws SyntaxError */
export function elementTexts(text: string): string[] {
  const elements: string[] = [];
  let at = open(text, '[');
  while (at < text.length && text[at] !== ']') {
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end));
    if (end === at) refuse(text, at);
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return elements;
}

/** An object's text from its members' texts, in order. */
export function objectText(members: Iterable<[string, string]>): string {
  const parts = Array.from(members, ([key, value]) => `${JSON.stringify(key)}:${value}`);
  return `{${parts.join(',')}}`;
}

/** Line breaks stand between tokens only, never in a JSON string. */
export const oneLine = (text: string): string =>
  /[\r\n]/.test(text) ? text.replaceAll(/[\r\n][\t\n\r ]*/g, '') : text;
