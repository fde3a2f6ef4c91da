/** Files that the server gives out itself: COGs of the embedded store (Range, ETag), the extension schema, the page of the API's description. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import express, { type Express, type Request, type Response } from 'express';
import type { Config } from '../config.ts';
import { shipped } from '../package-root.ts';
import { withBase } from '../stac/link.ts';
import { COG_TYPE, GEOJSON_TYPE, JSON_TYPE, SCHEMA_TYPE } from '../stac/media-type.ts';
import { requestBase } from './base-url.ts';
import { allowMethods } from './methods.ts';

/** Where the embedded store keeps its files. */
export const assetFolder = (config: Config): string => join(config.dataFolder, 'assets');

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="stylesheet" href="api/ui/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="api/ui/swagger-ui-bundle.js"></script>
<script src="api/page.js"></script>
</body>
</html>
`;

const SCRIPT = `window.ui = SwaggerUIBundle({ url: 'api', dom_id: '#page', deepLinking: true });\n`;

/** Of the `rucio` extension: what a released version says, it says for ever. */
const EXTENSION: [name: string, type: string][] = [
  ['schema.json', SCHEMA_TYPE],
  ['README.md', 'text/markdown; charset=utf-8'],
  ['examples/item.json', GEOJSON_TYPE],
  ['examples/collection.json', JSON_TYPE],
];

function mountExtension(app: Express, config: Config): void {
  const folder = '/schemas/rucio/v1.0.0';
  for (const [name, type] of EXTENSION) {
    const path = shipped('src', 'stac', 'schemas', 'extensions', 'rucio', 'v1.0.0', name);
    const text = readFileSync(path, 'utf8');
    app.get(`${folder}/${name}`, (request: Request, response: Response) => {
      response.type(type).send(Buffer.from(withBase(text, requestBase(request, config))));
    });
  }
}

/** Adds the files' paths to an app. */
export function mountFiles(app: Express, config: Config): void {
  const assets = express.static(assetFolder(config), {
    index: false,
    redirect: false,
    dotfiles: 'ignore',
    setHeaders: (response, path, { size, mtimeMs }: { size: number; mtimeMs: number }) => {
      // Strong: a file is never written where it lies, but replaced.
      response.setHeader('etag', `"${size.toString(16)}-${mtimeMs.toString(16)}"`);
      if (path.endsWith('.tif')) response.setHeader('content-type', COG_TYPE);
    },
  });
  const reading = allowMethods(['GET', 'HEAD']);
  app.use(['/assets', '/schemas', '/api/ui', '/api.html', '/api/page.js'], reading);
  app.use('/assets', assets);
  mountExtension(app, config);
  const ui = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  app.use('/api/ui', express.static(ui, { index: false, redirect: false, maxAge: '1d' }));
  app.get('/api.html', (_: Request, response: Response) => void response.type('html').send(PAGE));
  app.get('/api/page.js', (_: Request, response: Response) => void response.type('js').send(SCRIPT));
}
