/** Folder and a name from Rucio -> a path inside that folder. Names are hostile input: Rucio's own pattern admits `/../..`. */
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { UserError } from '../errors.ts';

/** Slashes in `name` make folders. @throws UserError for absolute names, `.` and `..` segments, empty segments, NUL and whatever else leaves `folder` */
export function safeJoin(folder: string, name: string): string {
  const refuse = (why: string) =>
    new UserError(`The name ${JSON.stringify(name)} cannot become a file below ${folder}: ${why}.`);
  if (name === '') throw refuse('it is empty');
  if (name.includes('\0')) throw refuse('it holds a NUL character');
  if (isAbsolute(name) || name.startsWith('/') || /^[a-z]:[\\/]/i.test(name))
    throw refuse('it is an absolute path');
  for (const segment of name.split(/[/\\]/)) {
    if (segment === '' || segment === '.' || segment === '..')
      throw refuse('it has an empty, "." or ".." segment');
  }
  const root = resolve(folder);
  const path = resolve(join(root, name));
  const below = relative(root, path);
  if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
    throw refuse('it leads outside');
  return path;
}
