/**
 * One request to Rucio's REST API -> JSON, or every line of a JSON stream. Adds the token, logs in again when it is refused,
 * repeats what failed on the way, and turns refusals into sentences. Everything asked here only reads, so repeating is safe.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { messageOf } from '../errors.ts';
import { connectionError, isPassing, type RucioError, refusalError } from './faults.ts';
import type { RucioConfig } from './read-config.ts';
import { createTokens, type Tokens } from './token.ts';

/** Lists of large datasets take the server a while before the first line. */
const ANSWER_TIMEOUT_MS = 600_000;
const IDLE_TIMEOUT_MS = 120_000;
const FIRST_PAUSE_MS = 250;
const BUSY = new Set([502, 503, 504]);

export interface AskOptions {
  /** Sent as JSON by POST; without it, GET. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Records read so far; starts at 0 again when the request is repeated. */
  onRecord?: ((count: number) => void) | undefined;
}

export interface Api {
  /** Without a token, for the few paths that need none. */
  getOpen(path: string, options?: AskOptions): Promise<unknown>;
  /** `path` begins with a slash and is encoded. */
  getJson(path: string, options?: AskOptions): Promise<unknown>;
  /** All values of an `application/x-json-stream`. A stream that was cut is an error. */
  getList(path: string, options?: AskOptions): Promise<unknown[]>;
  /** Where the server sends us on (303), relative to `path`; the token never goes anywhere but to Rucio's own host. */
  getLocation(path: string, options?: AskOptions): Promise<string>;
  tokens: Tokens;
}

interface Answer {
  status: number;
  header(name: string): string;
  body: Dispatcher.ResponseData['body'];
}

interface Ask extends AskOptions {
  base: string;
  path: string;
  headers: Record<string, string>;
}

/** `/dids/{scope}/{name}` with slashes sent as %2F, as Rucio's client does. */
export function didPath(scope: string, name: string): string {
  return `/dids/${encodeURIComponent(scope)}/${encodeURIComponent(name)}`;
}

export function createApi(config: RucioConfig, dispatcher: Dispatcher): Api {
  const tokens = createTokens(config, config.authType === 'oidc' ? null : () => login(config, dispatcher));
  const send = <T>(ask: Ask, read: (answer: Answer) => Promise<T>) =>
    sendPatiently(config, dispatcher, ask, read);

  async function authorized<T>(
    path: string,
    options: AskOptions,
    read: (answer: Answer) => Promise<T>,
  ): Promise<T> {
    for (let logins = 0; ; logins++) {
      const token = await tokens.get();
      try {
        const headers = { 'x-rucio-auth-token': token, ...voHeader(config) };
        return await send({ ...options, base: config.host, path, headers }, read);
      } catch (error) {
        if ((error as RucioError).exceptionClass !== 'CannotAuthenticate') throw error;
        // The server may forget a token, and a kept one may be old: one login more; a fresh one refused is final.
        tokens.refused(token);
        if (logins >= 2) throw error;
      }
    }
  }

  return {
    tokens,
    getOpen: (path, options = {}) => send({ ...options, base: config.host, path, headers: {} }, readJson),
    getJson: (path, options = {}) => authorized(path, options, readJson),
    getList: (path, options = {}) =>
      authorized(path, options, (answer) => readLines(answer, path, options.onRecord)),
    getLocation: (path, options = {}) =>
      authorized(path, options, async (answer) => {
        await answer.body.dump();
        return new URL(answer.header('location'), new URL(path, 'http://rucio')).pathname;
      }),
  };
}

function voHeader(config: RucioConfig): Record<string, string> {
  return config.vo === null ? {} : { 'x-rucio-vo': config.vo };
}

/** userpass or certificate -> a new token, good for an hour. @throws UserError, RucioError */
async function login(config: RucioConfig, dispatcher: Dispatcher): Promise<string> {
  const account: Record<string, string> =
    config.account === null ? {} : { 'x-rucio-account': config.account };
  const secret: Record<string, string> =
    config.authType === 'userpass'
      ? { 'x-rucio-username': config.username ?? '', 'x-rucio-password': config.password ?? '' }
      : {};
  const headers = { ...account, ...secret, ...voHeader(config) };
  const ask = { base: config.authHost, path: `/auth/${config.authType}`, headers };
  return sendPatiently(config, dispatcher, ask, async (answer) => {
    await answer.body.dump();
    const token = answer.header('x-rucio-auth-token');
    if (token !== '') return token;
    const accounts = answer.header('x-rucio-auth-accounts');
    const exceptionMessage =
      accounts === '' ? 'no token came back' : `it may use several accounts, name one: ${accounts}`;
    throw refusalError(
      {
        status: answer.status,
        exceptionClass: 'CannotAuthenticate',
        exceptionMessage,
        asked: `GET ${ask.path}`,
      },
      config,
    );
  });
}

/** Repeats after 502, 503, 504 and lost connections, waiting 0.25, 0.5, 1 ... s. */
async function sendPatiently<T>(
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
  if (ask.body !== undefined) headers['content-type'] = 'application/json';
  const {
    statusCode,
    headers: got,
    body,
  } = await request(ask.base + ask.path, {
    dispatcher,
    method: ask.body === undefined ? 'GET' : 'POST',
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
  const asked = `${ask.body === undefined ? 'GET' : 'POST'} ${ask.path}`;
  return refusalError({ status: answer.status, exceptionClass, exceptionMessage, asked }, config);
}

async function readJson(answer: Answer): Promise<unknown> {
  const text = await answer.body.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`its answer (status ${answer.status}) is not JSON, so this is no Rucio server`, {
      cause: error,
    });
  }
}

/** Status 200 was sent before the first line, so only the form of the end tells a whole list from one that was cut. */
async function readLines(
  answer: Answer,
  path: string,
  onRecord?: (count: number) => void,
): Promise<unknown[]> {
  const values: unknown[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of answer.body) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') values.push(parseLine(line, path));
    onRecord?.(values.length);
  }
  if (rest + decoder.decode() !== '') values.push(parseLine(rest, path));
  return values;
}

function parseLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const cut = new Error(
      `the list at ${path} ended early or holds a line that is not JSON (${messageOf(error)})`,
    );
    throw Object.assign(cut, { code: 'UND_ERR_SOCKET' });
  }
}
