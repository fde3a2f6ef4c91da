/** SQLSTATE -> ApiError: what a person can mend is told, what only we can mend is not. */
import { ApiError } from '../errors.ts';

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** The ApiError for a database's error, or null when it is none of a request's doing. */
export function fromSqlState(error: unknown): ApiError | null {
  const code = codeOf(error);
  if (code === undefined) return null;
  if (code === '23505') return new ApiError('Conflict', 'a document with this id exists already');
  if (code === '23503') return new ApiError('NotFound', 'the Collection does not exist');
  if (code === '57014')
    return new ApiError('Timeout', 'the search took longer than this server allows; ask for less');
  // 22: data exceptions, 54: program limits. Whatever the checks before let through came with the request.
  if (/^(?:22|54)/.test(code)) {
    return new ApiError(
      'InvalidParameter',
      'a number, a date or a text is beyond what the database can hold',
    );
  }
  if (/^40/.test(code))
    return new ApiError('Unavailable', 'another write of the same documents came in between; try again');
  if (/^(?:08|53|57)/.test(code))
    return new ApiError('Unavailable', 'the database does not answer; try again shortly');
  return null;
}
