/** `query` of every search. STAC API Query v1.0.0. */
import { z } from 'zod';
import { fromJsonText, type Parameters } from '../search/params.ts';
import { parseQuery } from '../search/query.ts';
import { parseExact } from '../stac/exact-json.ts';
import type { Extension } from './extension.ts';

const MOST_PROPERTIES = 200;

const checkJson = fromJsonText('query');

const operators = z.record(z.string(), z.unknown());

const parameters: Parameters = {
  query: {
    schema: z
      .record(z.string().min(1), operators)
      .refine((value) => Object.keys(value).length <= MOST_PROPERTIES)
      .describe('{"property": {"operator": value}}; all must hold'),
    accepted: `an object {"property": {"operator": value}} of at most ${MOST_PROPERTIES} properties`,
    fromText: (text) => {
      checkJson(text);
      return parseExact(text);
    },
    read: (value) => parseQuery(value as Record<string, Record<string, unknown>>) ?? undefined,
  },
};

const versions = ['v1.0.0', 'v1.0.0-rc.1'];

export const query: Extension = {
  name: 'query',
  conformsTo: versions.flatMap((version) => [
    `https://api.stacspec.org/${version}/item-search#query`,
    `https://api.stacspec.org/${version}/ogcapi-features#query`,
    `https://api.stacspec.org/${version}/collection-search#query`,
  ]),
  parameters,
};
