/** The wiring of express: what every route shares, then the routes of the extensions that are on. */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import compression from 'compression';
import cors from 'cors';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { makeLiveFacts } from './db/live-facts.ts';
import { ApiError } from './errors.ts';
import { type Api, foldExtensions } from './extensions/extension.ts';
import { extensions } from './extensions/index.ts';
import { shown } from './geo/shown.ts';
import type { ApiRequest, Context, Reply, Route } from './http/api.ts';
import { pathPrefix, requestBase } from './http/base-url.ts';
import { bodyText, bodyType } from './http/body.ts';
import { mountBrowser } from './http/browser.ts';
import { tagCodings } from './http/coded-etag.ts';
import { mountFiles } from './http/files.ts';
import { negotiateLanguage } from './http/language.ts';
import { allowMethods } from './http/methods.ts';
import { mustKnowParameters } from './http/parameters.ts';
import { problemReply, toApiError } from './http/problem.ts';
import { readerNetwork } from './http/reader.ts';
import { LONGEST_ADDRESS } from './http/server.ts';

const MOST_BODY = '32mb';
/** Seconds after which what is unavailable may be there again. */
const RETRY_AFTER = '5';

export type Log = (event: string, fields: Record<string, unknown>) => void;

/** A client that goes away is no fault; of any other the connection is broken off, so that nothing seems whole. */
async function sendParts(body: AsyncIterable<string | Uint8Array>, response: Response): Promise<void> {
  try {
    await pipeline(Readable.from(body, { objectMode: false }), response);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function sendUntagged(response: Response, body: Buffer): void {
  response.set('content-length', String(body.length));
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

async function send(response: Response, { status = 200, type, body, headers = {} }: Reply): Promise<void> {
  response.status(status).set(headers);
  if (status === 204 || status === 302 || status === 304) {
    // As the whole reply would say.
    if (status === 304) response.vary('Accept-Encoding');
    response.end();
    return;
  }
  response.set('content-type', type === 'application/json' ? 'application/json; charset=utf-8' : type);
  // Only what is found is tagged by express.
  if (typeof body === 'string' && status === 200) response.send(Buffer.from(body));
  else if (typeof body === 'string' || body instanceof Uint8Array) sendUntagged(response, Buffer.from(body));
  else if (response.req.method === 'HEAD') response.end();
  else await sendParts(body, response);
}

/** OpenAPI path -> express path. */
const expressPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ':$1');

function mountRoute(app: Express, route: Route, context: Context): void {
  const { config } = context;
  app[route.method](expressPath(route.path), async (request: Request, response: Response) => {
    const url = request.originalUrl;
    const queryAt = url.indexOf('?');
    if (route.method === 'patch' && route.consumes) response.set('accept-patch', route.consumes.join(', '));
    if (route.consumes) bodyType(route.consumes, request.headers['content-type']);
    const query = new URLSearchParams(queryAt < 0 ? '' : url.slice(queryAt + 1));
    mustKnowParameters(route, { query });
    const asked: ApiRequest = {
      params: request.params as Record<string, string>,
      query,
      headers: request.headers,
      text: route.body ? bodyText(request.body, request.headers['content-type']) : '',
      base: requestBase(request, config),
      reader: readerNetwork(request.headers, request.socket.remoteAddress, config.trustProxy),
      mustBeWanted: () => {
        if (response.destroyed) throw new ApiError('Unavailable', 'the client went away');
      },
    };
    await send(
      response,
      await negotiateLanguage(route, asked, config, (each) => route.handle(each, context)),
    );
  });
}

/** What each path takes; all else there is a 405. */
function mountMethods(app: Express, { routes, routesOff }: Api): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const methods = here.map(({ method }) => method.toUpperCase());
    const patches = here.find(({ method }) => method === 'patch')?.consumes;
    const off = routesOff.filter((route) => route.path === path);
    const whyOff = new Map(off.map(({ method, whileOff }) => [method.toUpperCase(), whileOff]));
    app.all(expressPath(path), allowMethods(methods, patches, whyOff));
  }
}

/** A proxy may pass the public address's path on; it is taken off. */
function stripPrefix(prefix: string) {
  return (request: Request, _: Response, next: NextFunction) => {
    if (
      prefix !== '' &&
      (request.url === prefix || request.url.startsWith(`${prefix}/`) || request.url.startsWith(`${prefix}?`))
    ) {
      const rest = request.url.slice(prefix.length);
      request.url = rest.startsWith('/') ? rest : `/${rest}`;
    }
    next();
  };
}

function refuseLongAddress(request: Request, _: Response, next: NextFunction): void {
  const { length } = request.originalUrl;
  if (length > LONGEST_ADDRESS) {
    throw new ApiError(
      'AddressTooLong',
      `the address has ${length} bytes; accepted are ${LONGEST_ADDRESS}, and more in the JSON body of a POST`,
    );
  }
  next();
}

function tellFaults(log: Log) {
  return (error: unknown, request: Request, response: Response, _: NextFunction) => {
    const fault = toApiError(error);
    if (response.destroyed && error instanceof ApiError) return;
    if (fault.status >= 500) {
      const id = randomUUID();
      const inside = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log('http:fault', { id, method: request.method, path: request.path, error: inside });
      if (!response.headersSent) response.set('x-request-id', id);
    }
    if (fault.status === 503 && !response.headersSent) response.set('retry-after', RETRY_AFTER);
    if (fault.status === 405 && !response.headersSent) response.set('allow', response.locals.allow);
    const { headers } = error as { headers?: unknown };
    if (fault.status === 416 && typeof headers === 'object') response.set(headers as Record<string, string>);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    void send(response, problemReply(fault, request.path));
  };
}

const compressible = /json|html|javascript|css|text|svg/;

/** "*" takes any encoding by the letter; who sends it (pystac in stac-api-validator) may not know Brotli. */
function isCompressible(request: Request, response: Response): boolean {
  const isAny = request.headers['accept-encoding']?.trim() === '*';
  return !isAny && compressible.test(String(response.getHeader('content-type')));
}

type Parts = Omit<Context, 'facts' | 'lake' | 'signer' | 'bucket'> &
  Partial<Pick<Context, 'lake' | 'signer' | 'bucket'>>;

/** An express app that serves the whole API. */
export function makeApp(parts: Parts, log: Log): Express {
  const context: Context = {
    lake: null,
    signer: null,
    bucket: null,
    ...parts,
    facts: makeLiveFacts(parts.database),
  };
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', 'weak');
  app.set('query parser', false);
  app.use(
    cors({
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      exposedHeaders: [
        'Location',
        'ETag',
        'Link',
        'Allow',
        'Accept-Patch',
        'Preference-Applied',
        'Accept-Ranges',
        'Content-Range',
        'Content-Length',
        'X-Request-Id',
      ],
      maxAge: 86_400,
      preflightContinue: true,
    }),
  );
  app.use((request, response, next) => {
    response.set('x-content-type-options', 'nosniff');
    const isPreflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (isPreflight) response.status(204).end();
    else next();
  });
  app.use(refuseLongAddress);
  app.use(tagCodings);
  app.use(compression({ filter: isCompressible }));
  app.use(stripPrefix(pathPrefix(context.config.publicUrl)));
  app.use(express.raw({ type: () => true, limit: MOST_BODY }));
  const api = foldExtensions(extensions, context);
  mountMethods(app, api);
  for (const route of api.routes) mountRoute(app, route, context);
  mountFiles(app, context.config);
  mountBrowser(app, context.config);
  app.use((request: Request) => {
    throw new ApiError('NotFound', `there is nothing at ${shown(request.path)}`, 'path');
  });
  app.use(tellFaults(log));
  return app;
}
