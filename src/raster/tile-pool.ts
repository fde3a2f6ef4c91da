/**
 * Tasks of tiles and blocks -> worker threads, shared by all rasters that are read and written in this thread. None is
 * started before there has been some work, so that a few small rasters do without; none keeps the process alive
 * while it has nothing to do.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { EncodedTile, EncodeTask } from './cog-tiles.ts';
import type { DecodeTask } from './decode-block.ts';
import { buffersOf, doTask, ownBytes, type TaskResult, type TileTask } from './tile-task.ts';
import type { WorkerAnswer } from './tile-worker.ts';

/** Threads that work side by side, at most: more only wait for the one that reads and writes. */
export const THREADS = Math.min(availableParallelism(), 16);
/** One worker more for so many bytes of pixels: starting one costs 40 ms. */
const BYTES_A_WORKER = 4 * 1024 * 1024;
/** Tasks that a worker holds: the next one is there when one is done. */
const DEPTH = 2;

interface Job {
  task: TileTask;
  done(answer: WorkerAnswer): void;
  fail(error: Error): void;
}

interface Seat {
  worker: Worker;
  /** In the order of their answers. */
  jobs: Job[];
}

const seats: Seat[] = [];
const queue: Job[] = [];
let seen = 0;

/** `bytes`: of the tile's pixels. The task's buffers may be gone afterwards. */
export async function encodeSomewhere(task: EncodeTask, bytes: number): Promise<EncodedTile> {
  return (await run(task, bytes)) as EncodedTile;
}

/** The block's pixels. The task's buffers may be gone afterwards. @throws Error that says what is wrong with the block */
export async function decodeSomewhere(task: DecodeTask): Promise<Uint8Array> {
  return (await run({ ...task, stored: ownBytes(task.stored) }, task.into.byteLength)) as Uint8Array;
}

async function run(task: TileTask, bytes: number): Promise<TaskResult> {
  seen += bytes;
  if (seen < BYTES_A_WORKER) return (await doTask(task)).result;
  const { result, error } = await new Promise<WorkerAnswer>((done, fail) => {
    queue.push({ task, done, fail });
    dispatch();
  });
  if (result === undefined) throw new Error(error);
  return result;
}

function dispatch(): void {
  while (queue.length > 0) {
    const seat = freeSeat();
    if (!seat) return;
    const job = queue.shift()!;
    const { task } = job;
    seat.jobs.push(job);
    seat.worker.ref();
    seat.worker.postMessage(
      task,
      task.kind === 'decode' ? buffersOf(task.stored, task.into) : buffersOf(task.planes, task.mask),
    );
  }
}

/** One that has nothing to do; or a new one; or one whose task after this one it is. */
function freeSeat(): Seat | null {
  const idlest = seats.toSorted((left, right) => left.jobs.length - right.jobs.length)[0];
  if (idlest?.jobs.length === 0) return idlest;
  if (seats.length < THREADS && seen >= BYTES_A_WORKER * (seats.length + 1)) return newSeat();
  return idlest && idlest.jobs.length < DEPTH ? idlest : null;
}

function newSeat(): Seat {
  // geotiff.js, which decodes some blocks, looks into workerData and fails where there is none.
  const worker = new Worker(new URL('./tile-worker.js', import.meta.url), { workerData: {} });
  const seat: Seat = { worker, jobs: [] };
  seats.push(seat);
  worker.on('message', (answer: WorkerAnswer) => {
    seat.jobs.shift()!.done(answer);
    if (seat.jobs.length === 0) worker.unref();
    dispatch();
  });
  const leave = (why: string) => {
    const at = seats.indexOf(seat);
    if (at >= 0) seats.splice(at, 1);
    for (const job of seat.jobs.splice(0)) job.fail(threadError(why));
    dispatch();
  };
  worker.on('error', ({ message }) => leave(`failed: ${message}`));
  worker.on('exit', (code) => leave(`ended with code ${code}`));
  return seat;
}

/** What was at work says nothing about the bytes it was given. */
function threadError(why: string): Error {
  const error = new Error(`a worker thread ${why}`);
  error.name = 'ThreadError';
  return error;
}

export function isThreadError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ThreadError';
}
