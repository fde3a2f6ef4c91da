/** The pattern of LIKE: its escapes must be whole, also once casei() and accenti() have changed it. */
import { shown } from '../geo/shown.ts';
import { type Expression, filterFault, isOperation } from './ast.ts';

/** An odd number of backslashes at the end: the last one escapes nothing. */
const endsOpen = (pattern: string) => /(?<!\\)(?:\\\\)*\\$/.test(pattern);

/**
 * The pattern as it came. ACCENTI may take away the mark that a backslash stands before.
 * @throws ApiError InvalidParameter
 */
export function checkedPattern(pattern: Expression): Expression {
  let inner = pattern;
  while (isOperation(inner)) inner = inner.args[0] as Expression;
  const bare = (inner as string).normalize('NFD').replace(/\p{Mn}+$/u, '');
  if (!endsOpen(inner as string) && !(isOperation(pattern) && endsOpen(bare))) return pattern;
  throw filterFault(
    `filter has the pattern ${shown(inner)}, which ends amid an escape; a backslash is written as two`,
  );
}
