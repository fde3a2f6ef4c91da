/** RucioConfig -> auth token: from memory, from the file Rucio's client keeps it in, or by logging in (userpass, x509). */
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { oidcLoginNeeded } from './faults.ts';
import type { RucioConfig } from './read-config.ts';

export interface Tokens {
  /** A token that was not refused yet. @throws UserError when there is none and no way to get one */
  get(): Promise<string>;
  /** The server refused this token: forget it, here and in the file. */
  refused(token: string): void;
}

/** `login` asks the server for a new token; null where only a ready token can be used (oidc). */
export function createTokens(config: RucioConfig, login: (() => Promise<string>) | null): Tokens {
  const bad = new Set<string>();
  let current: Promise<string> | null = null;

  async function obtain(): Promise<string> {
    for await (const token of readyTokens(config)) {
      if (!bad.has(token)) return token;
    }
    if (login === null) {
      const reason =
        bad.size > 0 ? 'Rucio refuses the OpenID token (it may have expired)' : 'There is no OpenID token';
      throw new UserError(oidcLoginNeeded(config, reason));
    }
    const token = await login();
    await writeToken(config, token);
    return token;
  }

  return {
    get() {
      current ??= obtain().catch((error: unknown) => {
        current = null;
        throw error;
      });
      return current;
    },
    refused(token) {
      // Several requests may be refused at once; only the first of them is to start a new login.
      if (bad.has(token)) return;
      bad.add(token);
      current = null;
    },
  };
}

async function* readyTokens(config: RucioConfig): AsyncGenerator<string> {
  if (config.authType === 'oidc') {
    if (config.bearer.token !== null) yield checked(config.bearer.token, 'BEARER_TOKEN');
    for (const file of config.bearer.files) {
      const token = await readToken(file);
      if (token !== null) yield checked(token, file);
    }
  }
  if (!config.tokenFileGiven && !(await isOurs(dirname(config.tokenFile)))) return;
  const token = await readToken(config.tokenFile);
  // The file knows neither account nor server. A token of Rucio's own begins with the account it is for.
  const foreign =
    token !== null && !isJwt(token) && config.account !== null && !token.startsWith(`${config.account}-`);
  if (token !== null && !foreign) yield checked(token, config.tokenFile);
}

/** First line, trimmed; null when the file is missing or empty. */
async function readToken(file: string): Promise<string | null> {
  try {
    return (
      (await readFile(file, 'utf8'))
        .trim()
        .split(/[\r\n]/, 1)[0]!
        .trim() || null
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UserError(`The token file ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

function checked(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UserError(
    `${where} does not hold a token: it has characters that no token has. Remove it and log in again.`,
  );
}

/** Three parts of base64url, as OpenID providers give them; Rucio's own tokens are not. */
export function isJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}

/** 0600, no newline (Rucio's client would send it), by rename so that no reader sees half. A folder that cannot be written only costs the cache. */
async function writeToken(config: RucioConfig, token: string): Promise<void> {
  const folder = dirname(config.tokenFile);
  const part = `${config.tokenFile}.${randomUUID()}`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!config.tokenFileGiven && !(await isOurs(folder))) return;
    await writeFile(part, token, { mode: 0o600, flag: 'wx' });
    await chmod(part, 0o600);
    await rename(part, config.tokenFile);
  } catch {
    await unlink(part).catch(() => undefined);
  }
}

/** The default folder lies in a shared temporary folder: one that somebody else has made is neither read nor written. */
async function isOurs(folder: string): Promise<boolean> {
  const stat = await lstat(folder).catch(() => null);
  return stat?.isDirectory() === true && stat.uid === (process.geteuid?.() ?? stat.uid);
}
