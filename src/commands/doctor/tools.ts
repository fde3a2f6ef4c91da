/** Commands of others that transfer what we do not read ourselves: which are there. */
import { findTools, TOOLS } from '../../rucio/fetch/tools.ts';
import type { RucioConfig } from '../../rucio/read-config.ts';
import { attempt, type Finding, ok, skipped } from './check.ts';

const NAME = 'transfer tools';

/** None is needed where replicas are https, s3 or files, so none that is missing is a fault. */
export function checkTools({ searchPath, download }: RucioConfig): Promise<Finding> {
  return attempt(NAME, () => {
    const found = findTools(searchPath);
    const missing = TOOLS.filter(({ impl }) => !found.has(impl));
    const without = missing.map(({ command, schemes }) =>
      schemes.length === 0 ? command : `${command} (${schemes.slice(0, 3).join(', ')})`,
    );
    if (found.size === 0)
      return skipped(
        NAME,
        `none on the PATH of ${without.join(', ')}: only https, s3 and file replicas are read`,
      );
    const wanted = missing.filter(({ impl }) => download.preferredImpl.includes(impl));
    const note = wanted.map(({ impl, command }) => `; preferred_impl names ${impl}: install ${command}`);
    const rest = without.length === 0 ? '' : `; not on the PATH: ${without.join(', ')}`;
    return ok(NAME, `${[...found.values()].join(', ')}${rest}${note.join('')}`);
  });
}
