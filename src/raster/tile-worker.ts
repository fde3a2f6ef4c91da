/** Worker thread of tile-pool.ts: tasks in, what they give out, with their bytes handed over, not copied. */
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import { doTask, type TaskResult, type TileTask } from './tile-task.ts';

export interface WorkerAnswer {
  result?: TaskResult;
  /** Why there is none. */
  error?: string;
}

const port = parentPort;
if (!port) throw new Error('tile-worker runs as a worker thread');

// One after the other: the pool takes answers in the order of its tasks.
let last: Promise<void> = Promise.resolve();
port.on('message', (task: TileTask) => {
  last = last.then(async () => {
    try {
      const { result, bytes } = await doTask(task);
      port.postMessage({ result } satisfies WorkerAnswer, bytes);
    } catch (error) {
      port.postMessage({ error: messageOf(error) } satisfies WorkerAnswer);
    }
  });
});
