/** Media type of an answer -> JSON Schema of it, for the OpenAPI document. */
import { GEOJSON_TYPE, JSON_TYPE, SCHEMA_TYPE } from '../stac/media-type.ts';
import { OPENAPI_TYPE, PROBLEM_TYPE } from './api.ts';

type Schema = Record<string, unknown>;

const object = (required: string[], properties: Record<string, Schema> = {}): Schema => ({
  type: 'object',
  required,
  properties,
});
const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const link = object(['rel', 'href'], { rel: text, href: text });
const links: Schema = { type: 'array', items: { $ref: '#/components/schemas/Link' } };
const status: Schema = { type: 'integer', minimum: 400, maximum: 599 };

/** Components that the answers name. */
export const answerSchemas: Record<string, Schema> = {
  Link: link,
  Item: object(['type', 'stac_version', 'id', 'collection', 'geometry', 'properties', 'links', 'assets'], {
    type: { const: 'Feature' },
    id: text,
    collection: text,
    properties: { type: 'object' },
    links,
  }),
  ItemCollection: object(['type', 'features', 'links', 'numberMatched', 'numberReturned'], {
    type: { const: 'FeatureCollection' },
    // With `fields` an Item is what was asked for.
    features: { type: 'array', items: { type: 'object' } },
    links,
    numberMatched: count,
    numberReturned: count,
  }),
  Queryables: object(['$schema', '$id', 'type', 'properties', 'additionalProperties'], {
    type: { const: 'object' },
    properties: { type: 'object' },
    additionalProperties: { type: 'boolean' },
  }),
  Problem: object(['title', 'status', 'code', 'description'], {
    type: text,
    title: text,
    status,
    detail: text,
    instance: text,
    code: text,
    description: text,
    parameter: text,
  }),
};

const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const BY_TYPE: Record<string, Schema> = {
  [JSON_TYPE]: { type: 'object' },
  [OPENAPI_TYPE]: { type: 'object' },
  [GEOJSON_TYPE]: { oneOf: [named('ItemCollection'), named('Item')] },
  [SCHEMA_TYPE]: named('Queryables'),
  [PROBLEM_TYPE]: named('Problem'),
};

/** OpenAPI Media Type Object; a type that is no JSON document has no schema. */
export function answerOf(type: string): { schema?: Schema } {
  const schema = BY_TYPE[type];
  return schema ? { schema } : {};
}
