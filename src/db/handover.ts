/**
 * Lends the owner's embedded database to other commands on this machine through a unix socket (mode 0600).
 * One connection is one loan: statements and answers as JSON lines, rolled back when it breaks off.
 */
import { chmodSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { toFault } from './fault.ts';
import { onLines, parseRequest, type Statement, send } from './handover-lines.ts';
import { socketPath } from './owner-socket.ts';
import type { Borrower, Lease, Lend } from './pool.ts';

/** What keeps one loan from holding up all others, in milliseconds. */
export interface LoanLimits {
  /** How long a borrower waits for its turn. */
  patience: number;
  /** Between two statements; less than a request waits, so that a borrower that hangs costs a request time only. */
  gap: number;
  /** Between all statements of a loan, together. */
  idle: number;
}

const LOAN_LIMITS: LoanLimits = { patience: 60_000, gap: 8000, idle: 30_000 };

/** Characters of one statement, and how many may lie unread. */
const LONGEST_REQUEST = 64 * 2 ** 20;
const MOST_PENDING = 16;

/** The next statement, null when the borrower has gone, `late` after `limit` milliseconds without one. */
type NextStatement = (limit: number) => Promise<Statement | null | 'late'>;

function statementsOf(socket: Socket, borrower: Borrower): NextStatement {
  const pending: Statement[] = [];
  let wake = () => {};
  socket.on('error', () => {});
  socket.on('close', () => wake());
  onLines(socket, LONGEST_REQUEST, (line) => {
    const request = parseRequest(line);
    if ('by' in request) borrower.name = request.by;
    else pending.push(request);
    if (pending.length > MOST_PENDING) throw new Error('too many statements at once');
    wake();
  });
  return async (limit) => {
    if (pending.length === 0 && !socket.destroyed) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        wake = () => {
          if (pending.length > 0 || socket.destroyed) resolve();
        };
        timer = setTimeout(resolve, limit);
      });
      clearTimeout(timer);
    }
    if (socket.destroyed) return null;
    return pending.shift() ?? 'late';
  };
}

function breakOff(socket: Socket, why: string): void {
  send(socket, { ended: why });
  socket.destroySoon();
  // A borrower that hangs does not read either.
  setTimeout(() => socket.destroy(), 1000).unref();
}

async function runAll(socket: Socket, lease: Lease, next: NextStatement, limits: LoanLimits): Promise<void> {
  let idleLeft = limits.idle;
  for (;;) {
    const began = performance.now();
    const statement = await next(Math.min(limits.gap, idleLeft));
    idleLeft -= performance.now() - began;
    if (statement === null) return;
    if (statement === 'late' || idleLeft <= 0) {
      return breakOff(
        socket,
        'The loan of the database was ended, because it lay idle while it held up others.',
      );
    }
    try {
      send(socket, { result: await lease.run(statement.sql, statement.params, statement.timeLimit) });
    } catch (error) {
      send(socket, { error: toFault(error) });
    }
  }
}

async function serveLoan(socket: Socket, lend: Lend, limits: LoanLimits): Promise<void> {
  const borrower = { name: 'another command' };
  const next = statementsOf(socket, borrower);
  let lease: Lease;
  try {
    lease = await lend(borrower, limits.patience);
  } catch (error) {
    return breakOff(socket, `${messageOf(error)}; run the command again when that has ended.`);
  }
  try {
    send(socket, { ready: true });
    await runAll(socket, lease, next, limits);
  } finally {
    await lease.run('rollback', []).catch(() => {});
    lease.release();
  }
}

/** Listens in a folder that nobody else can enter, and moves the socket to its place when its mode is right. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const folder = mkdtempSync(join(dirname(path), 'o.'));
  try {
    const made = join(folder, 's');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath(made), resolve);
    });
    chmodSync(made, 0o600);
    renameSync(made, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Serves loans until closed. */
export async function serveLoans(
  path: string,
  lend: Lend,
  limits: LoanLimits = LOAN_LIMITS,
): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serveLoan(socket, lend, limits).catch(() => socket.destroy());
  });
  await listenPrivately(server, path);
  return async () => {
    rmSync(path, { force: true });
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
}
