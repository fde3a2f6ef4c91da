/**
 * OpenID login and refresh, Rucio's way: it hands out an address, a person signs in there, and Rucio then has the token ready,
 * under that address (polling) or under the code that its page shows. GET /auth/oidc, /auth/oidc_redirect, /auth/oidc_refresh.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isPassing, RucioError } from './faults.ts';
import type { Agents } from './fetch/get.ts';
import { expiryOf } from './jwt.ts';
import type { RucioConfig } from './read-config.ts';
import { type Answer, locationOf, sendPatiently, voHeader } from './send.ts';
import type { FreshToken } from './token.ts';

/** Milliseconds between two questions, and until Rucio forgets the address it gave. */
const POLL_PAUSE = 2_000;
const LOGIN_LIMIT = 300_000;

const FETCH = { 'x-rucio-client-fetch-token': 'True' };

/** The address where a person signs in. @throws UserError naming the settings, where Rucio gives none */
export async function beginOidc(config: RucioConfig, agents: Agents): Promise<string> {
  const { issuer, audience, scope, polling, refreshLifetime } = config.oidc;
  const headers = {
    ...(config.account !== null && { 'x-rucio-account': config.account }),
    ...voHeader(config),
    'x-rucio-client-authorize-polling': polling ? 'True' : 'False',
    'x-rucio-client-authorize-scope': scope,
    'x-rucio-client-authorize-refresh-lifetime': refreshLifetime ?? 'None',
    ...(audience !== null && { 'x-rucio-client-authorize-audience': audience }),
    ...(issuer !== null && { 'x-rucio-client-authorize-issuer': issuer }),
  };
  const ask = { base: config.authHost, path: '/auth/oidc', headers };
  const address = await sendPatiently(config, agents, ask, async (answer) => {
    await answer.body.dump();
    return answer.header('x-rucio-oidc-auth-url');
  }).catch((error: unknown) => {
    if (error instanceof RucioError && error.exceptionClass !== '') return '';
    throw error;
  });
  if (URL.canParse(address)) return address;
  const or = (value: string | null) => value ?? 'the server’s own';
  throw new UserError(
    `Rucio gives no address to log in at: it does not know the account (${or(config.account)}) or the issuer (oidc_issuer: ${or(issuer)}), ` +
      `or wants more than oidc_scope (${scope}) or another oidc_audience (${or(audience)}). Correct these in ${config.file ?? 'rucio.cfg'}.`,
  );
}

/** Waits until the person has signed in. @throws UserError after five minutes; whatever `signal` was aborted with */
export async function pollToken(
  config: RucioConfig,
  agents: Agents,
  address: string,
  signal: AbortSignal,
): Promise<FreshToken> {
  const { origin, pathname, search } = new URL(address);
  const end = Date.now() + LOGIN_LIMIT;
  while (Date.now() < end) {
    await sleep(POLL_PAUSE, undefined, { signal });
    const token = await fetchToken(config, agents, origin, `${pathname}${search}`, signal).catch(
      (error: unknown) => {
        if (isPassing(error) || isPassing((error as Error).cause)) return null;
        throw error;
      },
    );
    if (token !== null) return token;
  }
  throw new UserError(
    `Nobody has logged in within five minutes, so the address is no longer good. Run "rucio-stac login" again; where the page showed an error, ` +
      `ask Rucio's administrators whether your identity belongs to account ${config.account ?? '(default)'}.`,
  );
}

/** The token that waits under a code; null: Rucio has none there. */
export function tokenByCode(
  config: RucioConfig,
  agents: Agents,
  code: string,
  signal: AbortSignal,
): Promise<FreshToken | null> {
  const path = `/auth/oidc_redirect?${encodeURIComponent(code)}`;
  return fetchToken(config, agents, config.authHost, path, signal);
}

async function fetchToken(
  config: RucioConfig,
  agents: Agents,
  base: string,
  path: string,
  signal: AbortSignal,
): Promise<FreshToken | null> {
  try {
    const ask = { base, path, headers: { ...FETCH, ...voHeader(config) }, signal };
    return await sendPatiently(config, agents, ask, freshToken);
  } catch (error) {
    if (error instanceof RucioError && error.status === 401) return null;
    throw error;
  }
}

async function freshToken(answer: Answer): Promise<FreshToken | null> {
  await answer.body.dump();
  const token = answer.header('x-rucio-auth-token');
  return token === '' ? null : { token, expires: expiryOf(token) };
}

/** What a person pasted: a code, an address of Rucio's page that shows one, or neither. */
type Pasted = { code: string } | { page: URL } | { fault: string };

/** @param address the one that was given to open */
export function readPasted(text: string, address: string): Pasted {
  const plain = text.trim().replace(/^["'<]+|["'>]+$/g, '');
  if (/^[\w-]{1,200}$/.test(plain)) return { code: plain };
  if (!URL.canParse(plain))
    return { fault: `"${plain.slice(0, 60)}" is no code: it has letters and digits only` };
  const url = new URL(plain);
  const given = new URL(address);
  if (url.href === given.href)
    return { fault: 'that is the address to open; the code is on the page that comes at the end' };
  if (url.origin !== given.origin) return { fault: `${url.origin} is not where Rucio shows the code` };
  if (url.pathname.endsWith('/auth/oidc_redirect') && url.search.length > 1)
    return { code: decodeURIComponent(url.search.slice(1)) };
  if (url.pathname.endsWith('/auth/oidc_code') && url.searchParams.has('code')) return { page: url };
  return { fault: `there is no code in ${url.origin}${url.pathname}` };
}

/** The code on Rucio's last page, whose address was pasted because the browser could not open it; null: it shows none. */
export async function codeOnPage(
  config: RucioConfig,
  agents: Agents,
  page: URL,
  signal: AbortSignal,
): Promise<string | null> {
  const ask = { base: page.origin, path: `${page.pathname}${page.search}`, headers: {}, signal };
  try {
    const html = await sendPatiently(config, agents, ask, (answer) => answer.body.text());
    return /<b>\s*(\w{50})\s*<\/b>/.exec(html)?.[1] ?? null;
  } catch (error) {
    if (error instanceof RucioError) return null;
    throw error;
  }
}

/** A token -> the one that follows it, or itself in its first minutes; null: Rucio has no refresh token for it. @throws UserError, RucioError */
export async function refreshToken(
  config: RucioConfig,
  agents: Agents,
  token: string,
): Promise<FreshToken | null> {
  const headers = { 'x-rucio-auth-token': token, ...voHeader(config) };
  const account = config.account ?? (await accountOf(config, agents, headers));
  const ask = {
    base: config.authHost,
    path: '/auth/oidc_refresh',
    headers: { ...headers, 'x-rucio-account': account },
  };
  return sendPatiently(config, agents, ask, async (answer) => {
    const fresh = await freshToken(answer);
    const seconds = Number(answer.header('x-rucio-auth-token-expires') || Number.NaN);
    return fresh && { ...fresh, expires: Number.isFinite(seconds) ? seconds * 1000 : fresh.expires };
  });
}

async function accountOf(
  config: RucioConfig,
  agents: Agents,
  headers: Record<string, string>,
): Promise<string> {
  const ask = { base: config.host, path: '/accounts/whoami', headers };
  return sendPatiently(config, agents, ask, async (answer) => {
    await answer.body.dump();
    return decodeURIComponent(locationOf(answer, ask.path).replace(/^.*\//, ''));
  });
}
