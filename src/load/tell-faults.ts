/** Faults of a load -> the first few of each source for people, and all of them as lines of JSON in a file, where one is named. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf, UserError } from '../errors.ts';

/** Faults of one source that are shown. */
const MOST_SHOWN = 10;
const LONGEST = 500;

export interface FaultTeller {
  tell(source: string, place: string, reason: string): void;
  /** Says how many of a source were not shown. */
  end(): void;
  close(): void;
}

const oneLine = (text: string) => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').slice(0, LONGEST);

/**
 * @param path file of all faults; null: there is none
 * @throws UserError when it cannot be written
 */
export function makeFaultTeller(path: string | null, show: (message: string) => void): FaultTeller {
  let file: number | null = null;
  try {
    if (path !== null) file = openSync(path, 'w');
  } catch (error) {
    throw new UserError(`--report ${path} cannot be written: ${messageOf(error)}.`);
  }
  let count = 0;
  return {
    tell(source, place, reason) {
      count++;
      if (count <= MOST_SHOWN) show(oneLine(`failed ${place}: ${reason}`));
      if (file !== null) writeSync(file, `${JSON.stringify({ source, place, reason })}\n`);
    },
    end() {
      const rest = count - MOST_SHOWN;
      count = 0;
      if (rest <= 0) return;
      const where = path === null ? '--report FILE writes all of them' : `all of them are in ${path}`;
      show(`and ${rest} more failed; ${where}`);
    },
    close: () => void (file !== null && closeSync(file)),
  };
}
