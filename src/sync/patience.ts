/** Scenes that could not be read -> when they are tried again: later each time, and at once when a file is another. */
import type { ListedFile, Scene } from '../ingest/source.ts';

interface Failure {
  /** What tells that the scene's files are as they were. */
  content: string;
  /** Milliseconds of Date.now(), and until then from the failure. */
  until: number;
  pause: number;
}

export interface Patience {
  /** Whether a scene is to be tried now. */
  isDue(collection: string, scene: Scene<ListedFile>): boolean;
  failed(collection: string, scene: Scene<ListedFile>): void;
}

/** The first pause and the longest, in milliseconds. */
const FIRST = 600_000;
const LONGEST = 86_400_000;

const keyOf = (collection: string, { id }: Scene<ListedFile>) => `${collection}/${id}`;

const contentOf = ({ files }: Scene<ListedFile>) =>
  files.map(({ file: { name, bytes, adler32 } }) => `${name} ${bytes} ${adler32}`).join('\n');

/** Known as long as the process lives: a run that somebody begins tries all. */
export function makePatience(now: () => number = Date.now): Patience {
  const failures = new Map<string, Failure>();
  return {
    isDue(collection, scene) {
      const failure = failures.get(keyOf(collection, scene));
      return failure === undefined || failure.content !== contentOf(scene) || failure.until <= now();
    },
    failed(collection, scene) {
      const key = keyOf(collection, scene);
      const before = failures.get(key);
      const content = contentOf(scene);
      const pause = before?.content === content ? Math.min(before.pause * 2, LONGEST) : FIRST;
      failures.set(key, { content, until: now() + pause, pause });
    },
  };
}
