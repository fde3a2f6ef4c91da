/** Borrows the embedded database from the command that owns it; each loan is a connection of its own. */
import type { Socket } from 'node:net';
import { UserError } from '../errors.ts';
import type { TextResult } from './embedded.ts';
import { DatabaseError } from './fault.ts';
import { type Answer, onLines, parseAnswer, send } from './handover-lines.ts';
import { connectTo } from './owner-socket.ts';
import type { Lease } from './pool.ts';

/** Characters of one result. */
const LONGEST_ANSWER = 256 * 2 ** 20;

/** Milliseconds without a word from the owner, which itself says after a minute that others hold the database. */
const PATIENCE = 75_000;

const OWNER_ENDED = 'The server that owns the data folder ended; run the command again.';

interface Waiting {
  resolve(result: TextResult): void;
  reject(error: Error): void;
}

async function openLoan(path: string): Promise<Socket> {
  try {
    return await connectTo(path);
  } catch (error) {
    throw new UserError(OWNER_ENDED, { cause: error });
  }
}

/**
 * @param by who borrows, for others that wait meanwhile
 * @throws UserError when the owner has ended, does not answer, or lends to others for too long
 */
export async function borrowFrom(path: string, by: string, patience = PATIENCE): Promise<Lease> {
  const socket = await openLoan(path);
  const waiting: Waiting[] = [];
  let reason = OWNER_ENDED;
  const endBecause = (why: string) => {
    reason = why;
    socket.destroy();
  };
  const ready = new Promise<void>((resolve, reject) => {
    const take = (answer: Answer) => {
      if ('ready' in answer) resolve();
      else if ('ended' in answer) endBecause(answer.ended);
      else if ('error' in answer) waiting.shift()?.reject(new DatabaseError(answer.error));
      else waiting.shift()?.resolve(answer.result);
    };
    onLines(socket, LONGEST_ANSWER, (line) => take(parseAnswer(line)));
    socket.on('error', (error) => {
      if (!('syscall' in error))
        reason = `The server that owns the data folder answers with ${error.message}.`;
    });
    socket.on('close', () => {
      reject(new UserError(reason));
      for (const each of waiting.splice(0)) each.reject(new UserError(reason));
    });
  });
  send(socket, { by });
  const timer = setTimeout(
    () => endBecause('The server that owns the data folder does not answer; see whether it hangs.'),
    patience,
  );
  await ready.finally(() => clearTimeout(timer));
  return {
    run: (sql, params, timeLimit) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new UserError(reason));
        waiting.push({ resolve, reject });
        send(socket, { sql, params, ...(timeLimit !== undefined && { timeLimit }) });
      }),
    release: () => socket.end(),
  };
}
