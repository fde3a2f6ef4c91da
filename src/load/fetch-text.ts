/** GET or POST of a STAC address -> its bytes or its text; what passes is tried again. */
import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, PASSING_CODES, UserError } from '../errors.ts';
import { request } from './request.ts';
import { type Bytes, CODINGS, decoded } from './uncompress.ts';

const MOST_ATTEMPTS = 4;
const MOST_REDIRECTS = 10;
/** Milliseconds without a byte. */
const SILENCE = 120_000;
/** Bytes of an answer that is held whole, and of one that says what is wrong. */
const LONGEST_ANSWER = 256 * 1024 * 1024;
const LONGEST_REASON = 64 * 1024;

export interface Asked {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Ends waiting for what is not wanted any more. */
  signal?: AbortSignal;
}

/** An answer of another status than 200. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`the server answers ${status}${reason && `: ${reason}`}`);
    this.status = status;
  }

  get isPassing(): boolean {
    return this.status === 429 || this.status >= 500;
  }
}

/** Of a server, or one before it, that is overloaded or down: it says nothing of what was asked. */
const ABSENT = [429, 502, 503, 504];

/** Whether a server does not give this address, rather than nothing at all. 500 counts: some answer so to a token they forgot. */
export const isRefused = (error: unknown): boolean =>
  error instanceof UserError && error.cause instanceof Refusal && !ABSENT.includes(error.cause.status);

const isPassing = (error: unknown): boolean =>
  error instanceof Refusal
    ? error.isPassing
    : PASSING_CODES.has(String((error as { code?: unknown } | null)?.code ?? ''));

const shownUrl = (url: string) => url.replace(/\/\/[^/?#]*@/, '//***@');

/** Node tells of each address of a host in an error without a message. */
const reasonOf = (error: unknown): string =>
  messageOf(error) || String((error as { code?: unknown }).code ?? 'no answer');

/** @throws Error that says why the address cannot be asked */
function readable(url: string): URL {
  if (!URL.canParse(url)) throw new Error('it is no address; check its host and port (at most 65535)');
  const made = new URL(url);
  if (made.protocol !== 'http:' && made.protocol !== 'https:')
    throw new Error(`its protocol is ${made.protocol}; accepted are http: and https:`);
  if (made.username || made.password)
    throw new Error('it holds a user name or password; give an address without');
  return made;
}

/** @param most bytes */
async function readText(bytes: Bytes, most: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size > most) throw new Error(`its answer is longer than ${most} bytes`);
  }
  return Buffer.concat(parts).toString('utf8');
}

const REASONS = ['detail', 'description', 'message', 'title', 'error'] as const;

/** What an answer says is wrong: RFC 9457 `detail`, OGC API's `description`, and what others use; nothing of a page for people. */
function reasonIn(text: string): string {
  const cut = (reason: string) =>
    reason
      .slice(0, 300)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim();
  try {
    const problem = JSON.parse(text) as Record<string, unknown> | null;
    const said = REASONS.map((name) => problem?.[name]).find((each) => each !== undefined && each !== '');
    return cut(typeof said === 'string' ? said : JSON.stringify(said ?? problem));
  } catch {
    return /^\s*</.test(text) ? '' : cut(text);
  }
}

async function send({ url, method = 'GET', headers, body, signal }: Asked): Promise<IncomingMessage> {
  const accept = 'application/geo+json, application/json;q=0.9, */*;q=0.5';
  return request(readable(url), {
    method,
    headers: {
      accept,
      'accept-encoding': CODINGS,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    silence: SILENCE,
    signal,
  });
}

/** Where an answer points elsewhere; null: it is the answer. RFC 9110 15.4, as browsers do it. */
function redirected(asked: Asked, { statusCode = 0, headers }: IncomingMessage): Asked | null {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(statusCode) || typeof location !== 'string') return null;
  const url = readable(URL.canParse(location, asked.url) ? new URL(location, asked.url).href : location);
  // Headers may hold what other servers must not see.
  const isSame = url.origin === new URL(asked.url).origin;
  const kept = {
    ...(asked.headers && isSame && { headers: asked.headers }),
    ...(asked.signal && { signal: asked.signal }),
  };
  if (statusCode < 307) return { url: url.href, ...kept };
  return { url: url.href, ...kept, method: asked.method ?? 'GET', body: asked.body };
}

async function answerOf(asked: Asked): Promise<Bytes> {
  let next: Asked | null = asked;
  for (let count = 0; count <= MOST_REDIRECTS; count++) {
    const answer: IncomingMessage = await send(next);
    const { statusCode = 0, headers } = answer;
    const bytes = () => decoded(answer, String(headers['content-encoding'] ?? ''));
    if (statusCode >= 200 && statusCode < 300) return bytes();
    const from: Asked = next;
    next = redirected(from, answer);
    if (next === null) {
      const text = await readText(bytes(), LONGEST_REASON).catch(() => '');
      throw new Refusal(statusCode, reasonIn(text));
    }
    answer.destroy();
  }
  throw new Error(`it leads on more than ${MOST_REDIRECTS} times`);
}

/** @throws UserError when there is no answer, or one of another status than 200 */
async function ask<Taken>(asked: Asked, take: (bytes: Bytes) => Taken | Promise<Taken>): Promise<Taken> {
  for (let count = 1; ; count++) {
    try {
      return await take(await answerOf(asked));
    } catch (error) {
      if (count === MOST_ATTEMPTS || !isPassing(error))
        throw new UserError(`${shownUrl(asked.url)} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
    await wait(250 * 4 ** (count - 1), undefined, asked.signal && { signal: asked.signal });
  }
}

/** @throws UserError */
export function fetchText(asked: string | Asked): Promise<string> {
  return ask(typeof asked === 'string' ? { url: asked } : asked, (bytes) => readText(bytes, LONGEST_ANSWER));
}

/** Begun again only until the first byte. @throws UserError */
export async function* fetchBytes(url: string): AsyncGenerator<Uint8Array> {
  const bytes = await ask({ url }, (answer) => answer);
  try {
    yield* bytes;
  } catch (error) {
    throw new UserError(`${url} cannot be read on: ${reasonOf(error)}`, { cause: error });
  }
}
