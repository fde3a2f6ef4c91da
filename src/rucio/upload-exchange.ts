/**
 * One request with a file for its body -> the answer's status and headers. The body waits for "100 Continue" (RFC 9110, 10.1.1):
 * doors such as dCache's send a PUT on to a pool before they read it, and would hang up under one who sends all the same.
 */
import { createReadStream } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agents } from './fetch/get.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
}

export interface Exchange {
  method: string;
  headers: Record<string, string>;
  body: { path: string; bytes: number } | null;
  agents: Agents;
  signal: AbortSignal;
  /** Bytes of the body taken so far. */
  onProgress(bytes: number): void;
}

/** Milliseconds: until the body is sent to one who says nothing, as curl does. */
const CONTINUE = 1_000;
/** Without a byte taken; and until there is an answer once all was (a storage may sum it up first). */
const SILENCE = 60_000;
const ANSWER = 600_000;

/** @throws as Node does; an error with the code ETIMEDOUT for silence */
export function exchange(
  url: URL,
  { method, headers, body, agents, signal, onProgress }: Exchange,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === 'https:';
    const expected = body && { 'content-length': String(body.bytes), expect: '100-continue' };
    const options = {
      method,
      headers: { ...headers, ...expected },
      signal,
      agent: isTls ? agents.https : agents.http,
    };
    const request = isTls ? httpsRequest(url, options) : httpRequest(url, options);
    let timer: NodeJS.Timeout | undefined;
    let impatience: NodeJS.Timeout | undefined;
    const wait = (milliseconds: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => request.destroy(silent()), milliseconds);
    };
    const over = () => {
      clearTimeout(timer);
      clearTimeout(impatience);
    };
    const stream = body && sendOnce(request, body, { wait, onProgress });
    wait(SILENCE);
    request.on('socket', (socket) => socket.setTimeout(0));
    request.on('error', (error) => {
      over();
      stream?.stop();
      reject(error);
    });
    request.on('response', (answer) => {
      over();
      const isUnread = stream !== null && !stream.isDone();
      stream?.stop();
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers });
      answer.on('error', () => undefined).resume();
      // What was not asked for is not sent, so the connection is of no further use.
      if (isUnread) answer.on('end', () => request.destroy());
    });
    if (stream === null) return void request.end();
    request.on('continue', stream.start);
    request.flushHeaders();
    impatience = setTimeout(stream.start, CONTINUE);
  });
}

const silent = () => Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });

function sendOnce(
  request: ClientRequest,
  { path, bytes }: { path: string; bytes: number },
  { wait, onProgress }: { wait(milliseconds: number): void; onProgress(bytes: number): void },
) {
  let stream: ReturnType<typeof createReadStream> | null = null;
  let [isStopped, sent] = [false, 0];
  return {
    start() {
      if (isStopped || stream !== null) return;
      stream = createReadStream(path, { highWaterMark: 1 << 18 });
      stream.on('error', (error) => request.destroy(error));
      stream.on('data', (chunk) => {
        sent += chunk.length;
        wait(sent >= bytes ? ANSWER : SILENCE);
        onProgress(sent);
      });
      stream.pipe(request);
    },
    stop() {
      isStopped = true;
      stream?.unpipe(request);
      stream?.destroy();
    },
    isDone: () => sent >= bytes,
  };
}
