/** How much is done at once, as it is written on the command line. */
import { UserError } from '../errors.ts';

/**
 * `--jobs`
 * @param given undefined: not given, and `usual` counts
 * @throws UserError
 */
export function readJobs(given: unknown, usual: number, most = 64): number {
  const jobs = Number(given ?? usual);
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= most) return jobs;
  throw new UserError(`--jobs is "${given}"; give a whole number from 1 to ${most}.`);
}
