/** `fields` -> which parts of a document are given, cut out of its text so that numbers stay as they came. STAC API Fields. */
import { elementTexts, memberSpans, objectText } from '../stac/json-text.ts';

export interface Fields {
  include: string[];
  exclude: string[];
}

/** What makes a valid Item or Collection; always given unless excluded. The extension's rules 1 and 2. */
const ITEM_DEFAULTS = [
  'type',
  'stac_version',
  'id',
  'collection',
  'geometry',
  'bbox',
  'links',
  'assets',
  'properties.datetime',
  'properties.start_datetime',
  'properties.end_datetime',
];
const COLLECTION_DEFAULTS = ['type', 'stac_version', 'id', 'description', 'license', 'extent', 'links'];
const ITEM_MEMBERS = new Set([
  ...ITEM_DEFAULTS.filter((name) => !name.includes('.')),
  'properties',
  'stac_extensions',
]);

/** "a,-b,+c" -> fields; a "+" may have become a space on its way. */
export function fieldsOf(text: string): Fields {
  const parts = text.split(',').map((part) => part.trim());
  const named = (isExcluded: boolean) =>
    parts
      .filter((part) => part.startsWith('-') === isExcluded)
      .map((part) => part.replace(/^[+-]/, ''))
      .filter((part) => part !== '');
  return { include: named(false), exclude: named(true) };
}

/** Both ways to read a name that has no prefix: a member of the Item that the specification does not name, or a property. */
function itemPaths(name: string): string[] {
  const first = name.split('.')[0] as string;
  return ITEM_MEMBERS.has(first) ? [name] : [name, `properties.${name}`];
}

interface Cut {
  /** Undefined: everything. */
  include: string[] | undefined;
  exclude: string[];
}

/** What of the paths applies within a member: '' is the member itself. A key may hold dots. */
const within = (paths: string[], key: string): string[] =>
  paths.flatMap((path) => {
    if (path === key) return [''];
    return path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : [];
  });

function cutValue(text: string, cut: Cut): string | null {
  if (cut.exclude.includes('')) return null;
  const include = cut.include?.includes('') ? undefined : cut.include;
  if (include?.length === 0) return null;
  if (include === undefined && cut.exclude.length === 0) return text;
  const first = text[0];
  if (first === '{') return cutObject(text, { include, exclude: cut.exclude });
  if (first !== '[') return include === undefined ? text : null;
  const parts = elementTexts(text).map((part) => cutValue(part, { include, exclude: cut.exclude }));
  return `[${parts.filter((part) => part !== null).join(',')}]`;
}

function cutObject(text: string, { include, exclude }: Cut): string {
  const members: [string, string][] = [];
  for (const [key, { start, end }] of memberSpans(text)) {
    const value = cutValue(text.slice(start, end), {
      include: include && within(include, key),
      exclude: within(exclude, key),
    });
    if (value !== null) members.push([key, value]);
  }
  return objectText(members);
}

/**
 * A stored document with the fields wanted. Its links, if wanted, stay the last member. Without `include` all is given but
 * what is excluded; with neither, the least that is valid.
 */
export function cutDocument(text: string, { include, exclude }: Fields, kind: 'item' | 'collection'): string {
  const isItem = kind === 'item';
  const paths = (names: string[]) => (isItem ? names.flatMap(itemPaths) : names);
  const defaults = isItem ? ITEM_DEFAULTS : COLLECTION_DEFAULTS;
  const isAll = include.length === 0 && exclude.length > 0;
  const cut: Cut = {
    include: isAll ? undefined : [...defaults, ...paths(include)],
    exclude: paths(exclude),
  };
  return cutObject(text, cut);
}
