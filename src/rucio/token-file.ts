/** Where auth tokens lie ready: BEARER_TOKEN, WLCG's files, the file that Rucio's own client keeps its token in; and writing that file. */
import { randomUUID } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  lstat,
  mkdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { expiryOf, isJwt } from './jwt.ts';
import type { RucioConfig } from './read-config.ts';

/** A token, and what is known of it. */
export interface HeldToken {
  token: string;
  /** BEARER_TOKEN, or a file's path. */
  origin: string;
  /** Milliseconds since 1970; null: not known. */
  expires: number | null;
}

/**
 * Ready tokens, best first: WLCG bearer token discovery (oidc only), then the token file.
 * @throws UserError for a file that cannot be read, or holds no token
 */
export async function* readyTokens(config: RucioConfig): AsyncGenerator<HeldToken> {
  if (config.authType === 'oidc') {
    if (config.bearer.token !== null) yield held(config.bearer.token, 'BEARER_TOKEN');
    for (const file of config.bearer.files) {
      const token = await readToken(file);
      if (token !== null) yield held(token, file);
    }
  }
  const kept = await readKept(config);
  if (kept !== null) yield kept;
}

/** The token in `config.tokenFile`, where it can be ours. @throws UserError */
export async function readKept(config: RucioConfig): Promise<HeldToken | null> {
  if (!config.tokenFileGiven && !(await isOurs(dirname(config.tokenFile)))) return null;
  const token = await readToken(config.tokenFile);
  if (token === null) return null;
  // The file knows neither account nor server. A token of Rucio's own begins with the account it is for.
  const foreign = !isJwt(token) && config.account !== null && !token.startsWith(`${config.account}-`);
  // Whoever can log in anew overwrites what is no token.
  return foreign && (isWellFormed(token) || config.authType !== 'oidc')
    ? null
    : held(token, config.tokenFile);
}

const isWellFormed = (token: string) => /^[\x21-\x7e]+$/.test(token);

function held(token: string, origin: string): HeldToken {
  if (isWellFormed(token)) return { token, origin, expires: expiryOf(token) };
  throw new UserError(
    `${origin} does not hold a token: it has characters that no token has. Remove it and log in again.`,
  );
}

/** First line, trimmed; null when the file is missing or empty. */
async function readToken(file: string): Promise<string | null> {
  try {
    const [line] = (await readFile(file, 'utf8')).trim().split(/[\r\n]/, 1);
    return line?.trim() || null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UserError(`The token file ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/**
 * Keeps a token where Rucio's client looks for it: 0600, its folder 0700, no newline (Rucio's client would send it), whole or not at all.
 * @param expires milliseconds since 1970; with auth_oidc_refresh_active it is kept too, as Rucio's client does
 * @throws UserError when it cannot be written
 */
export async function keepToken(config: RucioConfig, token: string, expires: number | null): Promise<void> {
  const { tokenFile, tokenFileGiven, oidc } = config;
  const folder = dirname(tokenFile);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!tokenFileGiven && !(await isOurs(folder))) throw new Error('its folder is somebody else’s');
    await writeWhole(tokenFile, token);
    // Else Rucio's client would go by the end of the token before, and not refresh this one.
    if (config.authType === 'oidc' && oidc.refreshActive) {
      await writeWhole(expiryFile(config), expires === null ? 'None' : String(Math.floor(expires / 1000)));
    }
  } catch (error) {
    throw cannotKeep(tokenFile, error);
  }
}

/** Before a person signs in for nothing; makes nothing. @throws UserError when keepToken cannot work */
export async function mustBeWritable({ tokenFile }: RucioConfig): Promise<void> {
  let folder = dirname(tokenFile);
  while (dirname(folder) !== folder && !(await lstat(folder).catch(() => null))) folder = dirname(folder);
  try {
    if ((await lstat(tokenFile).catch(() => null))?.isDirectory()) throw new Error('it is a folder');
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is no folder`);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotKeep(tokenFile, error);
  }
}

const cannotKeep = (tokenFile: string, error: unknown) =>
  new UserError(
    `The token cannot be kept in ${tokenFile}: ${messageOf(error)}. Name a file that can be written with auth_token_file_path in rucio.cfg.`,
    { cause: error },
  );

/** By rename, so that no reader sees half. */
async function writeWhole(file: string, text: string): Promise<void> {
  const part = `${file}.${randomUUID()}`;
  try {
    await writeFile(part, text, { mode: 0o600, flag: 'wx' });
    await chmod(part, 0o600);
    await rename(part, file);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

/** Where Rucio's client keeps when its token ends. */
function expiryFile({ account, tokenFile }: RucioConfig): string {
  const ending = account === null ? 'for_default_account' : `for_account_${basename(account)}`;
  return join(dirname(tokenFile), `auth_token_exp_${ending}`);
}

/** The default folder lies in a shared temporary folder: one that somebody else has made is neither read nor written. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => null);
  return found?.isDirectory() === true && found.uid === (process.geteuid?.() ?? found.uid);
}
