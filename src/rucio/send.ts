/** One request to Rucio -> its answer, read; repeated when it failed on the way, a refusal turned into a sentence. No token is added here. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionError, isPassing, type RucioError, refusalError, SILENT } from './faults.ts';
import { type Agents, get } from './fetch/get.ts';
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
  body: Body;
}

/** To be read once, to its end. @throws as Node does when it is cut; with the code of SILENT when nothing comes */
export interface Body extends AsyncIterable<Uint8Array> {
  text(): Promise<string>;
  /** Reads it for nobody. */
  dump(): Promise<void>;
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
  agents: Agents,
  ask: Ask,
  read: (answer: Answer) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const answer = await sendOnce(agents, ask);
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

const silent = () => Object.assign(new Error('no answer in time'), { code: SILENT });

async function sendOnce(agents: Agents, ask: Ask): Promise<Answer> {
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': 'rucio-stac', ...ask.headers };
  // Rucio takes it for the address to which replicas should be near (web/rest/flaskapi/v1/replicas.py), as it stands there.
  if (ask.reader) headers['x-forwarded-for'] = ask.reader;
  if (ask.body !== undefined) headers['content-type'] = 'application/json';
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_TIMEOUT_MS);
  try {
    const answer = await get(new URL(ask.base + ask.path), {
      agents,
      method: methodOf(ask),
      headers,
      body: ask.body === undefined ? undefined : JSON.stringify(ask.body),
      signal: ask.signal ? AbortSignal.any([ask.signal, late.signal]) : late.signal,
    });
    const header = (name: string) => [answer.headers[name] ?? ''].flat().join(', ');
    return { status: answer.statusCode ?? 0, header, body: bodyOf(answer) };
  } catch (error) {
    throw late.signal.aborted ? silent() : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Only the wait for the server counts as silence, whatever time the reader takes. */
async function* chunksOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  let isSilent = false;
  const wait = () =>
    setTimeout(() => {
      isSilent = true;
      answer.destroy();
    }, IDLE_TIMEOUT_MS);
  let timer = wait();
  try {
    for await (const chunk of answer) {
      clearTimeout(timer);
      yield chunk as Uint8Array;
      timer = wait();
    }
  } catch (error) {
    throw isSilent ? silent() : error;
  } finally {
    clearTimeout(timer);
  }
}

function bodyOf(answer: IncomingMessage): Body {
  const chunks = chunksOf(answer);
  return {
    [Symbol.asyncIterator]: () => chunks,
    async text() {
      const all: Uint8Array[] = [];
      for await (const chunk of chunks) all.push(chunk);
      return Buffer.concat(all).toString('utf8');
    },
    async dump() {
      for await (const _ of chunks);
    },
  };
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
