/** Environment -> Config, once. The only place that reads process.env's names for the server and the catalogue. */
import { isAbsolute, resolve } from 'node:path';
import { UserError } from './errors.ts';
import { nearestName } from './nearest-name.ts';
import { type Language, parseLanguageList } from './stac/language.ts';
import { parseEvery } from './sync/every.ts';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | null;
  readonly dataFolder: string;
  /** No slash at the end; null: from the request. */
  readonly publicUrl: string | null;
  readonly trustProxy: boolean;
  readonly sample: boolean;
  readonly transactions: boolean;
  /** Filters and sorts may name what no Item has. */
  readonly additionalProperties: boolean;
  /** Addresses in our bucket, and of RSEs that Rucio signs for us, are signed for whoever asks for an asset. */
  readonly signAssets: boolean;
  /** Hosts, with a port where it is not 443, of which assets are drawn that are not in our own store. */
  readonly tileHosts: readonly string[];
  /** STAC Browser at /browser. */
  readonly browser: boolean;
  readonly title: string;
  readonly description: string;
  readonly catalogId: string;
  /** Of title and description, and of documents that do not tell theirs. */
  readonly language: Language;
  /** Others, with title and description. */
  readonly languages: Language[];
  /** Milliseconds that one search may take. */
  readonly searchTimeLimit: number;
  /** RSE expressions: where replicas are read from first, the best first. */
  readonly rses: string[];
  /** Of the Rucio web UI, for links to a DID's page; no slash at the end. */
  readonly webui: string | null;
  /** File of rules for the lake's metadata; null: the defaults. */
  readonly mapping: string | null;
  /** Milliseconds between two rounds of sync beside the server; null: none. */
  readonly syncEvery: number | null;
  readonly debug: boolean;
}

export type Env = Record<string, string | undefined>;

const SETTINGS = [
  'RUCIO_STAC_DATA',
  'RUCIO_STAC_PUBLIC_URL',
  'RUCIO_STAC_TRUST_PROXY',
  'RUCIO_STAC_SAMPLE',
  'RUCIO_STAC_TRANSACTIONS',
  'RUCIO_STAC_SIGN_ASSETS',
  'RUCIO_STAC_TILE_HOSTS',
  'RUCIO_STAC_BROWSER',
  'RUCIO_STAC_ADDITIONAL_PROPERTIES',
  'RUCIO_STAC_TITLE',
  'RUCIO_STAC_DESCRIPTION',
  'RUCIO_STAC_ID',
  'RUCIO_STAC_LANGUAGES',
  'RUCIO_STAC_SEARCH_TIME_LIMIT',
  'RUCIO_STAC_RSES',
  'RUCIO_STAC_WEBUI',
  'RUCIO_STAC_MAPPING',
  'RUCIO_STAC_SYNC_EVERY',
  'RUCIO_STAC_DEBUG',
];

const DESCRIPTION =
  'Rasters of Rucio data lakes as Cloud-Optimized GeoTIFFs, each linked to its original in the lake.';

function readBoolean(env: Env, name: string, otherwise: boolean, faults: string[]): boolean {
  const value = env[name]?.trim().toLowerCase();
  if (value === undefined || value === '') return otherwise;
  if (['true', '1', 'yes', 'on'].includes(value)) return true;
  if (['false', '0', 'no', 'off'].includes(value)) return false;
  faults.push(`${name} is "${env[name]}"; accepted are true and false`);
  return otherwise;
}

function readInteger(env: Env, name: string, otherwise: number, most: number, faults: string[]): number {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return otherwise;
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= most) return number;
  faults.push(`${name} is "${value}"; accepted is a whole number from 0 to ${most}`);
  return otherwise;
}

function readEvery(env: Env, name: string, faults: string[]): number | null {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return null;
  try {
    return parseEvery(value, name);
  } catch {
    faults.push(`${name} is "${value}"; accepted is a time from 10s to 7d with its unit, such as 10m`);
    return null;
  }
}

function readLanguages(env: Env, name: string, faults: string[]): Pick<Config, 'language' | 'languages'> {
  const value = env[name]?.trim() || '[{"code":"en","name":"English"}]';
  try {
    return parseLanguageList(value);
  } catch {
    faults.push(
      `${name} is "${value}"; accepted is a JSON list such as [{"code":"en"},{"code":"de","title":"…","description":"…"}]`,
    );
    return { language: { code: 'en' }, languages: [] };
  }
}

function readList(env: Env, name: string): string[] {
  return (env[name] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** As a URL has them: in lower case, without the port that https has anyway. */
function readHosts(env: Env, name: string, faults: string[]): string[] {
  return readList(env, name).flatMap((text) => {
    const url = URL.canParse(`https://${text}`) ? new URL(`https://${text}`) : null;
    // No "*" among them: a pattern would be taken for a host.
    const isHost = /^(\[[\da-f:.]+\]|[\w.-]+)(:\d+)?$/.test(url?.host ?? '') && !/[/?#@\\]/.test(text);
    if (url && isHost) return [url.host];
    faults.push(
      `${name} has "${text}"; accepted are hosts such as data.example.org or data.example.org:8443`,
    );
    return [];
  });
}

function readUrl(env: Env, name: string, schemes: string[], faults: string[]): string | null {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url && schemes.includes(url.protocol)) return value.replace(/\/+$/, '');
  faults.push(
    `${name} is ${url?.password ? 'not usable' : `"${value}"`}; accepted is an address with ${schemes.join(' or ')}//`,
  );
  return null;
}

const PREFIX = 'RUCIO_STAC_';

/** A sentence for each name that looks like a setting of ours and is none: most likely a typing error. */
export function unknownSettings(env: Env): string[] {
  const unknown = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !SETTINGS.includes(name));
  const endings = SETTINGS.map((name) => name.slice(PREFIX.length));
  return unknown.map((name) => {
    const nearest = nearestName(name.slice(PREFIX.length), endings);
    const hint = nearest === null ? 'README.md lists the settings' : `did you mean ${PREFIX}${nearest}?`;
    return `there is no setting ${name}, it is passed over; ${hint}`;
  });
}

/** Whether an unexpected failure is told with where it happened. */
export const wantsDebug = (env: Env): boolean => readBoolean(env, 'RUCIO_STAC_DEBUG', false, []);

/**
 * Reads all settings and reports every fault together.
 * @throws UserError that names each setting at fault
 */
export function parseConfig(env: Env): Config {
  const faults: string[] = [];
  const folder = env.RUCIO_STAC_DATA?.trim() || './data';
  const config: Config = {
    host: env.HOST?.trim() || '127.0.0.1',
    port: readInteger(env, 'PORT', 8080, 65_535, faults),
    databaseUrl: readUrl(env, 'DATABASE_URL', ['postgres:', 'postgresql:'], faults),
    dataFolder: isAbsolute(folder) ? folder : resolve(folder),
    publicUrl: readUrl(env, 'RUCIO_STAC_PUBLIC_URL', ['http:', 'https:'], faults),
    trustProxy: readBoolean(env, 'RUCIO_STAC_TRUST_PROXY', false, faults),
    sample: readBoolean(env, 'RUCIO_STAC_SAMPLE', true, faults),
    transactions: readBoolean(env, 'RUCIO_STAC_TRANSACTIONS', false, faults),
    signAssets: readBoolean(env, 'RUCIO_STAC_SIGN_ASSETS', false, faults),
    tileHosts: readHosts(env, 'RUCIO_STAC_TILE_HOSTS', faults),
    browser: readBoolean(env, 'RUCIO_STAC_BROWSER', true, faults),
    additionalProperties: readBoolean(env, 'RUCIO_STAC_ADDITIONAL_PROPERTIES', false, faults),
    title: env.RUCIO_STAC_TITLE?.trim() || 'rucio-stac',
    description: env.RUCIO_STAC_DESCRIPTION?.trim() || DESCRIPTION,
    catalogId: env.RUCIO_STAC_ID?.trim() || 'rucio-stac',
    ...readLanguages(env, 'RUCIO_STAC_LANGUAGES', faults),
    searchTimeLimit: readInteger(env, 'RUCIO_STAC_SEARCH_TIME_LIMIT', 30_000, 3_600_000, faults),
    rses: readList(env, 'RUCIO_STAC_RSES'),
    webui: readUrl(env, 'RUCIO_STAC_WEBUI', ['http:', 'https:'], faults),
    mapping: env.RUCIO_STAC_MAPPING?.trim() || null,
    syncEvery: readEvery(env, 'RUCIO_STAC_SYNC_EVERY', faults),
    debug: readBoolean(env, 'RUCIO_STAC_DEBUG', false, faults),
  };
  if (faults.length > 0) throw new UserError(`These settings cannot be used: ${faults.join('; ')}.`);
  return Object.freeze(config);
}

/** Config for people to read; passwords are not shown. */
export function printableConfig(config: Config): Record<string, unknown> {
  const { databaseUrl } = config;
  if (databaseUrl === null) return { ...config };
  const url = new URL(databaseUrl);
  if (url.password) url.password = '***';
  return { ...config, databaseUrl: url.href };
}
