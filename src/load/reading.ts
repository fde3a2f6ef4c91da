/** What a reader of a source is given beside its name. */
import { tmpdir } from 'node:os';
import { type Journal, noJournal } from './journal.ts';

export interface Reading {
  /** Where an earlier run has come to. */
  journal: Journal;
  /** Folder for files of the program's own. */
  folder: string;
  signal: AbortSignal;
  /** Told of what is read of a file. */
  onBytes(count: number): void;
  /** Told where reading begins, when that is not at the beginning. */
  say(message: string): void;
}

/** From the beginning, in silence. */
export const plainReading = (): Reading => ({
  journal: noJournal,
  folder: tmpdir(),
  signal: new AbortController().signal,
  onBytes: () => {},
  say: () => {},
});
