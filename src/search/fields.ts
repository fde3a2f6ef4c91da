/** `fields` -> which parts of a document are given, cut out of its text so that numbers stay as they came. STAC API Fields. */
import { elementTexts, memberSpans, objectText } from '../stac/json-text.ts';

export interface Fields {
  /** Null: not told at all, which is everything; an empty list is the least that is valid. */
  include: string[] | null;
  exclude: string[];
}

/** What makes a valid Item; the extension's rule 1, and `collection`, which an Item with such a link must have. */
const ITEM_DEFAULTS = ['type', 'stac_version', 'id', 'collection', 'geometry', 'bbox', 'links', 'assets'];
const INSTANT = ['properties.datetime'];
const PERIOD = ['properties.datetime', 'properties.start_datetime', 'properties.end_datetime'];
const COLLECTION_DEFAULTS = ['type', 'stac_version', 'id', 'description', 'license', 'extent', 'links'];
const ITEM_MEMBERS = new Set([...ITEM_DEFAULTS, 'properties', 'stac_extensions']);

/** "a,-b,+c" -> fields; a "+" may have become a space on its way. */
export function fieldsOf(text: string): Fields {
  const parts = text.split(',').map((part) => part.trim());
  const named = (isExcluded: boolean) =>
    parts
      .filter((part) => part.startsWith('-') === isExcluded)
      .map((part) => part.replace(/^[+-]/, ''))
      .filter((part) => part !== '');
  // Text cannot tell what is missing from what is empty: it counts as empty.
  return { include: named(false), exclude: named(true) };
}

/** Both ways to read a name that has no prefix: a member of the Item that the specification does not name, or a property. */
function itemPaths(name: string): string[] {
  const first = name.split('.')[0] as string;
  return ITEM_MEMBERS.has(first) ? [name] : [name, `properties.${name}`];
}

interface Rules {
  include: string[];
  exclude: string[];
  /** What no rule names is kept. */
  isKept: boolean;
}

/** What of the paths applies within a member: '' is the member itself. A key may hold dots. */
const within = (paths: string[], key: string): string[] =>
  paths.flatMap((path) => {
    if (path === key) return [''];
    return path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : [];
  });

/** The most specific path counts, and of two that are the same the included one: rules 5 and 6. */
function rulesFor(key: string, rules: Rules): Rules {
  const include = within(rules.include, key);
  const exclude = within(rules.exclude, key);
  const isKept = include.includes('') || (rules.isKept && !exclude.includes(''));
  const deeper = (path: string) => path !== '';
  return { include: include.filter(deeper), exclude: exclude.filter(deeper), isKept };
}

function cutValue(text: string, rules: Rules): string | null {
  const { include, exclude, isKept } = rules;
  const hasRules = isKept ? exclude.length > 0 : include.length > 0;
  if (!hasRules) return isKept ? text : null;
  if (text.startsWith('{')) {
    const members = cutMembers(text, rules);
    return members.length > 0 || isKept ? objectText(members) : null;
  }
  if (!text.startsWith('[')) return isKept ? text : null;
  const parts = elementTexts(text).flatMap((part) => cutValue(part, rules) ?? []);
  return parts.length > 0 || isKept ? `[${parts.join(',')}]` : null;
}

const cutMembers = (text: string, rules: Rules): [string, string][] =>
  Array.from(memberSpans(text)).flatMap(([key, { start, end }]) => {
    const value = cutValue(text.slice(start, end), rulesFor(key, rules));
    return value === null ? [] : [[key, value]];
  });

/** Rule 1: an Item whose datetime is null is valid with the ends of its period. */
function timesOf(text: string): string[] {
  const properties = memberSpans(text).get('properties');
  const inner = text.slice(properties?.start, properties?.end);
  const datetime = properties && memberSpans(inner).get('datetime');
  return datetime && inner.slice(datetime.start, datetime.end) === 'null' ? PERIOD : INSTANT;
}

const isExcluded = (path: string, exclude: string[]) =>
  exclude.some((each) => path === each || path.startsWith(`${each}.`));

/** A stored document with the fields wanted. Its links, if wanted, stay the last member. */
export function cutDocument(text: string, fields: Fields, kind: 'item' | 'collection'): string {
  const isItem = kind === 'item';
  const paths = (names: string[]) => (isItem ? names.flatMap(itemPaths) : names);
  const exclude = paths(fields.exclude);
  if (fields.include === null && exclude.length > 0) {
    return objectText(cutMembers(text, { include: [], exclude, isKept: true }));
  }
  const isDefault = fields.include === null || fields.include.length === 0;
  const defaults = () => (isItem ? [...ITEM_DEFAULTS, ...timesOf(text)] : COLLECTION_DEFAULTS);
  const include = isDefault
    ? defaults().filter((path) => !isExcluded(path, exclude))
    : paths(fields.include ?? []);
  return objectText(cutMembers(text, { include, exclude, isKept: false }));
}

/** Whether a document that was cut so still ends with its links. */
export const givesLinks = (cut: string): boolean => memberSpans(cut).has('links');
