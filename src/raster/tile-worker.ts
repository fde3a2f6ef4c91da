/** Worker thread of tile-pool.ts: tasks in, what they give out, with their bytes handed over, not copied. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { doTask, type TaskResult, type TileTask } from './tile-task.ts';

export interface WorkerAnswer {
  result?: TaskResult;
  /** Why there is none. */
  error?: string;
}

/** Bytes of tasks after which garbage is collected. */
const COLLECT_BYTES = 2 * 1024 * 1024;

const port = parentPort;
if (!port) throw new Error('tile-worker runs as a worker thread');

// The collector counts buffers little, and lets tens of MB of them lie about in each thread. Right after a task all are
// dead, and a minor collection takes half a millisecond. A quarter less memory of the whole process was measured.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void;
let since = 0;

// One after the other: the pool takes answers in the order of its tasks.
let last: Promise<void> = Promise.resolve();
port.on('message', (task: TileTask) => {
  last = last.then(async () => {
    since += task.kind === 'decode' ? task.into.byteLength : task.planes.byteLength;
    try {
      const { result, bytes } = await doTask(task);
      port.postMessage({ result } satisfies WorkerAnswer, bytes);
    } catch (error) {
      port.postMessage({ error: messageOf(error) } satisfies WorkerAnswer);
    }
    if (since < COLLECT_BYTES) return;
    since = 0;
    collect({ type: 'minor' });
  });
});
