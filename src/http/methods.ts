/** OPTIONS with Allow, and 405 with it for what a path does not take. RFC 9110 9.3.7, 15.5.6. */
import type { NextFunction, Request, Response } from 'express';
import { ApiError } from '../errors.ts';

/**
 * A handler that lets the methods given pass, and answers all others.
 * @param patches media types that PATCH takes; RFC 5789 3.1
 */
export function allowMethods(methods: Iterable<string>, patches: readonly string[] = []) {
  const known = new Set([...methods, 'OPTIONS']);
  const allow = [...known].sort().join(', ');
  return ({ method }: Request, response: Response, next: NextFunction) => {
    if (known.has(method) && method !== 'OPTIONS') {
      next();
      return;
    }
    response.set('allow', allow);
    if (patches.length > 0) response.set('accept-patch', patches.join(', '));
    if (method !== 'OPTIONS')
      throw new ApiError('MethodNotAllowed', `${method} is not accepted here; accepted are ${allow}`);
    response.status(204).end();
  };
}
