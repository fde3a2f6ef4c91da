/** `fields` of every search. STAC API Fields v1.0.0. */
import { z } from 'zod';
import { type Fields, fieldsOf } from '../search/fields.ts';
import type { Parameters } from '../search/params.ts';
import type { Extension } from './extension.ts';

const MOST_NAMES = 1000;

const names = z.array(z.string()).max(MOST_NAMES).nullish();

function readFields(value: unknown): Fields {
  const { include, exclude } = value as { include?: string[] | null; exclude?: string[] | null };
  const bare = (name: string) => name.replace(/^[+-]/, '');
  return {
    include: (include ?? []).map(bare).filter((name) => name !== ''),
    exclude: (exclude ?? []).map(bare).filter((name) => name !== ''),
  };
}

const parameters: Parameters = {
  fields: {
    schema: z
      .strictObject({ include: names, exclude: names })
      .describe('Fields to give beside those that make a valid document, and fields to leave out'),
    accepted: `{"include": [names], "exclude": [names]} in a body, name,-name in a query string, at most ${MOST_NAMES} each`,
    mayBeEmpty: true,
    hasPlus: true,
    fromText: fieldsOf,
    read: readFields,
  },
};

const versions = ['v1.0.0', 'v1.0.0-rc.1'];

export const fields: Extension = {
  name: 'fields',
  conformsTo: versions.flatMap((version) => [
    `https://api.stacspec.org/${version}/item-search#fields`,
    `https://api.stacspec.org/${version}/ogcapi-features#fields`,
    `https://api.stacspec.org/${version}/collection-search#fields`,
  ]),
  parameters,
};
