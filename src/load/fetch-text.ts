/** GET or POST of a STAC address -> its text; what passes is tried again. */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, UserError } from '../errors.ts';

const MOST_ATTEMPTS = 4;
/** Milliseconds for one answer, whole. */
const TIME_LIMIT = 120_000;

export interface Asked {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

const isPassing = (status: number) => status === 429 || status >= 500;

async function attempt({ url, method = 'GET', headers, body }: Asked): Promise<Response> {
  const accept = 'application/geo+json, application/json;q=0.9, */*;q=0.5';
  return fetch(url, {
    method,
    headers: { accept, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
}

/** @throws UserError when there is no answer, or one of another status than 200 */
export async function ask(asked: Asked): Promise<Response> {
  for (let count = 1; ; count++) {
    let reason: string;
    let isLast = count === MOST_ATTEMPTS;
    try {
      const response = await attempt(asked);
      if (response.ok) return response;
      const said = (await response.text()).slice(0, 200).replaceAll(/\s+/g, ' ');
      reason = `${response.status} ${said}`;
      isLast ||= !isPassing(response.status);
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      reason = messageOf(cause ?? error);
    }
    if (isLast) throw new UserError(`${asked.url} cannot be read: ${reason}`);
    await wait(250 * 4 ** (count - 1));
  }
}

export async function fetchText(asked: string | Asked): Promise<string> {
  return (await ask(typeof asked === 'string' ? { url: asked } : asked)).text();
}
