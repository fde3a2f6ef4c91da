/** What one extension of the API is: its conformance URIs, its routes, the links it puts on the landing page. */
import type { Context, Route } from '../http/api.ts';
import type { Parameters } from '../search/params.ts';
import type { Link } from '../stac/link.ts';

export interface Extension {
  name: string;
  conformsTo: string[];
  /** Parameters it adds to a search. */
  parameters?: Parameters;
  routes?: (api: Api) => Route[];
  landingLinks?: (base: string) => Link[];
  /** Off unless this says so. */
  isOn?: (context: Context) => boolean;
  /** While it is off: that it is, and what turns it on. */
  whileOff?: string;
}

/** The extensions that are on, folded into one. */
export interface Api {
  conformsTo: string[];
  parameters: Parameters;
  landingLinks(base: string): Link[];
  /** Filled once all routes are known; the OpenAPI document is made of them. */
  routes: Route[];
  /** Routes of the extensions that are off, with what is said there. */
  routesOff: (Route & { whileOff: string })[];
}

/** Folds the extensions that are on into one API. */
export function foldExtensions(extensions: Extension[], context: Context): Api {
  const on = extensions.filter((extension) => extension.isOn?.(context) ?? true);
  const api: Api = {
    conformsTo: [...new Set(on.flatMap((extension) => extension.conformsTo))],
    parameters: Object.assign({}, ...on.map((extension) => extension.parameters ?? {})),
    landingLinks: (base) => on.flatMap((extension) => extension.landingLinks?.(base) ?? []),
    routes: [],
    routesOff: [],
  };
  api.routes = on.flatMap((extension) => extension.routes?.(api) ?? []);
  api.routesOff = extensions
    .filter((extension) => !on.includes(extension))
    .flatMap(({ name, routes, whileOff = `${name} is off` }) =>
      (routes?.(api) ?? []).map((route) => ({ ...route, whileOff })),
    );
  return api;
}
