/**
 * CQL2 text -> tokens, one at a time. OGC CQL2 1.0, Annex B: propertyName, characterLiteral, numericLiteral.
 *
 * A hyphen is no part of a name in the grammar, but of STAC names (`s2:dark-features`). It belongs to a name where it
 * stands between a character of a name and a letter, without spaces; so `a-1` and `a - b` are subtractions, and a name
 * such as "a-1" is said in double quotes.
 */
import { shown } from '../geo/shown.ts';
import { filterFault } from './ast.ts';

export interface Token {
  kind: 'name' | 'quoted' | 'string' | 'number' | 'mark' | 'end';
  /** A name as written, the content of a string or quoted name, a number's digits, a mark. */
  text: string;
  /** Where it begins and ends in the filter, from 0. */
  at: number;
  end: number;
}

const START =
  ':_A-Za-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{167F}\\u{1681}-\\u{1FFE}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}';
const PART = `${START}.0-9\\u{300}-\\u{36F}\\u{203F}\\u{2040}`;
const NAME = `[${START}][${PART}]*(?:-[${START}][${PART}]*)*`;
/** U+1680 is a space, though it lies within the grammar's ranges of names. */
const SPACES =
  '\\t\\n\\v\\f\\r \\u{85}\\u{A0}\\u{1680}\\u{2000}-\\u{200A}\\u{2028}\\u{2029}\\u{202F}\\u{205F}\\u{3000}';

const SPACE_RUN = new RegExp(`[${SPACES}]*`, 'uy');
const NAME_RUN = new RegExp(NAME, 'uy');
const NUMBER_RUN = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const MARK_RUN = /<>|<=|>=|[()=<>,+\-*/%^]/y;

const CONTROLS: Record<string, string> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
};

/** Whether a name can stand in CQL2 text without quotes, its hyphens aside. */
export function isPlainName(name: string): boolean {
  NAME_RUN.lastIndex = 0;
  return NAME_RUN.exec(name)?.[0] === name && !name.includes('-');
}

/** `shown` of a whole filter and where it fails: the position counts characters from 1. */
export function syntaxFault(filter: string, at: number, expected: string) {
  const came = at >= filter.length ? 'its end' : shown(filter.slice(at, at + 20));
  return filterFault(`filter is ${shown(filter)}: at position ${at + 1} expected ${expected}, not ${came}`);
}

function runAt(run: RegExp, filter: string, at: number): string | null {
  run.lastIndex = at;
  return run.exec(filter)?.[0] ?? null;
}

/**
 * A character literal: '' and \' are a quote, \\ is a backslash, \a \b \t \n \v \f \r are control characters; before any
 * other character a backslash stays, so that LIKE sees its escapes of % and _.
 */
function readString(filter: string, at: number): Token {
  let text = '';
  for (let next = at + 1; next < filter.length; next++) {
    const char = filter[next] as string;
    const after = filter[next + 1];
    if (char === "'") {
      if (after !== "'") return { kind: 'string', text, at, end: next + 1 };
      text += char;
      next++;
    } else if (char === '\\' && after !== undefined) {
      if (after === "'" || after === '\\') text += after;
      else text += CONTROLS[after] ?? `\\${after}`;
      next++;
    } else text += char;
  }
  throw syntaxFault(filter, at, "text that ends with '");
}

/** A name in double quotes may hold any character; "" is a quote. */
function readQuoted(filter: string, at: number): Token {
  let text = '';
  for (let next = at + 1; next < filter.length; next++) {
    const char = filter[next] as string;
    if (char === '"') {
      if (filter[next + 1] !== '"') {
        if (text === '') throw syntaxFault(filter, at, 'a name between double quotes');
        return { kind: 'quoted', text, at, end: next + 1 };
      }
      next++;
    }
    text += char;
  }
  throw syntaxFault(filter, at, 'a name that ends with "');
}

/** The token at or after a position. @throws ApiError InvalidParameter */
export function nextToken(filter: string, from: number): Token {
  const at = from + (runAt(SPACE_RUN, filter, from) ?? '').length;
  const first = filter[at];
  if (first === undefined) return { kind: 'end', text: '', at, end: at };
  if (first === "'") return readString(filter, at);
  if (first === '"') return readQuoted(filter, at);
  const mark = runAt(MARK_RUN, filter, at);
  if (mark !== null) return { kind: 'mark', text: mark, at, end: at + mark.length };
  const number = runAt(NUMBER_RUN, filter, at);
  if (number !== null) {
    const end = at + number.length;
    if (runAt(NAME_RUN, filter, end) !== null) throw syntaxFault(filter, at, 'a number or a name');
    return { kind: 'number', text: number, at, end };
  }
  const name = runAt(NAME_RUN, filter, at);
  if (name !== null) return { kind: 'name', text: name, at, end: at + name.length };
  throw syntaxFault(filter, at, 'a name, a number, text in single quotes or an operator');
}
