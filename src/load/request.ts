/**
 * One request -> its answer, its body unread. Node's own client: undici 6 and 7 end the process where a server closes the connection
 * while the reader of a body is slower than the network (nodejs/undici#5360).
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Sent {
  method: string;
  headers: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte, while bytes are waited for. */
  silence: number;
}

const silent = () => Object.assign(new Error('no byte came for too long'), { code: 'ETIMEDOUT' });

/** @throws as Node does; the signal's AbortError */
export function request(
  url: URL,
  { method, headers, body, signal, silence }: Sent,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const begin = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const length = body !== undefined && { 'content-length': String(Buffer.byteLength(body)) };
    const sent = begin(url, { method, headers: { ...headers, ...length }, ...(signal && { signal }) });
    let answer: IncomingMessage | null = null;
    sent.setTimeout(silence, () => {
      // A slow reader is no silence.
      if (answer !== null && answer.readableLength > 0) sent.setTimeout(silence);
      else (answer ?? sent).destroy(silent());
    });
    sent.on('error', reject);
    sent.on('response', (message) => {
      answer = message;
      // Errors of the body reach who reads it, and nobody else.
      resolve(message.on('error', () => undefined));
    });
    sent.end(body);
  });
}
