/** JSON text -> values, in which a number keeps its digits where a double may not hold them. */

const DIGITS = Symbol('digits');

/** A number of JSON by its text. */
export interface LongNumber {
  [DIGITS]: string;
  toJSON(): string;
}

const longNumber = (digits: string): LongNumber => ({ [DIGITS]: digits, toJSON: () => `\0${digits}\0` });

/** The text of a LongNumber; null: the value is none. */
export const digitsOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && DIGITS in value ? (value as LongNumber)[DIGITS] : null;

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A double holds any 15 digits. */
const isLong = (token: string) =>
  /[eE][+-]?\d{3}/.test(token) || token.replace(/[eE].*/, '').replace(/\D/g, '').length > 15;

/** @throws SyntaxError where the text is not JSON */
export function parseExact(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let mark = 'digits';
  while (text.includes(mark)) mark += '_';
  const marked = text.replaceAll(TOKEN, (token) =>
    token.startsWith('"') || !isLong(token) ? token : `{"${mark}":"${token}"}`,
  );
  if (marked === text) return value;
  return JSON.parse(marked, (_, part: unknown) => {
    const digits = (part as Record<string, unknown> | null)?.[mark];
    return typeof digits === 'string' && NUMBER.test(digits) ? longNumber(digits) : part;
  });
}

/** JSON text of a value, long numbers as they came. */
export const exactText = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/"\\u0000(-?\d[\d.eE+-]*)\\u0000"/g, '$1');

/** The same value with doubles for its numbers. */
export function withDoubles(value: unknown): unknown {
  const digits = digitsOf(value);
  if (digits !== null) return Number(digits);
  if (Array.isArray(value)) return value.map(withDoubles);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withDoubles(part)]));
}
