/**
 * Parts of files that runs which were ended left behind. A part has a name of its run's own, `NAME~PID-TOKEN.part`, so that two
 * runs never write to one; a later run takes over what nobody uses any more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface Leftovers {
  /** Name for a part, or for a folder, of `target` that nobody else has. */
  nameFor(target: string, end: '.part' | '.tool'): string;
  /** Renames the largest part of `target` that is left to `name`, and deletes the others. @returns whether there was one */
  takeOver(target: string, name: string): Promise<boolean>;
  /** A part that a later download of the same target may go on with. */
  leave(name: string): void;
  /** What had the name is gone. */
  drop(name: string): void;
}

/** Folders whose listing is kept: a dataset's files lie in one. */
const MOST_FOLDERS = 64;
/** Bytes that a file name may have, less what comes behind it. */
const LONGEST = 200;

const LEFT = /^(.+)~(\d+)-[0-9a-f]{8}\.(part|tool)$/s;

function stemOf(target: string): string {
  const name = basename(target);
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const hash = createHash('md5').update(name).digest('hex').slice(0, 12);
  return `${Buffer.from(name)
    .subarray(0, LONGEST)
    .toString('utf8')
    .replace(/\uFFFD+$/, '')}-${hash}`;
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Stem -> names, of parts and folders whose run has ended. In a container, a run's number is often that of the one before. */
function listFolder(folder: string, own: ReadonlySet<string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const name of readdirSync(folder)) {
    const [, stem, pid] = LEFT.exec(name) ?? [];
    if (stem === undefined || own.has(join(folder, name))) continue;
    if (Number(pid) !== process.pid && isRunning(Number(pid))) continue;
    found.set(stem, [...(found.get(stem) ?? []), name]);
  }
  return found;
}

/** For one run: each folder is listed once, when the first of its files is asked for. */
export function openLeftovers(): Leftovers {
  const own = new Set<string>();
  const folders = new Map<string, Map<string, string[]>>();
  const listed = (folder: string) => {
    const known = folders.get(folder) ?? listFolder(folder, own);
    folders.delete(folder);
    folders.set(folder, known);
    const [oldest] = folders.keys();
    if (folders.size > MOST_FOLDERS && oldest !== undefined) folders.delete(oldest);
    return known;
  };
  return {
    nameFor(target, end) {
      const token = randomBytes(4).toString('hex');
      const name = join(dirname(target), `${stemOf(target)}~${process.pid}-${token}${end}`);
      own.add(name);
      return name;
    },
    async takeOver(target, name) {
      const folder = dirname(target);
      const parts = listed(folder);
      const names = parts.get(stemOf(target)) ?? [];
      parts.delete(stemOf(target));
      const sized = await Promise.all(
        names.map(async (each) => {
          const path = join(folder, each);
          const found = await stat(path).catch(() => null);
          return { path, bytes: found?.isFile() && each.endsWith('.part') ? found.size : -1 };
        }),
      );
      sized.sort((a, b) => b.bytes - a.bytes);
      let taken = false;
      for (const { path, bytes } of sized) {
        if (taken || bytes <= 0) await rm(path, { recursive: true, force: true });
        // Another run may have been faster.
        else
          taken = await rename(path, name).then(
            () => true,
            () => false,
          );
      }
      return taken;
    },
    leave(name) {
      own.delete(name);
      const parts = folders.get(dirname(name));
      const stem = LEFT.exec(basename(name))?.[1];
      if (parts && stem !== undefined) parts.set(stem, [...(parts.get(stem) ?? []), basename(name)]);
    },
    drop: (name) => void own.delete(name),
  };
}
