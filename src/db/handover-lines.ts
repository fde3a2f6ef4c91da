/** What goes over the handover socket, as JSON lines: statements one way, answers the other. */
import type { Socket } from 'node:net';
import { z } from 'zod';
import type { TextResult } from './embedded.ts';
import type { DatabaseFault } from './fault.ts';

const statementSchema = z.object({
  sql: z.string(),
  params: z.array(z.string().nullable()),
  timeLimit: z.number().positive().max(0x7fffffff).optional(),
});

/** A borrower may say who it is, for others that wait. */
const introductionSchema = z.object({ by: z.string().max(200) });

const requestSchema = z.union([statementSchema, introductionSchema]);

export type Statement = z.infer<typeof statementSchema>;
export type Request = z.infer<typeof requestSchema>;

/** `ended`: why the owner breaks the loan off. */
export type Answer = { ready: true } | { result: TextResult } | { error: DatabaseFault } | { ended: string };

/** @throws when the line is none of ours */
export const parseRequest = (line: string): Request => requestSchema.parse(JSON.parse(line));

/** The rows are taken as they are: only the shape around them is looked at. @throws when the line is none of ours */
export function parseAnswer(line: string): Answer {
  const answer = JSON.parse(line) as Partial<Record<string, { fields?: unknown; message?: unknown }>> | null;
  const { ready, result, error, ended } = answer ?? {};
  const isOurs =
    ready || typeof ended === 'string' || Array.isArray(result?.fields) || typeof error?.message === 'string';
  if (!isOurs) throw new Error('not an answer');
  return answer as Answer;
}

/** Calls `take` for each whole line; a line beyond `longest` characters, or one that `take` throws at, ends the socket. */
export function onLines(socket: Socket, longest: number, take: (line: string) => void): void {
  let begun: string[] = [];
  let length = 0;
  const takeChunk = (chunk: string) => {
    let from = 0;
    for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', from)) {
      const line = begun.join('') + chunk.slice(from, at);
      begun = [];
      length = 0;
      from = at + 1;
      take(line);
    }
    begun.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > longest) throw new Error('a line too long');
  };
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    if (socket.destroyed) return;
    try {
      takeChunk(chunk);
    } catch (error) {
      begun = [];
      socket.destroy(error as Error);
    }
  });
}

export function send(socket: Socket, message: Request | Answer): void {
  if (!socket.destroyed && socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
