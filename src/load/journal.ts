/**
 * How far the loading of a source is, so that the same command continues where it was ended. One file a source: a line that
 * says of which state the source was and from where to read on, then a line for each document that is done beside.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an earlier run has left. */
export interface Left {
  /** From where to read on, as the reader of the source made it; null: from the beginning. */
  mark: unknown;
  /** Whether a document is done, by its key. */
  has(key: string): boolean;
  /** Documents of which it is known by their key. */
  size: number;
}

export interface Journal {
  /** @param state what the source must be the same as then; of another one nothing is left */
  begin(state: string): Left;
  /** After what came before the mark, and the documents of the keys, are written. @param mark undefined: as it was */
  keep(mark: unknown, keys: string[]): void;
  /** All is done. */
  forget(): void;
}

/** Characters of a key; a line of another length was left half written. */
const KEY = 22;

/** A short text that stands for a long one: 132 bits of SHA-256. */
export const keyOf = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, KEY);

const NOTHING: Left = { mark: null, has: () => false, size: 0 };

/** Of a source that is read in one go. */
export const noJournal: Journal = { begin: () => NOTHING, keep: () => {}, forget: () => {} };

function readLeft(path: string, state: string): Left {
  try {
    const [first, ...lines] = readFileSync(path, 'utf8').split('\n');
    const head = JSON.parse(first as string) as { state?: unknown; mark?: unknown };
    if (head.state !== state) return NOTHING;
    const keys = new Set(lines.filter(({ length }) => length === KEY));
    return { mark: head.mark ?? null, has: (key) => keys.has(key), size: keys.size };
  } catch {
    // There is none: from the beginning.
    return NOTHING;
  }
}

/**
 * @param folder for files of the program's own
 * @param address path or URL whose loading it is
 * @param settings that the rest must be loaded with, too
 * @param fromStart what an earlier run has left does not count
 */
export function openJournal(folder: string, address: string, settings: unknown, fromStart = false): Journal {
  const path = join(folder, `load-${keyOf(JSON.stringify([address, settings]))}.txt`);
  let state = '';
  let isThere = false;
  let mark: unknown = null;

  /** Whole or not at all. The links of another server, which it repeats, may hold what is for nobody else. */
  function write(keys: string[]): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.part`, [JSON.stringify({ state, mark }), ...keys].join('\n'), { mode: 0o600 });
    renameSync(`${path}.part`, path);
    isThere = true;
  }

  return {
    begin(now) {
      const left = fromStart ? NOTHING : readLeft(path, now);
      [state, isThere, mark] = [now, left !== NOTHING, left.mark];
      return left;
    },
    keep(next, keys) {
      if (state === '' || (next === undefined && keys.length === 0)) return;
      if (next !== undefined) mark = next;
      if (next !== undefined || !isThere) write(keys);
      // Begins with the end of a line, so that one left half written spoils no other.
      else appendFileSync(path, `\n${keys.join('\n')}`);
    },
    forget: () => rmSync(path, { force: true }),
  };
}
