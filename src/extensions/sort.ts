/** `sortby` of every search. STAC API Sort v1.1.0; its URIs of v1.0.0-rc.1 and v1.0.0 too, since clients match those. */
import { z } from 'zod';
import type { Parameters } from '../search/params.ts';
import { type SortField, sortFieldsOf } from '../search/sort.ts';
import type { Extension } from './extension.ts';

const MOST_FIELDS = 10;

const field = z.strictObject({
  field: z.string().min(1).max(1000),
  direction: z.enum(['asc', 'desc']).optional(),
});

/** Of a field named twice the first alone counts. */
function readFields(value: unknown): SortField[] {
  const fields = new Map<string, SortField>();
  for (const { field: name, direction = 'asc' } of value as z.infer<typeof field>[]) {
    if (!fields.has(name)) fields.set(name, { field: name, direction });
  }
  return [...fields.values()];
}

const parameters: Parameters = {
  sortby: {
    schema: z
      .array(field)
      .max(MOST_FIELDS)
      .meta({ 'x-query': { type: 'array', items: { type: 'string', minLength: 1 }, maxItems: MOST_FIELDS } })
      .describe(`Fields to sort by, at most ${MOST_FIELDS}; in a query string with - for descending`),
    accepted: `at most ${MOST_FIELDS} fields: [{"field": name, "direction": "asc" or "desc"}] in a body, name,-name in a query string`,
    fromText: sortFieldsOf,
    read: readFields,
  },
};

const versions = ['v1.1.0', 'v1.0.0', 'v1.0.0-rc.1'];

export const sort: Extension = {
  name: 'sort',
  conformsTo: versions.flatMap((version) => [
    `https://api.stacspec.org/${version}/item-search#sort`,
    `https://api.stacspec.org/${version}/ogcapi-features#sort`,
    `https://api.stacspec.org/${version}/collection-search#sort`,
  ]),
  parameters,
};
