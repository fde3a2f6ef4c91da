/**
 * `q` -> PostgreSQL tsquery. STAC API free-text: basic (a list of terms, any of which matches; the words of a term stand
 * side by side) and advanced (OR, AND, parentheses, "phrases", +required, -excluded; words side by side mean OR).
 */
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { wordsOf } from '../stac/words.ts';

const LONGEST = 2000;
const DEEPEST = 32;

function refuse(text: string, why: string): never {
  throw new ApiError(
    'InvalidParameter',
    `q is ${shown(text)}; ${why}; accepted are terms with commas between them, or words, "phrases", AND, OR, +, - and parentheses`,
    'q',
  );
}

/** A term's words side by side; null: it has none. */
function phrase(text: string): string | null {
  const words = wordsOf(text);
  return words.length === 0 ? null : `(${words.map((word) => `'${word}'`).join(' <-> ')})`;
}

/** Any of the terms. Null: no word in them, so nothing matches. */
export function anyOf(terms: string[]): string | null {
  const found = terms.flatMap((term) => phrase(term) ?? []);
  return found.length === 0 ? null : found.join(' | ');
}

type Mark = '(' | ')' | '+' | '-' | 'AND' | 'OR' | { term: string };

function marksOf(text: string): Mark[] {
  const marks: Mark[] = [];
  const pattern = /\s+|([()])|([+-])(?=[^\s)])|"([^"]*)"|([^\s()"]+)|(")/gy;
  for (const [, bracket, sign, quoted, word, open] of text.matchAll(pattern)) {
    if (open !== undefined) refuse(text, 'a quotation mark is not closed');
    if (bracket ?? sign) marks.push((bracket ?? sign) as Mark);
    else if (quoted !== undefined) marks.push({ term: quoted });
    else if (word === 'AND' || word === 'OR') marks.push(word);
    else if (word !== undefined) marks.push({ term: word });
  }
  return marks;
}

interface Clause {
  query: string | null;
  sign: '+' | '-' | null;
}

/** Required and excluded clauses as they are; of the others one must match where none is required. */
function combine(clauses: Clause[]): string | null {
  const queries = (sign: Clause['sign']) =>
    clauses.filter((clause) => clause.sign === sign).flatMap(({ query }) => query ?? []);
  const required = queries('+');
  const optional = queries(null);
  const excluded = queries('-').map((query) => `!${query}`);
  const any = required.length === 0 && optional.length > 0 ? [`(${optional.join(' | ')})`] : [];
  const all = [...required, ...any, ...excluded];
  return all.length === 0 ? null : `(${all.join(' & ')})`;
}

/** Words, "phrases", AND, OR, +, -, parentheses. AND binds more than OR. Null: no word, so nothing matches. */
export function parseAdvanced(text: string): string | null {
  const marks = marksOf(text);
  let at = 0;
  function primary(depth: number): string | null {
    const mark = marks[at++];
    if (mark === undefined) return refuse(text, 'it ends where a word is expected');
    if (mark === '(') {
      if (depth > DEEPEST) refuse(text, `it nests deeper than ${DEEPEST} levels`);
      const inner = any(depth + 1);
      if (marks[at++] !== ')') refuse(text, 'a parenthesis is not closed');
      return inner;
    }
    if (typeof mark === 'object') return phrase(mark.term);
    return refuse(text, `"${mark}" stands where a word is expected`);
  }
  function both(depth: number): Clause {
    const sign = marks[at] === '+' || marks[at] === '-' ? (marks[at++] as '+' | '-') : null;
    const parts = [primary(depth)];
    while (marks[at] === 'AND') {
      at++;
      const isExcluded = marks[at] === '-';
      if (isExcluded || marks[at] === '+') at++;
      const part = primary(depth);
      parts.push(isExcluded && part !== null ? `!${part}` : part);
    }
    const found = parts.filter((part) => part !== null);
    // A term without a word is nowhere.
    if (parts.length > 1 && found.length < parts.length) return { query: null, sign };
    return { query: found.length > 1 ? `(${found.join(' & ')})` : (found[0] ?? null), sign };
  }
  function any(depth: number): string | null {
    const clauses: Clause[] = [both(depth)];
    while (at < marks.length && marks[at] !== ')') {
      if (marks[at] === 'OR') at++;
      clauses.push(both(depth));
    }
    return combine(clauses);
  }
  const query = any(0);
  if (at < marks.length) refuse(text, 'a parenthesis closes that none opened');
  return query;
}

/** Terms between commas that stand outside quotation marks. */
function split(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,])+/g) ?? []).map((term) => term.trim()).filter((term) => term !== '');
}

/**
 * @param value text, or a list of terms
 * @returns tsquery text; null when no word is in it, so that nothing matches
 * @throws ApiError InvalidParameter
 */
export function readFreeText(value: string | string[]): string | null {
  const size = typeof value === 'string' ? value.length : value.join().length;
  if (size > LONGEST) refuse(String(value), `it is longer than ${LONGEST} characters`);
  if (typeof value !== 'string') return anyOf(value);
  const terms = split(value);
  if (terms.length === 0) return null;
  return terms.length > 1 ? anyOf(terms) : parseAdvanced(value);
}
