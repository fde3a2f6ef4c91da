/** RucioConfig -> auth token: from memory, from where one lies ready, by logging in (userpass, x509), or by a refresh (oidc). */
import { oidcLoginNeeded, RucioError } from './faults.ts';
import { expiryOf } from './jwt.ts';
import type { RucioConfig } from './read-config.ts';
import { type HeldToken, keepToken, readKept, readyTokens } from './token-file.ts';

export interface Tokens {
  /** A token that was not refused yet; refreshed first where that is due. @throws UserError when there is none and no way to get one */
  get(): Promise<string>;
  /** The same with where it comes from and when it ends. */
  held(): Promise<HeldToken>;
  /** The server refused this token: it is not used again. */
  refused(token: string): void;
}

/** A token the server just gave. */
export interface FreshToken {
  token: string;
  /** Milliseconds since 1970; null: the server did not tell. */
  expires: number | null;
}

/** How a token is got from the server; null: not at all. */
export interface TokenWays {
  login: (() => Promise<FreshToken>) | null;
  /** A token -> the one that follows it, or null where the server has no refresh token for it. */
  refresh: ((token: string) => Promise<FreshToken | null>) | null;
}

/** Milliseconds between refreshes that bring nothing new: Rucio gives the same token for five minutes. */
const LEAST_PAUSE = 1_000;
const MOST_PAUSE = 60_000;

export function createTokens(config: RucioConfig, ways: TokenWays): Tokens {
  const bad = new Set<string>();
  let current: Promise<HeldToken> | null = null;
  let renewing: Promise<HeldToken> | null = null;
  let nextRefresh = 0;

  async function keep({ token, expires }: FreshToken): Promise<HeldToken> {
    // A file that cannot be written only costs the next command a login.
    await keepToken(config, token, expires).catch(() => undefined);
    return { token, expires: expires ?? expiryOf(token), origin: config.tokenFile };
  }

  async function obtain(): Promise<HeldToken> {
    let last: HeldToken | null = null;
    for await (const ready of readyTokens(config)) {
      if (!bad.has(ready.token)) return ready;
      last = ready;
    }
    if (ways.login !== null) return keep(await ways.login());
    const fresh = last?.origin === config.tokenFile ? await tryRefresh(last.token) : null;
    if (fresh !== null && !bad.has(fresh.token)) return keep(fresh);
    throw oidcLoginNeeded(config, last);
  }

  /** @throws UserError when Rucio cannot be asked; what it refuses is null */
  async function tryRefresh(token: string): Promise<FreshToken | null> {
    if (ways.refresh === null) return null;
    try {
      return await ways.refresh(token);
    } catch (error) {
      if (error instanceof RucioError) return null;
      throw error;
    }
  }

  function isDue({ origin, expires }: HeldToken): boolean {
    if (ways.refresh === null || origin !== config.tokenFile || Date.now() < nextRefresh) return false;
    return expires === null || Date.now() > expires - config.oidc.refreshBeforeExp * 60_000;
  }

  async function renew(old: HeldToken): Promise<HeldToken> {
    const kept = await readKept(config).catch(() => null);
    // Another command may have refreshed it meanwhile.
    if (kept !== null && kept.token !== old.token && !bad.has(kept.token) && !isDue(kept)) return kept;
    // The old one is good still: what fails now may succeed later.
    const fresh = await tryRefresh(old.token).catch(() => null);
    const left = (old.expires ?? Number.POSITIVE_INFINITY) - Date.now();
    nextRefresh = Date.now() + Math.min(MOST_PAUSE, Math.max(LEAST_PAUSE, left / 4));
    if (fresh === null || bad.has(fresh.token)) return old;
    return fresh.token === old.token ? { ...old, expires: fresh.expires ?? old.expires } : keep(fresh);
  }

  async function held(): Promise<HeldToken> {
    current ??= obtain().catch((error: unknown) => {
      current = null;
      throw error;
    });
    const mine = current;
    const now = await mine;
    if (!isDue(now)) return now;
    // Many requests at once wait for one refresh.
    renewing ??= renew(now).finally(() => {
      renewing = null;
    });
    const next = await renewing;
    if (current === mine) current = Promise.resolve(next);
    return next;
  }

  return {
    held,
    get: async () => (await held()).token,
    refused(token) {
      // Several requests may be refused at once; only the first of them is to start a new login.
      if (bad.has(token)) return;
      bad.add(token);
      current = null;
    },
  };
}
