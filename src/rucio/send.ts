/** One request to Rucio -> its answer, read; repeated when it failed on the way, a refusal turned into a sentence. No token is added here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { connectionError, isPassing, type RucioError, refusalError } from './faults.ts';
import type { RucioConfig } from './read-config.ts';

/** Lists of large datasets take the server a while before the first line. */
const ANSWER_TIMEOUT_MS = 600_000;
const IDLE_TIMEOUT_MS = 120_000;
const FIRST_PAUSE_MS = 250;
const BUSY = new Set([502, 503, 504]);

export interface AskOptions {
  /** Unless told, POST with a body and GET without. */
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  body?: unknown;
  /** Network of whom it is asked for, where that is not us. */
  reader?: string | null | undefined;
  signal?: AbortSignal | undefined;
  /** Records read so far; starts at 0 again when the request is repeated. */
  onRecord?: ((count: number) => void) | undefined;
}

export interface Answer {
  status: number;
  header(name: string): string;
  body: Dispatcher.ResponseData['body'];
}

export interface Ask extends AskOptions {
  base: string;
  path: string;
  headers: Record<string, string>;
}

export function voHeader(config: RucioConfig): Record<string, string> {
  return config.vo === null ? {} : { 'x-rucio-vo': config.vo };
}

const methodOf = ({ method, body }: AskOptions) => method ?? (body === undefined ? 'GET' : 'POST');

/** Where an answer (303) sends us on, as a path. */
export function locationOf(answer: Answer, path: string): string {
  return new URL(answer.header('location'), new URL(path, 'http://rucio')).pathname;
}

/** Repeats after 502, 503, 504 and lost connections, waiting 0.25, 0.5, 1 ... s. */
export async function sendPatiently<T>(
  config: RucioConfig,
  dispatcher: Dispatcher,
  ask: Ask,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const answer = await sendOnce(dispatcher, ask);
      if (answer.status < 400) return await read(answer);
      const refusal = await readRefusal(answer, ask, config);
      if (!BUSY.has(answer.status) || failures >= config.requestRetries) throw refusal;
    } catch (error) {
      ask.signal?.throwIfAborted();
      if ((error as RucioError).exceptionClass !== undefined) throw error;
      if (!isPassing(error) || failures >= config.requestRetries)
        throw connectionError(error, ask.base, config);
    }
    await sleep(FIRST_PAUSE_MS * 2 ** failures, undefined, { signal: ask.signal });
  }
}

async function sendOnce(dispatcher: Dispatcher, ask: Ask): Promise<Answer> {
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': 'rucio-stac', ...ask.headers };
  // Rucio takes it for the address to which replicas should be near (web/rest/flaskapi/v1/replicas.py), as it stands there.
  if (ask.reader) headers['x-forwarded-for'] = ask.reader;
  if (ask.body !== undefined) headers['content-type'] = 'application/json';
  const {
    statusCode,
    headers: got,
    body,
  } = await request(ask.base + ask.path, {
    dispatcher,
    method: methodOf(ask),
    headers,
    body: ask.body === undefined ? null : JSON.stringify(ask.body),
    signal: ask.signal ?? null,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: IDLE_TIMEOUT_MS,
  });
  const header = (name: string) => [got[name] ?? ''].flat().join(', ');
  return { status: statusCode, header, body };
}

async function readRefusal(answer: Answer, ask: Ask, config: RucioConfig): Promise<RucioError> {
  const text = await answer.body.text();
  let told: { ExceptionClass?: unknown; ExceptionMessage?: unknown } = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) told = parsed;
  } catch {
    // A proxy's page, or Rucio's own HTML for a path it does not have: the headers have to do.
  }
  const exceptionClass = String(told.ExceptionClass ?? answer.header('exceptionclass'));
  const exceptionMessage = String(told.ExceptionMessage ?? answer.header('exceptionmessage'));
  const asked = `${methodOf(ask)} ${ask.path}`;
  return refusalError({ status: answer.status, exceptionClass, exceptionMessage, asked }, config);
}
