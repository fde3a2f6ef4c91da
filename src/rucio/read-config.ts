/**
 * Environment and rucio.cfg -> RucioConfig, by the rules of Rucio's own client: `RUCIO_CONFIG`, else the first rucio.cfg of
 * `$RUCIO_HOME/etc`, `$VIRTUAL_ENV/etc`, `$CONDA_PREFIX/etc`, `/opt/rucio/etc`; environment over file.
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir as systemHome, tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { type Ini, parseIni } from './ini.ts';
import { readStorageSettings, type StorageSettings } from './read-storage-settings.ts';

export type Env = Readonly<Record<string, string | undefined>>;

const AUTH_TYPES = ['userpass', 'x509', 'x509_proxy', 'oidc'] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

/** Settings of an OpenID login, as the Python client names them. */
export interface OidcSettings {
  issuer: string | null;
  audience: string | null;
  scope: string;
  polling: boolean;
  /** Hours, as written. */
  refreshLifetime: string | null;
  refreshActive: boolean;
  /** Minutes before the end of a token's life. */
  refreshBeforeExp: number;
}

export interface RucioConfig {
  /** rucio.cfg that was read; null when the environment alone gave the settings. */
  file: string | null;
  /** With scheme and port, no slash at the end. */
  host: string;
  authHost: string;
  account: string | null;
  vo: string | null;
  authType: AuthType;
  username: string | null;
  password: string | null;
  /** File or folder of PEM certificates, besides the usual roots. */
  caCert: string | null;
  clientCert: string | null;
  clientKey: string | null;
  /** Where the token is kept between runs. */
  tokenFile: string;
  /** True when `auth_token_file_path` named it. */
  tokenFileGiven: boolean;
  /** Where a bearer token may lie (oidc only), first that has one wins; `token` is $BEARER_TOKEN. */
  bearer: { token: string | null; files: string[] };
  oidc: OidcSettings;
  /** Repeats of a request after 502, 503, 504 or a lost connection. */
  requestRetries: number;
  download: { transferTimeoutSeconds: number | null; preferredImpl: string[] };
  /** Folders of commands, as in PATH. */
  searchPath: string;
  storages: StorageSettings;
}

interface Source {
  env: Env;
  home: string;
  file: string | null;
  ini: Ini;
}

/**
 * @param homedir what `~` stands for
 * @param fileOverride a rucio.cfg given on the command line, before every other
 * @throws UserError when there is no configuration (says where it looked and what to write), or when it cannot be used
 */
export function readRucioConfig(env: Env, homedir = systemHome(), fileOverride?: string): RucioConfig {
  const source = { env, home: homedir, ...readRucioCfg(env, homedir, fileOverride) };
  const option = (key: string) => tidy(source.ini.get('client', key));
  const host = hostOf(env.RUCIO_HOST || option('rucio_host'), 'rucio_host', 'RUCIO_HOST', source);
  // A host from the environment is not to be sent the password for another server's auth_host.
  const authOption = env.RUCIO_AUTH_HOST || (env.RUCIO_HOST ? host : option('auth_host')) || host;
  const authHost = hostOf(authOption, 'auth_host', 'RUCIO_AUTH_HOST', source);
  const account = env.RUCIO_ACCOUNT || option('account') || null;
  const vo = env.RUCIO_VO || option('vo') || null;
  const username = env.RUCIO_USERNAME || source.ini.get('client', 'username') || null;
  const password = env.RUCIO_PASSWORD || source.ini.get('client', 'password') || null;
  const authType = authTypeOf(source, option('auth_type'), username !== null);
  const ca = env.X509_CERT_DIR || env.RUCIO_CA_CERT || option('ca_cert') || option('ca_certs');
  const tokenOption = option('auth_token_file_path');
  return {
    file: source.file,
    host,
    authHost,
    account,
    vo: vo === 'def' ? null : vo,
    authType,
    username,
    password,
    caCert: ca ? expandPath(ca, env, homedir) : null,
    ...clientCertificate(source, authType),
    tokenFile: tokenOption ? expandPath(tokenOption, env, homedir) : defaultTokenFile(env, account, vo),
    tokenFileGiven: Boolean(tokenOption),
    bearer: bearerSources(source),
    oidc: oidcSettings(source),
    requestRetries: wholeNumber(option('request_retries'), 3),
    download: {
      transferTimeoutSeconds: wholeNumber(tidy(source.ini.get('download', 'transfer_timeout')), 0) || null,
      preferredImpl: (tidy(source.ini.get('download', 'preferred_impl')) ?? '')
        .split(/[\s,]+/)
        .filter(Boolean),
    },
    searchPath: env.PATH ?? '',
    storages: readStorageSettings(env, source, (path) => expandPath(path, env, homedir)),
  };
}

/** `$VARS`, `${VARS}` and a leading `~` expanded, made absolute. A variable that is not set stays as written. */
export function expandPath(path: string, env: Env, homedir: string): string {
  const withVariables = path
    .trim()
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
      return env[bare ?? braced ?? ''] ?? whole;
    });
  return resolve(withVariables.replace(/^~(?=\/|$)/, homedir));
}

/** The file alone, before it is made sense of. @throws UserError when there is none, or it is no INI file */
export function readRucioCfg(
  env: Env,
  home = systemHome(),
  override?: string,
): { file: string | null; ini: Ini } {
  const named = override || env.RUCIO_CONFIG;
  const places = named
    ? [override ? expandPath(named, env, home) : named]
    : ['RUCIO_HOME', 'VIRTUAL_ENV', 'CONDA_PREFIX']
        .flatMap((key) => (env[key] ? [join(env[key], 'etc')] : []))
        .concat('/opt/rucio/etc')
        .map((folder) => join(folder, 'rucio.cfg'));
  const file = places.find(isFile);
  if (file !== undefined) {
    try {
      return { file, ini: parseIni(readFileSync(file, 'utf8'), file) };
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`The Rucio configuration ${file} cannot be read: ${messageOf(error)}.`, {
        cause: error,
      });
    }
  }
  if (named) {
    const by = override ? 'the one given' : 'from RUCIO_CONFIG';
    throw new UserError(
      `There is no Rucio configuration at ${places[0]} (${by}). Correct the path, or create the file.`,
    );
  }
  if (env.RUCIO_HOST) return { file: null, ini: parseIni('', '') };
  throw new UserError(
    `No Rucio configuration found; looked for ${places.join(', ')}. Point RUCIO_CONFIG to your rucio.cfg, or write one with ` +
      'a [client] section that has rucio_host, auth_host, account and auth_type (userpass with username and password, or ' +
      'oidc), or set RUCIO_HOST, RUCIO_ACCOUNT, RUCIO_USERNAME and RUCIO_PASSWORD.',
  );
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * configparser keeps a comment that follows a value, and people write them all the same (`account = me # EGI name`). No
 * host, account or path of Rucio's holds " #", so it is cut; user name and password are read without this.
 */
function tidy(value: string | undefined): string | undefined {
  return value?.replace(/\s+[#;].*$/s, '').trim();
}

/** An address in its one spelling: a lake is told from others by it. @param value a URL */
export const tidyHost = (value: string): string => new URL(value).href.replace(/\/+$/, '');

function hostOf(value: string | undefined, key: string, variable: string, source: Source): string {
  const where = source.file === null ? variable : `${key} in [client] of ${source.file} (or ${variable})`;
  if (!value)
    throw new UserError(`Rucio's address is missing: set ${where}, such as https://rucio.example.org.`);
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UserError(
      `"${value}" is no address of a Rucio server: set ${where}, beginning with https:// or http://.`,
    );
  }
  return tidyHost(value);
}

function authTypeOf({ env, file }: Source, option: string | undefined, hasUser: boolean): AuthType {
  const guess = hasUser ? 'userpass' : env.RUCIO_CLIENT_CERT ? 'x509' : 'oidc';
  const value = env.RUCIO_AUTH_TYPE || option || (file === null ? guess : '');
  const known = AUTH_TYPES.find((type) => type === value);
  if (known !== undefined) return known;
  const where = env.RUCIO_AUTH_TYPE ? 'RUCIO_AUTH_TYPE' : `auth_type in [client] of ${file}`;
  const what = value ? `"${value}" is not supported` : 'is missing';
  throw new UserError(`${where}: ${what}. These work: ${AUTH_TYPES.join(', ')}.`);
}

function clientCertificate(
  { env, home, ini }: Source,
  authType: AuthType,
): { clientCert: string | null; clientKey: string | null } {
  const path = (value: string | undefined) => (value ? expandPath(value, env, home) : null);
  if (authType === 'x509_proxy') {
    const option = tidy(ini.get('client', 'client_x509_proxy'));
    const proxy = path(env.RUCIO_CLIENT_PROXY || option || env.X509_USER_PROXY || `/tmp/x509up_u${userId()}`);
    return { clientCert: proxy, clientKey: proxy };
  }
  if (authType !== 'x509') return { clientCert: null, clientKey: null };
  return {
    clientCert: path(env.RUCIO_CLIENT_CERT || tidy(ini.get('client', 'client_cert'))),
    clientKey: path(env.RUCIO_CLIENT_KEY || tidy(ini.get('client', 'client_key'))),
  };
}

/** WLCG bearer token discovery: the variable, the file it names, the runtime folder, /tmp. */
function bearerSources({ env, home }: Source): RucioConfig['bearer'] {
  const files = [
    env.BEARER_TOKEN_FILE ? expandPath(env.BEARER_TOKEN_FILE, env, home) : '',
    env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, `bt_u${userId()}`) : '',
    `/tmp/bt_u${userId()}`,
  ];
  return { token: env.BEARER_TOKEN?.trim() || null, files: files.filter(Boolean) };
}

function oidcSettings({ ini }: Source): OidcSettings {
  const option = (key: string) => tidy(ini.get('client', key));
  return {
    issuer: option('oidc_issuer') || null,
    audience: option('oidc_audience') || null,
    scope: option('oidc_scope') || 'openid profile',
    polling: isTrue(option('oidc_polling')),
    refreshLifetime: option('oidc_refresh_lifetime') || null,
    refreshActive: isTrue(option('auth_oidc_refresh_active')),
    refreshBeforeExp: wholeNumber(option('auth_oidc_refresh_before_exp'), 20),
  };
}

function defaultTokenFile(env: Env, account: string | null, vo: string | null): string {
  const user = env.LOGNAME || env.USER || userName();
  const folder = `.rucio_${user}${vo !== null && vo !== 'def' ? `@${vo}` : ''}`;
  const name = account === null ? 'auth_token_for_default_account' : `auth_token_for_account_${account}`;
  return join(env.TMPDIR || env.TEMP || env.TMP || tmpdir(), folder, name);
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(userId());
  }
}

const userId = () => process.geteuid?.() ?? 0;
const isTrue = (text: string | undefined) => /^(1|true|yes|on)$/i.test(text ?? '');
const wholeNumber = (text: string | undefined, otherwise: number) =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : otherwise;
