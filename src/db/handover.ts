/**
 * Lends the owner's embedded database to other commands on this machine through a unix socket (mode 0600).
 * One connection is one loan: statements as JSON lines, answers as JSON lines, rolled back when it breaks off.
 */
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { relative } from 'node:path';
import { UserError } from '../errors.ts';
import { DatabaseError, type TextResult } from './embedded.ts';
import { type DatabaseFault, toFault } from './fault.ts';
import type { Lease } from './pool.ts';

interface Statement {
  sql: string;
  params: (string | null)[];
  timeLimit?: number;
}

type Answer = { ready: true } | { result: TextResult } | { error: DatabaseFault };

/** A borrower that says nothing for this long, in milliseconds, loses the loan: others are waiting. */
const IDLE_LIMIT = 30_000;

/** Calls `take` for each whole line that arrives. */
function onLines(socket: Socket, take: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

function send(socket: Socket, message: Statement | Answer): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

async function serveLoan(socket: Socket, borrow: () => Promise<Lease>): Promise<void> {
  const pending: Statement[] = [];
  let wake = () => {};
  let isOver = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    isOver = true;
    wake();
  });
  onLines(socket, (line) => {
    pending.push(JSON.parse(line) as Statement);
    wake();
  });
  const lease = await borrow();
  try {
    socket.setTimeout(IDLE_LIMIT, () => socket.destroy());
    send(socket, { ready: true });
    while (!isOver) {
      const statement = pending.shift();
      if (!statement) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      try {
        send(socket, { result: await lease.run(statement.sql, statement.params, statement.timeLimit) });
      } catch (error) {
        send(socket, { error: toFault(error) });
      }
    }
  } finally {
    await lease.run('rollback', []).catch(() => {});
    lease.release();
  }
}

/** Unix socket paths end at 107 bytes: the shorter of the absolute and the relative form. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  const best = fromHere !== '' && fromHere.length < path.length ? fromHere : path;
  if (Buffer.byteLength(best) > 103) {
    throw new UserError(
      `The data folder's path is too long for a socket (${path}); choose a shorter RUCIO_STAC_DATA.`,
    );
  }
  return best;
}

/** Serves loans until closed. */
export async function serveLoans(path: string, borrow: () => Promise<Lease>): Promise<() => Promise<void>> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveLoan(socket, borrow).catch(() => socket.destroy());
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(shortest(path), resolve);
    });
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return () =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
}

function openLoan(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(shortest(path));
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** Borrows from the owner that serves `path`; each loan is a connection of its own. */
export async function borrowFrom(path: string): Promise<Lease> {
  const socket = await openLoan(path);
  const waiting: { resolve(result: TextResult): void; reject(error: Error): void }[] = [];
  let isReady = () => {};
  let isRefused = (_: Error) => {};
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    isRefused = reject;
  });
  onLines(socket, (line) => {
    const answer = JSON.parse(line) as Answer;
    if ('ready' in answer) isReady();
    else if ('error' in answer) waiting.shift()?.reject(new DatabaseError(answer.error));
    else waiting.shift()?.resolve(answer.result);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    const gone = new UserError('The server that owns the data folder ended; run the command again.');
    isRefused(gone);
    for (const each of waiting.splice(0)) each.reject(gone);
  });
  await ready;
  return {
    run: (sql, params, timeLimit) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        if (socket.destroyed) waiting.pop()?.reject(new UserError('The loan of the database has ended.'));
        else send(socket, { sql, params, ...(timeLimit !== undefined && { timeLimit }) });
      }),
    release: () => socket.end(),
  };
}
