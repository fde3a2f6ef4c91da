/** `fields` of every search. STAC API Fields v1.0.0. */
import { z } from 'zod';
import { type Fields, fieldsOf } from '../search/fields.ts';
import type { Parameters } from '../search/params.ts';
import type { Extension } from './extension.ts';

const MOST_NAMES = 1000;

const names = z.array(z.string()).max(MOST_NAMES).nullish();

const bare = (names: string[] | null | undefined) =>
  (names ?? []).map((name) => name.replace(/^[+-]/, '')).filter((name) => name !== '');

/** What is missing is not what is null or empty. The extension, "null vs. empty vs. missing". */
function readFields(value: unknown): Fields {
  const { include, exclude } = value as { include?: string[] | null; exclude?: string[] | null };
  return { include: include === undefined ? null : bare(include), exclude: bare(exclude) };
}

const parameters: Parameters = {
  fields: {
    schema: z
      .strictObject({ include: names, exclude: names })
      .meta({ 'x-query': { type: 'array', items: { type: 'string', minLength: 1 } } })
      .describe('The only fields to give, and fields to leave out'),
    accepted: `{"include": [names], "exclude": [names]} in a body, name,-name in a query string, at most ${MOST_NAMES} each`,
    mayBeEmpty: true,
    nullIs: {},
    fromText: fieldsOf,
    read: readFields,
  },
};

export const fields: Extension = {
  name: 'fields',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0/item-search#fields',
    'https://api.stacspec.org/v1.0.0/ogcapi-features#fields',
    'https://api.stacspec.org/v1.0.0-rc.1/collection-search#fields',
  ],
  parameters,
};
