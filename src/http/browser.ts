/** /browser: STAC Browser's page over this API, with its settings made for each request. Until it is built, a page that says so. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { canBuild, isBuilt, pageFolder } from '../browser/page-folder.ts';
import type { Config } from '../config.ts';
import { ApiError } from '../errors.ts';
import { epsgDefinition } from '../geo/crs.ts';
import { shown } from '../geo/shown.ts';
import { requestBase } from './base-url.ts';
import { allowMethods } from './methods.ts';

/** Seconds after which whoever waits for the page asks again. */
const AGAIN = 5;

const WAITING = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${AGAIN}">
<link rel="icon" href="data:,">
<title>STAC Browser is being built</title>
</head>
<body>
<p>STAC Browser is being built from its packages, which takes a minute or two, once. This page goes on to it by itself.</p>
<p>If it does not, the server's log says why.</p>
</body>
</html>
`;

/**
 * What the page need not show: links to what it shows itself (a Collection's Items, children, this page), and the
 * language of a document that is in one only.
 */
const PREPROCESS = `(stac) => {
  const isShown = ({ rel, href }) =>
    rel === 'children' ||
    (rel === 'child' && stac.type === 'Collection' && href.endsWith('/browse')) ||
    (rel === 'alternate' && href.endsWith('/browser/'));
  if (Array.isArray(stac.links)) stac.links = stac.links.filter((link) => !isShown(link));
  if (stac.language && !stac.languages) delete stac.language;
  return stac;
}`;

/** What STAC Browser reads before it starts (its docs/options.md). */
function settingsScript(config: Config, base: string): string {
  const settings = {
    // To the letter what the landing page says of itself.
    catalogUrl: `${base}/`,
    catalogTitle: config.title,
    // Its links begin with this, so that they can be copied and opened by themselves.
    pathPrefix: new URL(`${base}/browser/`).pathname,
    // Else a link to this page could show anybody's catalogue under this name.
    allowExternalAccess: false,
    storeLocale: false,
    socialSharing: [],
  };
  return `window.STAC_BROWSER_CONFIG = ${JSON.stringify(settings)};
window.STAC_BROWSER_CONFIG.preprocessSTAC = ${PREPROCESS};
`;
}

/** Definition of a CRS for the page's map. @throws ApiError NotFound */
function sendCrs(request: Request, response: Response): void {
  const code = String(request.params.code);
  const proj4 = /^\d{1,6}$/.test(code) ? epsgDefinition(Number(code))?.proj4 : null;
  if (!proj4) throw new ApiError('NotFound', `EPSG:${shown(code)} has no definition`, 'code');
  response.set('cache-control', 'max-age=86400').type('text/plain').send(proj4);
}

function sendWaiting(_: Request, response: Response): void {
  response
    .status(503)
    .set({ 'retry-after': String(AGAIN), 'cache-control': 'no-store' })
    .type('html')
    .send(WAITING);
}

/** Whether there is a page, or will be. */
export const hasBrowser = ({ browser }: Config): boolean => browser && (canBuild() || isBuilt(pageFolder()));

/** Adds the page's paths to an app. */
export function mountBrowser(app: Express, config: Config): void {
  if (!hasBrowser(config)) return;
  const folder = pageFolder();
  app.use('/browser', allowMethods(['GET', 'HEAD']));
  app.get('/browser', (request: Request, response: Response, next: NextFunction) => {
    // The page's own addresses are relative to a folder.
    if (/^[^?]*\/(?:\?|$)/.test(request.originalUrl)) next();
    else response.redirect(302, `${requestBase(request, config)}/browser/`);
  });
  app.get('/browser/config.js', (request: Request, response: Response) => {
    const script = settingsScript(config, requestBase(request, config));
    response.set('cache-control', 'no-cache').type('js').send(script);
  });
  app.get('/browser/crs/:code', sendCrs);
  const files = express.static(folder, {
    redirect: false,
    setHeaders: (response, path) => {
      // Names in these folders say what is inside.
      const isForever = /[\\/](?:js|css|img|fonts)[\\/][^\\/]+$/.test(path);
      response.setHeader('cache-control', isForever ? 'max-age=31536000, immutable' : 'no-cache');
    },
  });
  app.use('/browser', (request: Request, response: Response, next: NextFunction) => {
    if (isBuilt(folder)) files(request, response, next);
    else if (request.path === '/') sendWaiting(request, response);
    else next();
  });
}
