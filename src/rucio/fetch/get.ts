/**
 * One request -> its answer, its body unread. Node's own client: undici 6 and 7 end the process where a server closes a connection
 * while the reader of a body is slower than the network (nodejs/undici#5360).
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { RucioConfig } from '../read-config.ts';
import { CONNECT_TIMEOUT_MS, readTls, type TlsOptions } from '../transport.ts';

export interface Agents {
  http: HttpAgent;
  https: HttpsAgent;
  destroy(): void;
}

/** Certificates are read once: Node would make a text of all of them for each request, to look for a connection by. */
export function createAgents(tls: TlsOptions): Agents {
  const options = { keepAlive: true, timeout: 10_000 };
  const http = new HttpAgent(options);
  let https: HttpsAgent | undefined;
  return {
    http,
    // Made when it is needed: what is wrong with a certificate is a fault of the storage that wants it.
    get https() {
      https ??= new HttpsAgent({ ...options, secureContext: createSecureContext(tls) });
      return https;
    },
    destroy() {
      http.destroy();
      https?.destroy();
    },
  };
}

/** With the CA and the client certificate of the configuration. @throws UserError when a certificate file is missing or holds none */
export const openAgents = (config: RucioConfig): Agents => createAgents(readTls(config));

export interface Asked {
  agents: Agents | undefined;
  /** GET unless told. */
  method?: string;
  headers: Record<string, string>;
  body?: string | undefined;
  signal: AbortSignal;
}

/** Errors of the body reach who reads it, and nobody else. @throws as Node does; the signal's AbortError */
export function get(url: URL, { agents, method, headers, body, signal }: Asked): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    const length = body !== undefined && { 'content-length': String(Buffer.byteLength(body)) };
    const more = { ...(method && { method }), headers: { ...headers, ...length }, signal };
    const options = { ...more, ...(agents && { agent: isTls ? agents.https : agents.http }) };
    const request = isTls ? httpsRequest(url, options) : httpRequest(url, options);
    request.on('error', reject);
    request.on('response', (answer) => resolve(answer.on('error', () => undefined)));
    request.on('socket', (socket) => {
      // The agent's own time limit is for idle connections.
      socket.setTimeout(0);
      if (!socket.connecting) return;
      const late = () => {
        request.destroy(Object.assign(new Error('no answer to the connection'), { code: 'ETIMEDOUT' }));
      };
      const timer = setTimeout(late, CONNECT_TIMEOUT_MS);
      const done = () => clearTimeout(timer);
      socket.once(isTls ? 'secureConnect' : 'connect', done).once('close', done);
    });
    request.end(body);
  });
}
