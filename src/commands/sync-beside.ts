/** Sync beside a server: a worker thread in its process, begun anew when it breaks. */
import { Worker } from 'node:worker_threads';
import type { Env } from '../config.ts';
import { messageOf } from '../errors.ts';
import type { SyncWorkerEvent, SyncWorkerSettings } from './sync-worker.ts';

/** Milliseconds that the worker has to end what it is at; it may be ended at any time, as safe as SIGKILL is. */
const END_LIMIT = 2000;

type Log = (event: string, fields: Record<string, unknown>) => void;

/** @returns ends it */
export function syncBeside(env: Env, every: number, log: Log): () => Promise<void> {
  let isEnding = false;
  let again: NodeJS.Timeout | undefined;
  let worker = start();

  function start(): Worker {
    const settings: SyncWorkerSettings = { env: { ...env }, every };
    const started = new Worker(new URL('./sync-worker.js', import.meta.url), { workerData: settings });
    started.on('message', ({ event, fields }: SyncWorkerEvent) => log(event, fields));
    started.on('error', (error) => log('sync:failed', { reason: messageOf(error).split('\n')[0] }));
    started.on('exit', () => {
      if (!isEnding) again = setTimeout(() => (worker = start()), every);
    });
    return started;
  }

  return async () => {
    isEnding = true;
    clearTimeout(again);
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    if (worker.threadId === -1) return;
    worker.postMessage('end');
    const timer = setTimeout(() => void worker.terminate(), END_LIMIT);
    await ended;
    clearTimeout(timer);
  };
}
