/**
 * The embedded database: one PGlite in a worker thread. A statement over the time limit is ended by ending the worker
 * (PGlite ignores statement_timeout); a worker that was ended, broke or crashed is replaced at the next session.
 */
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { messageOf, UserError } from '../errors.ts';
import type { WorkerReply, WorkerSettings } from './embedded-worker.ts';
import { DatabaseError, type DatabaseFault, SqlState } from './fault.ts';

export interface TextResult {
  fields: { name: string; dataTypeID: number }[];
  rows: (string | null)[][];
  affected: number;
}

/** Runs one statement; params and values are text. @throws DatabaseError 57014 over the time limit (milliseconds) */
export type Run = (sql: string, params: (string | null)[], timeLimit?: number) => Promise<TextResult>;

export interface EmbeddedEngine {
  /** What one borrower runs, all of it on one worker: a transaction never goes on in the worker's successor. */
  session(): Promise<Run>;
  /** Resolves when no worker is left. A worker that does not close in time is ended, as safe as SIGKILL is. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: TextResult): void;
  reject(error: Error): void;
}

interface Running {
  worker: Worker;
  waiting: Map<number, Waiting>;
  nextId: number;
  /** Why it takes no more statements; null: it does. */
  fault: DatabaseFault | null;
  ready: Promise<void>;
  ended: Promise<void>;
}

/** Milliseconds that a worker has to close. */
const CLOSE_LIMIT = 3000;

const closedFault: DatabaseFault = { message: 'the embedded database is closed', code: SqlState.closed };
const tooLongFault: DatabaseFault = {
  message: 'canceling statement due to statement timeout',
  code: SqlState.tookTooLong,
};

function fail(running: Running, fault: DatabaseFault): void {
  running.fault ??= fault;
  for (const each of running.waiting.values()) each.reject(new DatabaseError(running.fault));
  running.waiting.clear();
}

function stop(running: Running, fault: DatabaseFault): void {
  fail(running, fault);
  void running.worker.terminate();
}

function startWorker(settings: WorkerSettings): Running {
  const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { workerData: settings });
  let isReady = () => {};
  let isRefused = (_: Error) => {};
  const running: Running = {
    worker,
    waiting: new Map(),
    nextId: 1,
    fault: null,
    ready: new Promise((resolve, reject) => {
      isReady = resolve;
      isRefused = reject;
    }),
    ended: new Promise((resolve) => worker.once('exit', () => resolve())),
  };
  running.ready.catch(() => {});
  worker.on('message', (reply: WorkerReply) => {
    if ('ready' in reply) return isReady();
    if ('failed' in reply)
      return stop(running, { message: reply.failed.message, code: SqlState.unavailable });
    const each = running.waiting.get(reply.id);
    running.waiting.delete(reply.id);
    if (!('error' in reply)) return each?.resolve(reply);
    each?.reject(new DatabaseError(reply.error));
    if (reply.isBroken) stop(running, reply.error);
  });
  worker.on('error', (error) => fail(running, { message: messageOf(error), code: SqlState.closed }));
  worker.on('exit', () => {
    fail(running, { message: 'the embedded database ended', code: SqlState.closed });
    isRefused(new DatabaseError(running.fault ?? closedFault));
  });
  return running;
}

function runOn(running: Running, ...[sql, params, timeLimit]: Parameters<Run>): Promise<TextResult> {
  if (running.fault) return Promise.reject(new DatabaseError(running.fault));
  const id = running.nextId++;
  return new Promise((resolve, reject) => {
    const timer = timeLimit ? setTimeout(() => stop(running, tooLongFault), timeLimit) : undefined;
    running.waiting.set(id, {
      resolve(result) {
        clearTimeout(timer);
        resolve(result);
      },
      reject(error) {
        clearTimeout(timer);
        reject(error);
      },
    });
    running.worker.postMessage({ id, sql, params });
  });
}

/** Opens PGlite with PostGIS in a worker thread. @throws UserError when the folder cannot be opened */
export async function openEmbedded(settings: WorkerSettings): Promise<EmbeddedEngine> {
  let current = startWorker(settings);
  let reopening: Promise<void> | null = null;
  let closing: Promise<void> | null = null;
  try {
    await current.ready;
  } catch (error) {
    await current.ended;
    throw new UserError(`The embedded database cannot be opened in ${settings.folder}: ${messageOf(error)}`, {
      cause: error,
    });
  }

  async function reopen(): Promise<void> {
    await current.ended;
    if (closing) throw new DatabaseError(closedFault);
    current = startWorker(settings);
    await current.ready;
  }

  async function session(): Promise<Run> {
    if (closing) throw new DatabaseError(closedFault);
    if (current.fault) reopening ??= reopen().finally(() => (reopening = null));
    await reopening;
    const mine = current;
    return async (...statement) => {
      if (closing) throw new DatabaseError(closedFault);
      try {
        return await runOn(mine, ...statement);
      } finally {
        // What was ended on purpose opens again at once, so that the next borrower need not wait for it.
        if (mine.fault && mine === current) session().catch(() => {});
      }
    };
  }

  async function end(): Promise<void> {
    current.worker.postMessage('close');
    const timer = setTimeout(() => stop(current, closedFault), CLOSE_LIMIT);
    await current.ended;
    clearTimeout(timer);
  }

  return {
    session,
    close() {
      closing ??= end();
      return closing;
    },
  };
}

/** As `pg` would decode it: named columns, values parsed by type. */
export function decodeResult(sql: string, result: TextResult) {
  const parsers = result.fields.map((field) => pg.types.getTypeParser(field.dataTypeID, 'text'));
  const rows = result.rows.map((row) => {
    const decoded: Record<string, unknown> = {};
    for (const [index, field] of result.fields.entries()) {
      const value = row[index] ?? null;
      decoded[field.name] = value === null ? null : parsers[index]?.(value);
    }
    return decoded;
  });
  const command = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  return { command, rowCount: result.affected, rows };
}
