/**
 * One request to Rucio's REST API -> JSON, or every line of a JSON stream. Adds the token, logs in again when it is refused,
 * repeats what failed on the way, and turns refusals into sentences. What writes is such that a repeat is refused as being there already.
 */
import { messageOf } from '../errors.ts';
import type { RucioError } from './faults.ts';
import type { Agents } from './fetch/get.ts';
import { logIn } from './login.ts';
import { refreshToken } from './oidc.ts';
import type { RucioConfig } from './read-config.ts';
import { type Answer, type Ask, type AskOptions, locationOf, sendPatiently, voHeader } from './send.ts';
import { createTokens, type Tokens } from './token.ts';

export interface Api {
  /** Without a token, for the few paths that need none. */
  getOpen(path: string, options?: AskOptions): Promise<unknown>;
  /** `path` begins with a slash and is encoded. */
  getJson(path: string, options?: AskOptions): Promise<unknown>;
  /** All values of an `application/x-json-stream`. A stream that was cut is an error. */
  getList(path: string, options?: AskOptions): Promise<unknown[]>;
  /** As getList, keeping only what `convert` makes of each value (null: nothing), so that a long list stays small. */
  getEach<T>(path: string, convert: (value: unknown) => T | null, options?: AskOptions): Promise<T[]>;
  /** For what changes something: Rucio's answer is a word, if anything. */
  send(path: string, options: AskOptions): Promise<string>;
  /** Where the server sends us on (303), relative to `path`; the token never goes anywhere but to Rucio's own host. */
  getLocation(path: string, options?: AskOptions): Promise<string>;
  /** When the token in use ends, as the server has it, in milliseconds since 1970; null: it does not tell. */
  tokenEnd(options?: AskOptions): Promise<number | null>;
  tokens: Tokens;
}

/** `/dids/{scope}/{name}` with slashes sent as %2F, as Rucio's client does. */
export function didPath(scope: string, name: string): string {
  return `/dids/${encodeURIComponent(scope)}/${encodeURIComponent(name)}`;
}

export function createApi(config: RucioConfig, agents: Agents): Api {
  const isOidc = config.authType === 'oidc';
  const tokens = createTokens(config, {
    login: isOidc ? null : () => logIn(config, agents),
    refresh: isOidc && config.oidc.refreshActive ? (token) => refreshToken(config, agents, token) : null,
  });
  const send = <T>(ask: Ask, read: (answer: Answer) => Promise<T>) =>
    sendPatiently(config, agents, ask, read);

  async function authorized<T>(
    path: string,
    options: AskOptions,
    read: (answer: Answer) => Promise<T>,
    base = config.host,
  ): Promise<T> {
    for (let logins = 0; ; logins++) {
      const token = await tokens.get();
      try {
        const headers = { 'x-rucio-auth-token': token, ...voHeader(config) };
        return await send({ ...options, base, path, headers }, read);
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
      authorized(path, options, (answer) => readLines(answer, path, (value) => value, options.onRecord)),
    getEach: (path, convert, options = {}) =>
      authorized(path, options, (answer) => readLines(answer, path, convert, options.onRecord)),
    send: (path, options) => authorized(path, options, (answer) => answer.body.text()),
    tokenEnd: async (options = {}) =>
      authorized(
        '/auth/validate',
        options,
        async (answer) => readLifetime(await answer.body.text()),
        config.authHost,
      ),
    getLocation: (path, options = {}) =>
      authorized(path, options, async (answer) => {
        await answer.body.dump();
        return locationOf(answer, path);
      }),
  };
}

/** Python's repr of a dict; its `lifetime`, in UTC, stands nowhere else. */
function readLifetime(text: string): number | null {
  const [, numbers] = /'lifetime': datetime\.datetime\(([\d, ]+)\)/.exec(text) ?? [];
  const [year, month, day, hour = 0, minute = 0, second = 0] = (numbers ?? '').split(',').map(Number);
  return year && month && day ? Date.UTC(year, month - 1, day, hour, minute, second) : null;
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
async function readLines<T>(
  answer: Answer,
  path: string,
  convert: (value: unknown) => T | null,
  onRecord?: (count: number) => void,
): Promise<T[]> {
  const values: T[] = [];
  const decoder = new TextDecoder();
  let rest = '';
  let count = 0;
  onRecord?.(0);
  const read = (line: string) => {
    if (line === '') return;
    count++;
    const value = convert(parseLine(line, path));
    if (value !== null) values.push(value);
  };
  for await (const chunk of answer.body) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) read(line);
    onRecord?.(count);
  }
  read(rest + decoder.decode());
  return values;
}

function parseLine(line: string, path: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    const cut = new Error(
      `the list at ${path} ended early or holds a line that is not JSON (${messageOf(error)})`,
    );
    throw Object.assign(cut, { code: 'ECONNRESET' });
  }
}
