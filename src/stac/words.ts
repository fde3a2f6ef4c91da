/**
 * Text -> words for free-text search. The words are made here, not by the database's parser, so that every database and
 * locale finds the same: letters and digits of any script, without case and accents.
 */
import { checkInstant } from './datetime.ts';

/** Words and characters of one document that count, and characters of a word; the database takes a megabyte. */
const MOST_WORDS = 10_000;
const MOST_CHARACTERS = 200_000;
const LONGEST_WORD = 200;

/** Positions that keep phrases from running over the end of a text. */
const GAP = 10;

/** By way of upper case, where "ß" is "SS"; a sigma at a word's end is as any other. */
const folded = (text: string) => text.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ');

export function wordsOf(text: string): string[] {
  const plain = folded(text.normalize('NFKD').replaceAll(/\p{M}/gu, ''));
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => word.slice(0, LONGEST_WORD));
}

/** Every string in a JSON value that is no date-time. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return checkInstant(value) === null ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

/** Texts -> PostgreSQL tsvector with positions. */
export function toTsvector(texts: unknown[]): string {
  const places = new Map<string, number[]>();
  let at = 1;
  let count = 0;
  let size = 0;
  for (const text of texts.flatMap(stringsIn)) {
    for (const word of wordsOf(text)) {
      size += word.length;
      if (++count > MOST_WORDS || size > MOST_CHARACTERS) break;
      const known = places.get(word) ?? [];
      // The database keeps 255 places of a word.
      if (known.length < 255) known.push(Math.min(at, 16_383));
      places.set(word, known);
      at++;
    }
    at += GAP;
  }
  return Array.from(places, ([word, all]) => `'${word}':${all.join(',')}`).join(' ');
}
