/** Names of a query string against those that a route has. OGC API Features Part 1, 7.15.8: one that is not known is a 400. */
import { refuseUnknown } from '../search/params.ts';
import type { ApiRequest, Route } from './api.ts';

/** @throws ApiError InvalidParameter that names the parameter and those accepted */
export function mustKnowParameters({ parameters = [] }: Route, { query }: Pick<ApiRequest, 'query'>): void {
  const known = parameters.flatMap(({ name, in: where }) => (where === 'query' ? [name] : []));
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) refuseUnknown(unknown, known);
}
