/**
 * The embedded database behind a pool's shape: one PGlite in a worker thread, lent to one client at a time.
 * A statement over the time limit is ended by ending the worker (PGlite ignores statement_timeout), which then reopens.
 */
import { Worker } from 'node:worker_threads';
import pg from 'pg';
import { UserError } from '../errors.ts';
import type { WorkerReply, WorkerSettings } from './embedded-worker.ts';
import type { DatabaseFault } from './fault.ts';

export interface TextResult {
  fields: { name: string; dataTypeID: number }[];
  rows: (string | null)[][];
  affected: number;
}

/** An error of the database, with its SQLSTATE in `code` as `pg` has it. */
export class DatabaseError extends Error {
  readonly code: string | undefined;
  readonly detail: string | undefined;
  readonly constraint: string | undefined;

  constructor(fault: DatabaseFault) {
    super(fault.message);
    this.name = 'DatabaseError';
    this.code = fault.code;
    this.detail = fault.detail;
    this.constraint = fault.constraint;
  }
}

export interface EmbeddedEngine {
  /** Runs one statement; params and values are text. @throws DatabaseError 57014 over the time limit */
  run(sql: string, params: (string | null)[], timeLimit?: number): Promise<TextResult>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: TextResult): void;
  reject(error: Error): void;
}

interface Running {
  worker: Worker;
  waiting: Map<number, Waiting>;
  closed: Promise<void>;
}

function startWorker(settings: WorkerSettings): Promise<Running> {
  const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { workerData: settings });
  const waiting = new Map<number, Waiting>();
  const failAll = (error: Error) => {
    for (const each of waiting.values()) each.reject(error);
    waiting.clear();
  };
  return new Promise((resolve, reject) => {
    let closed = () => {};
    const running = { worker, waiting, closed: new Promise<void>((done) => (closed = done)) };
    worker.on('message', (reply: WorkerReply) => {
      if ('ready' in reply) resolve(running);
      else if ('failed' in reply) {
        reject(
          new UserError(
            `The embedded database cannot be opened in ${settings.folder}: ${reply.failed.message}`,
          ),
        );
      } else if ('id' in reply) {
        const each = waiting.get(reply.id);
        waiting.delete(reply.id);
        if ('error' in reply) each?.reject(new DatabaseError(reply.error));
        else each?.resolve(reply);
      }
    });
    worker.on('error', (error) => {
      failAll(error);
      reject(error);
    });
    worker.on('exit', () => {
      failAll(new DatabaseError({ message: 'the embedded database ended', code: '57P01' }));
      reject(new UserError('The embedded database ended while it was opened.'));
      closed();
    });
  });
}

/** Opens PGlite with PostGIS in a worker thread. @throws UserError when the folder cannot be opened */
export async function openEmbedded(settings: WorkerSettings): Promise<EmbeddedEngine> {
  let running = startWorker(settings);
  let nextId = 1;
  let isClosed = false;
  await running;

  async function cancel(current: Running): Promise<void> {
    current.waiting.clear();
    running = current.worker.terminate().then(() => startWorker(settings));
    await running;
  }

  async function run(sql: string, params: (string | null)[], timeLimit?: number): Promise<TextResult> {
    if (isClosed) throw new DatabaseError({ message: 'the embedded database is closed', code: '57P01' });
    const current = await running;
    const id = nextId++;
    const answer = new Promise<TextResult>((resolve, reject) => {
      current.waiting.set(id, { resolve, reject });
      current.worker.postMessage({ id, sql, params });
    });
    if (!timeLimit) return answer;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new DatabaseError({ message: 'canceling statement due to statement timeout', code: '57014' }));
        cancel(current).catch(() => {});
      }, timeLimit);
    });
    return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
  }

  return {
    run,
    async close() {
      if (isClosed) return;
      isClosed = true;
      const current = await running;
      current.worker.postMessage('close');
      await current.closed;
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
