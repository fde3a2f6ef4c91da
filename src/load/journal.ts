/** How far the loading of a big file is, so that the same command continues where it was ended. One small file a source. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Journal {
  /** Documents that are done with. */
  done: number;
  keep(done: number): void;
  /** All is done. */
  forget(): void;
}

interface Kept {
  file: unknown;
  done: unknown;
}

/**
 * @param folder for files of the program's own
 * @param file whose loading it is; another size or time of change makes it another
 * @param settings that the rest must be loaded with, too
 */
export function openJournal(folder: string, file: string, settings: unknown): Journal {
  const { size, mtimeMs } = statSync(file);
  const name = createHash('sha256')
    .update(JSON.stringify([file, settings]))
    .digest('hex')
    .slice(0, 24);
  const path = join(folder, `load-${name}.json`);
  const state = `${file} ${size} ${mtimeMs}`;
  let done = 0;
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Kept;
    if (kept.file === state && Number.isSafeInteger(kept.done)) done = kept.done as number;
  } catch {
    // There is none, or it was left half written: from the beginning.
  }
  return {
    done,
    keep(count) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.part`, JSON.stringify({ file: state, done: count }));
      renameSync(`${path}.part`, path);
    },
    forget: () => rmSync(path, { force: true }),
  };
}
