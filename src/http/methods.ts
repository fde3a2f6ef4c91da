/** OPTIONS with Allow, and 405 with it for what a path does not take. RFC 9110 9.3.7, 15.5.6. */
import type { NextFunction, Request, Response } from 'express';
import { ApiError } from '../errors.ts';

/**
 * A handler that lets the methods given pass, and answers all others.
 * @param patches media types that PATCH takes; RFC 5789 3.1
 * @param off methods that are off here, with why
 */
export function allowMethods(
  methods: Iterable<string>,
  patches: readonly string[] = [],
  off: ReadonlyMap<string, string> = new Map(),
) {
  const known = new Set([...methods, 'OPTIONS']);
  // Whoever has GET has HEAD; RFC 9110 9.3.2.
  if (known.has('GET')) known.add('HEAD');
  const allow = [...known].sort().join(', ');
  return ({ method }: Request, response: Response, next: NextFunction) => {
    // For the 405 below, and that of a route for a body that it does not take.
    response.locals.allow = allow;
    if (known.has(method) && method !== 'OPTIONS') {
      next();
      return;
    }
    if (patches.length > 0) response.set('accept-patch', patches.join(', '));
    if (method !== 'OPTIONS') {
      const why = off.has(method) ? `: ${off.get(method)}` : '';
      throw new ApiError('MethodNotAllowed', `${method} is not accepted here${why}; accepted are ${allow}`);
    }
    response.status(204).set('allow', allow).end();
  };
}
