/** `filter`, `filter-lang` and `filter-crs` of every search. STAC API Filter v1.0.0-rc.3; OGC API Features Part 3, 8; CQL2 1.0. */
import { z } from 'zod';
import { FUNCTIONS } from '../cql2/functions.ts';
import { type FilterLang, readFilter } from '../cql2/read-filter.ts';
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';
import { type ApiRequest, type Reply, reply } from '../http/api.ts';
import type { Came, Parameters } from '../search/params.ts';
import { rootLink } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import type { Extension } from './extension.ts';

const CRS84 = 'http://www.opengis.net/def/crs/OGC/1.3/CRS84';
const LANGUAGES = ['cql2-text', 'cql2-json'] as const;

function languageOf(came: Came): FilterLang | undefined {
  const given = came.other('filter-lang');
  if (given === undefined || given === '') return undefined;
  const known = LANGUAGES.find((language) => language === given);
  if (known) return known;
  throw new ApiError(
    'InvalidParameter',
    `filter-lang is ${shown(given)}; accepted are ${LANGUAGES.join(' and ')}`,
    'filter-lang',
  );
}

const parameters: Parameters = {
  filter: {
    schema: z
      .union([z.string(), z.looseObject({}), z.boolean()])
      .meta({ 'x-query': { type: 'string' } })
      .describe('CQL2 expression, as text or JSON by filter-lang'),
    accepted: 'a CQL2 expression',
    fromText: (text) => text,
    read: (value, came) => readFilter(value, languageOf(came), came.isText),
  },
  'filter-lang': {
    schema: z
      .enum(LANGUAGES)
      .describe('Encoding of filter; cql2-text in a query string and cql2-json in a body when not given'),
    accepted: LANGUAGES.join(' and '),
    fromText: (text) => text,
    read: (value) => value,
  },
  'filter-crs': {
    schema: z.literal(CRS84).describe('Coordinates in filter are lon, lat in degrees'),
    accepted: CRS84,
    fromText: (text) => text,
    read: (value) => value,
  },
};

const ogc = (part: string, name: string) => `http://www.opengis.net/spec/${part}/1.0/conf/${name}`;

const CQL2_CLASSES = [
  'cql2-text',
  'cql2-json',
  'basic-cql2',
  'advanced-comparison-operators',
  'case-insensitive-comparison',
  'accent-insensitive-comparison',
  'basic-spatial-functions',
  'basic-spatial-functions-plus',
  'spatial-functions',
  'temporal-functions',
  'array-functions',
  'property-property',
  'functions',
  'arithmetic',
];

const FUNCTIONS_REL = 'http://www.opengis.net/def/rel/ogc/1.0/functions';

async function listFunctions({ base }: ApiRequest): Promise<Reply> {
  const types = { string: ['string'], number: ['number'], instant: ['datetime'] };
  const functions = Array.from(FUNCTIONS.values(), ({ name, description, takes }) => ({
    name,
    description,
    arguments: [{ title: takes, type: types[takes] }],
    returns: ['number'],
  }));
  const links = [{ rel: 'self', type: JSON_TYPE, href: `${base}/functions` }, rootLink(base)];
  return reply({ functions, links });
}

export const filter: Extension = {
  name: 'filter',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0-rc.3/item-search#filter',
    'https://api.stacspec.org/v1.0.0/item-search#filter',
    'https://api.stacspec.org/v1.0.0-rc.1/collection-search#filter',
    ogc('ogcapi-features-3', 'filter'),
    ogc('ogcapi-features-3', 'features-filter'),
    ...CQL2_CLASSES.map((name) => ogc('cql2', name)),
  ],
  parameters,
  routes: () => [
    {
      method: 'get',
      tag: 'Filter and Sort',
      path: '/functions',
      operationId: 'getFunctions',
      summary: 'Functions that filters may call',
      responses: { 200: 'Their names, arguments and what they give' },
      handle: listFunctions,
    },
  ],
  landingLinks: (base) => [
    { rel: FUNCTIONS_REL, type: JSON_TYPE, href: `${base}/functions`, title: 'Functions' },
  ],
};
