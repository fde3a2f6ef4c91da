/** Scenes that wait while another is written -> one transaction for all of them: most of what a small scene costs is that of its own. */
import type { SceneWrite } from '../db/ingested.ts';

/** Items, what is to be remembered of their files, and what is no more. */
export type Rows = Omit<SceneWrite, 'collection' | 'source'>;

interface Waiting {
  rows: Rows;
  resolve(): void;
  reject(error: unknown): void;
}

export type Queue = Waiting[];

/** Scenes in one transaction. */
const MOST = 32;

/** Where nothing is taken away, the order of scenes means nothing but for the same Item, whose later text counts. */
const onlyAdds = ({ goneIds, left }: Rows): boolean => goneIds.length === 0 && left.length === 0;

const joined = (all: readonly Rows[]): Rows => ({
  rows: all.flatMap(({ rows }) => rows),
  files: all.flatMap(({ files }) => files),
  goneIds: [],
  keys: all.flatMap(({ keys }) => keys),
  left: [],
});

/** Writes those that wait, together; where that fails, one by one, so that each has its own fault. */
async function writeWaiting(queue: Queue, write: (rows: Rows) => Promise<void>): Promise<void> {
  const some = queue.splice(0, MOST);
  const [first, ...others] = some;
  if (first === undefined) return;
  if (others.length > 0) {
    try {
      await write(joined(some.map(({ rows }) => rows)));
      for (const each of some) each.resolve();
      return;
    } catch {
      // Told below, of those that are to blame.
    }
  }
  for (const each of some) await write(each.rows).then(each.resolve, each.reject);
}

/**
 * @param inTurn runs one write after another; never rejects of itself
 * @throws what `write` throws of these rows
 */
export function writeTogether(
  queue: Queue,
  rows: Rows,
  inTurn: (turn: () => Promise<void>) => Promise<void>,
  write: (rows: Rows) => Promise<void>,
): Promise<void> {
  if (!onlyAdds(rows)) return inTurn(() => write(rows));
  return new Promise((resolve, reject) => {
    queue.push({ rows, resolve, reject });
    // The first of them whose turn comes takes all that wait; the others then find nothing.
    void inTurn(() => writeWaiting(queue, write)).catch(reject);
  });
}
