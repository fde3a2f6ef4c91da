/** Routes -> OpenAPI 3.1. The same zod schemas check the requests. */
import { z } from 'zod';
import type { Config } from '../config.ts';
import { packageVersion } from '../package-root.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import { answerOf, answerSchemas } from './answer-schemas.ts';
import { PROBLEM_TYPE, type Route, type RouteParameter } from './api.ts';

/** What a schema of zod's says in its meta where the form in a query string is another than in a body. */
const QUERY_FORM = 'x-query';

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema: made }) => void delete made[QUERY_FORM],
  });
  return rest;
}

function parameterSchema({ in: where, schema }: RouteParameter): object {
  const form = where === 'query' ? schema.meta()?.[QUERY_FORM] : undefined;
  const made = jsonSchema(schema) as { description?: string };
  return form === undefined ? made : { description: made.description, ...(form as object) };
}

function parameter(route: RouteParameter): object {
  const { name, in: where } = route;
  const { description, ...rest } = parameterSchema(route) as { description?: string; type?: string };
  const isObject = rest.type === 'object';
  return {
    name,
    in: where,
    required: where === 'path',
    ...(description !== undefined && { description }),
    // A GeoJSON geometry travels as JSON text; lists are joined by commas.
    ...(isObject ? { content: { [JSON_TYPE]: { schema: rest } } } : { schema: rest }),
    ...(rest.type === 'array' && { style: 'form', explode: false }),
  };
}

/** What may meet any request. Node itself answers what is too long, before there is a request. */
const FAULTS = {
  414: 'The address is too long',
  431: 'The address and the headers are too long together',
  500: 'A fault of the server',
  503: 'The database does not answer',
  504: 'The time limit of a search was reached',
};
const EMPTY = new Set(['204', '302', '304', '431']);

function responses(route: Route): object {
  const all = {
    400: 'A parameter is wrong',
    ...(route.body && { 413: 'The body is too large', 415: 'The body is of a type that is not accepted' }),
    ...route.responses,
    ...FAULTS,
  };
  const entries = Object.entries(all).map(([status, description]) => {
    if (EMPTY.has(status)) return [status, { description }];
    const isFault = Number(status) >= 400;
    const types = isFault ? [PROBLEM_TYPE] : [route.produces ?? JSON_TYPE].flat();
    const content = Object.fromEntries(types.map((type) => [type, answerOf(type)]));
    return [status, { description, content }];
  });
  return Object.fromEntries(entries);
}

function operation(route: Route): object {
  const { operationId, summary, tag, parameters = [], body, consumes = [JSON_TYPE] } = route;
  return {
    operationId,
    summary,
    tags: [tag],
    ...(parameters.length > 0 && { parameters: parameters.map(parameter) }),
    ...(body && {
      requestBody: {
        content: Object.fromEntries(consumes.map((type) => [type, { schema: jsonSchema(body) }])),
      },
    }),
    responses: responses(route),
  };
}

/** @param base public address, no slash at the end */
export function makeOpenApi(routes: Route[], base: string, config: Config): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: config.title,
      description: config.description,
      version: packageVersion(),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: base }],
    paths,
    components: { schemas: answerSchemas },
  };
}
