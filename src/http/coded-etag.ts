/**
 * Strong entity tags of compressed replies. Bytes that differ by their coding alone must not share one (RFC 9110 8.8.3.3), so
 * the coding is put at the tag's end on the way out; `etag.ts` takes it off again.
 */
import type { NextFunction, Request, Response } from 'express';

/** Before whatever compresses. */
export function tagCodings(_: Request, response: Response, next: NextFunction): void {
  const { writeHead } = response;
  response.writeHead = function (this: Response, ...args: Parameters<typeof writeHead>) {
    const coding = response.getHeader('content-encoding');
    const etag = response.getHeader('etag');
    const isTagged = typeof etag === 'string' && etag.startsWith('"');
    if (typeof coding === 'string' && coding !== 'identity' && isTagged)
      response.setHeader('etag', etag.replace(/"$/, `-${coding}"`));
    return writeHead.apply(response, args);
  } as typeof writeHead;
  next();
}
