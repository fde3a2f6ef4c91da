/** Whether a search names properties that are there. OGC API Features Part 3, 6.2.3: what is no queryable is a 400. */
import { usedProperties } from '../cql2/ast.ts';
import { readCollectionKeys, readOverrides } from '../db/read-names.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import type { Context } from '../http/api.ts';
import { type Facts, mergeFacts, noFacts } from '../search/facts.ts';
import type { SearchParams } from '../search/params.ts';
import { bareName, COLLECTION_NAMES } from '../search/properties.ts';
import { isKnown, itemNames } from '../search/queryables.ts';

/** What names are looked up in: a server's context, or what a command has of it. */
type Searched = Pick<Context, 'config' | 'database' | 'facts'>;

/** What the Items of these Collections are together. @param collections null: all */
export async function factsTogether(
  { facts }: Pick<Context, 'facts'>,
  collections: string[] | null,
): Promise<Facts> {
  const each = await facts.read(collections);
  return [...each.values()].reduce(mergeFacts, noFacts());
}

interface Named {
  name: string;
  parameter: 'filter' | 'query' | 'sortby';
}

export function namesIn({ filter, query, sortby = [] }: SearchParams): Named[] {
  const named = (parameter: Named['parameter'], names: string[]) =>
    names.map((name) => ({ name, parameter }));
  return [
    ...named('filter', filter === undefined ? [] : usedProperties(filter)),
    ...named('query', query === undefined ? [] : usedProperties(query)),
    ...named(
      'sortby',
      sortby.map(({ field }) => field),
    ),
  ];
}

/** @throws ApiError InvalidParameter that says where names are told */
export function refuseName({ name, parameter }: Named, where: string): never {
  const list = parameter === 'sortby' ? 'sortables' : 'queryables';
  throw new ApiError(
    'InvalidParameter',
    `${parameter} names ${shown(name)}, which is no property here; accepted are those that ${where}${list} lists`,
    parameter,
  );
}

/**
 * @param collection whose Items are searched; null: all
 * @throws ApiError InvalidParameter
 */
export async function mustKnowNames(
  context: Searched,
  params: SearchParams,
  collection: string | null,
): Promise<void> {
  const named = namesIn(params);
  if (named.length === 0 || context.config.additionalProperties) return;
  const always = itemNames(noFacts());
  const open = named.filter(({ name }) => !isKnown(bareName(name), always));
  if (open.length === 0) return;
  const facts = await factsTogether(context, collection === null ? null : [collection]);
  if (facts.isOpen) return;
  const names = itemNames(facts);
  const unknown = open.filter(({ name }) => !isKnown(bareName(name), names));
  if (unknown.length === 0) return;
  const overrides = await readOverrides(context.database.db, collection);
  if (overrides.some(({ additionalProperties }) => additionalProperties === true)) return;
  const given = new Set(overrides.flatMap(({ properties = {} }) => Object.keys(properties)));
  const first = unknown.find(({ name }) => !isKnown(bareName(name), given));
  if (first) refuseName(first, collection === null ? '/' : `/collections/${collection}/`);
}

/** The same of a search over Collections. @throws ApiError InvalidParameter */
export async function mustKnowCollectionNames(context: Context, params: SearchParams): Promise<void> {
  const named = namesIn(params);
  if (named.length === 0 || context.config.additionalProperties) return;
  const known = new Set([...COLLECTION_NAMES, ...(await readCollectionKeys(context.database.db))]);
  const first = named.find(({ name }) => !isKnown(name, known));
  if (first) refuseName(first, '/collection-');
}
