/** Landing page, conformance, the API's own description, and whether the server is well. STAC API 1.0 Core; OGC API Features Part 1, 7.2-7.4. */
import type { Config } from '../config.ts';
import { ApiError } from '../errors.ts';
import { type ApiRequest, type Context, OPENAPI_TYPE, type Reply, type Route, reply } from '../http/api.ts';
import { hasBrowser } from '../http/browser.ts';
import { inEnglish, languageParameter } from '../http/language.ts';
import { makeOpenApi } from '../http/openapi.ts';
import { type Link, rootLink } from '../stac/link.ts';
import { JSON_TYPE } from '../stac/media-type.ts';
import { childLinks } from './children.ts';
import type { Api, Extension } from './extension.ts';
import { landingAlternates, landingLanguages } from './language.ts';

function serviceLinks(base: string, config: Config): Link[] {
  return [
    { rel: 'self', type: JSON_TYPE, href: `${base}/` },
    rootLink(base),
    { rel: 'service-desc', type: OPENAPI_TYPE, href: `${base}/api`, title: 'OpenAPI description' },
    { rel: 'service-doc', type: 'text/html', href: `${base}/api.html`, title: 'Documentation' },
    { rel: 'conformance', type: JSON_TYPE, href: `${base}/conformance` },
    ...(hasBrowser(config)
      ? [{ rel: 'alternate', type: 'text/html', href: `${base}/browser/`, title: 'STAC Browser' }]
      : []),
  ];
}

async function landingPage({ base }: ApiRequest, { config, database }: Context, api: Api): Promise<Reply> {
  const children = await childLinks(database.db, base, null);
  return reply({
    type: 'Catalog',
    stac_version: '1.1.0',
    id: config.catalogId,
    title: config.title,
    description: config.description,
    conformsTo: api.conformsTo,
    ...landingLanguages(config),
    links: [
      ...serviceLinks(base, config),
      ...landingAlternates(base, config),
      ...api.landingLinks(base),
      ...children,
    ],
  });
}

async function readiness({ database }: Context): Promise<Reply> {
  try {
    await database.ping();
    return reply({ status: 'ready', database: database.kind });
  } catch {
    throw new ApiError('Unavailable', 'the database does not answer');
  }
}

function routes(api: Api): Route[] {
  const common = { method: 'get', tag: 'Core' } as const;
  return [
    {
      ...common,
      path: '/',
      operationId: 'getLandingPage',
      summary: 'Landing page',
      parameters: [languageParameter],
      responses: { 200: 'The catalogue: who it is, what it can do, where things are' },
      handle: (request, context) => landingPage(request, context, api),
    },
    {
      ...common,
      path: '/conformance',
      operationId: 'getConformance',
      summary: 'Conformance classes',
      responses: { 200: 'The URIs of all conformance classes that this API meets' },
      handle: async () => reply({ conformsTo: api.conformsTo }),
    },
    {
      ...common,
      path: '/api',
      operationId: 'getOpenApi',
      summary: 'This description',
      responses: { 200: 'OpenAPI 3.1' },
      produces: OPENAPI_TYPE,
      handle: async ({ base }, { config }) =>
        inEnglish(reply(makeOpenApi(api.routes, base, config), OPENAPI_TYPE)),
    },
    {
      ...common,
      path: '/healthz',
      operationId: 'getHealth',
      summary: 'The process lives',
      responses: { 200: 'It does' },
      handle: async () => reply({ status: 'ok' }),
    },
    {
      ...common,
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'The database answers',
      responses: { 200: 'It does', 503: 'It does not' },
      handle: (_, context) => readiness(context),
    },
  ];
}

export const core: Extension = {
  name: 'core',
  conformsTo: [
    'https://api.stacspec.org/v1.0.0/core',
    'http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core',
  ],
  routes,
};
