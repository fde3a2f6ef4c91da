/** Whatever was thrown -> application/problem+json (RFC 9457) that also carries STAC API's `code` and `description`. */
import { fromSqlState } from '../db/sqlstate.ts';
import { ApiError } from '../errors.ts';
import { PROBLEM_TYPE, type Reply } from './api.ts';

interface HttpFault {
  status?: number;
  type?: string;
  message?: string;
}

/** What body-parser undoes. */
const ENCODINGS = 'gzip, deflate, br and identity';

/** Faults that express and its body reader raise. */
function fromHttp(error: HttpFault): ApiError | null {
  if (error.type === 'entity.too.large')
    return new ApiError('PayloadTooLarge', 'the body is larger than this server takes');
  if (error.status === 412)
    return new ApiError('PreconditionFailed', 'the file there has another ETag or time; read it again');
  if (error.status === 416)
    return new ApiError('RangeNotSatisfiable', 'the range lies beyond the end of the file', 'range');
  if (error instanceof URIError)
    return new ApiError('InvalidParameter', 'the path holds a percent sign that encodes nothing', 'path');
  if (error.type === 'encoding.unsupported')
    return new ApiError(
      'UnsupportedMediaType',
      `the content encoding is not known; accepted are ${ENCODINGS}`,
      'content-encoding',
    );
  if (error.status !== undefined && error.status >= 400 && error.status < 500) {
    return new ApiError('InvalidBody', `the request cannot be read: ${error.message ?? 'unknown'}`);
  }
  return null;
}

/** The ApiError for anything thrown; what is not a request's doing becomes Internal, without a word of its inside. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return (
    fromSqlState(error) ??
    fromHttp(error as HttpFault) ??
    new ApiError('Internal', 'the server met a fault of its own; its log says more')
  );
}

export function problemReply(error: ApiError, instance: string): Reply {
  const { code, title, status, message, parameter } = error;
  const body = {
    type: 'about:blank',
    title,
    status,
    detail: message,
    instance,
    code,
    description: message,
    ...(parameter !== undefined && { parameter }),
  };
  return { status, type: PROBLEM_TYPE, body: JSON.stringify(body) };
}
