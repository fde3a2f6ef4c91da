/** What Items are together -> extent and summaries of their Collection. STAC 1.1 Collection, "Extent", "Summaries". */
import { elementTexts, memberSpans, objectText } from '../stac/json-text.ts';
import type { Facts, PropertyFacts } from './facts.ts';

/** Properties whose values a Collection lists. */
export const SUMMARIZED = ['platform', 'constellation', 'mission', 'instruments', 'gsd', 'proj:code'];
const MOST_VALUES = 50;

/** Values, those of arrays one by one, in order; a range where they are many numbers. */
export function listValues(values: unknown[]): unknown[] | Record<string, unknown> {
  const flat = [...new Set(values.flat().filter((value) => value !== null))];
  flat.sort((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
  );
  const isRange = flat.length > MOST_VALUES && flat.every((value) => typeof value === 'number');
  return isRange ? { minimum: flat[0], maximum: flat.at(-1) } : flat.slice(0, MOST_VALUES);
}

/** RFC 3339 without zeros that say nothing. */
export const shortInstant = (instant: string | null) => instant?.replace(/\.?0+Z$/, 'Z') ?? null;

type Members = Map<string, string>;

function membersOf(text: string | undefined): Members {
  if (!text?.startsWith('{')) return new Map();
  return new Map(Array.from(memberSpans(text), ([key, { start, end }]) => [key, text.slice(start, end)]));
}

/** The first of a list is the extent of all; others, if told, are the author's. */
function withFirst(text: string | undefined, first: unknown): string {
  const others = text?.startsWith('[') ? elementTexts(text).slice(1) : [];
  return `[${[JSON.stringify(first), ...others].join(',')}]`;
}

function extentText(text: string | undefined, { bbox, start, end }: Facts): string {
  const extent = membersOf(text);
  const spatial = membersOf(extent.get('spatial'));
  const temporal = membersOf(extent.get('temporal'));
  if (bbox) spatial.set('bbox', withFirst(spatial.get('bbox'), bbox));
  temporal.set('interval', withFirst(temporal.get('interval'), [shortInstant(start), shortInstant(end)]));
  return objectText(
    new Map([...extent, ['spatial', objectText(spatial)], ['temporal', objectText(temporal)]]),
  );
}

const isRangeText = (text: string) => /^\{\s*"(?:minimum|maximum)"/.test(text);

const tellNothing = ({ values }: PropertyFacts) => values?.every((value) => value === null) ?? false;

/** A summary in the form that the author chose, of what is there now; null: leave it. */
function summaryText(text: string | undefined, facts: PropertyFacts): string | null {
  const { values, minimum, maximum } = facts;
  if (text !== undefined && isRangeText(text)) {
    return minimum === undefined ? null : JSON.stringify({ minimum, maximum });
  }
  if (text !== undefined && !text.startsWith('[')) return null;
  if (tellNothing(facts)) return null;
  if (values !== null) return JSON.stringify(listValues(values));
  return minimum === undefined ? null : JSON.stringify({ minimum, maximum });
}

function summariesText(text: string | undefined, { properties }: Facts): string | null {
  const summaries = membersOf(text);
  for (const key of new Set([...summaries.keys(), ...SUMMARIZED])) {
    const facts = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const live = facts && summaryText(summaries.get(key), facts);
    if (live) summaries.set(key, live);
    else if ((!facts || tellNothing(facts)) && SUMMARIZED.includes(key)) summaries.delete(key);
  }
  return summaries.size === 0 && text === undefined ? null : objectText(summaries);
}

/** A stored Collection's text with extent and summaries of its Items; as it came while it has none. */
export function withFacts(content: string, facts: Facts | undefined): string {
  if (!facts || facts.start === null) return content;
  const members = membersOf(content);
  const links = members.get('links') ?? '[]';
  members.set('extent', extentText(members.get('extent'), facts));
  const summaries = summariesText(members.get('summaries'), facts);
  if (summaries !== null) members.set('summaries', summaries);
  // The server's own links are added at the end.
  members.delete('links');
  members.set('links', links);
  return objectText(members);
}
