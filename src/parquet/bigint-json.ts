/** JSON text -> values, integers beyond 2^53 as bigint as far as 64 bits hold them. */
import { elementTexts, memberTexts } from '../stac/json-text.ts';

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

function parsePart(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  if (text.startsWith('{'))
    return Object.fromEntries(Array.from(memberTexts(text), ([key, value]) => [key, parsePart(value)]));
  if (text.startsWith('[')) return elementTexts(text).map(parsePart);
  const value = JSON.parse(text) as unknown;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(text)) return value;
  const whole = BigInt(text);
  return whole >= LEAST && whole <= MOST ? whole : value;
}

/** @param text of an object, which JSON.parse takes */
export const parseExact = (text: string): Record<string, unknown> =>
  parsePart(text.trim()) as Record<string, unknown>;

/** Values -> JSON text; a bigint is a number. */
export function exactText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(exactText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, each]) => each !== undefined);
  return `{${members.map(([key, each]) => `${JSON.stringify(key)}:${exactText(each)}`).join(',')}}`;
}
