/** Sections [rse:NAME] of rucio.cfg, and the environment -> what each storage is shown of us. Rucio's own client reads neither. */
import { UserError } from '../errors.ts';
import type { Ini } from './ini.ts';

export interface RseSettings {
  /** A bearer token is the first line of this file. */
  tokenFile: string | null;
  /** The OpenID token that Rucio was logged in with is sent. */
  loginToken: boolean;
  /** PEM files. */
  clientCert: string | null;
  clientKey: string | null;
}

export interface StorageSettings {
  /** By the name of the RSE; `*` stands for all others. */
  sections: Record<string, Partial<RseSettings>>;
  /** By the name as variables have it: DEV-DISK is DEV_DISK. */
  variables: Record<string, Partial<RseSettings>>;
}

const OPTIONS = ['token_file', 'login_token', 'client_cert', 'client_key'];
const SECTION = /^rse:\s*(.+)$/;
const VARIABLE = /^RUCIO_STAC_RSE_(.+)_(TOKEN_FILE|CLIENT_CERT|CLIENT_KEY)$/;

/** @throws UserError for options that are not known */
export function readStorageSettings(
  env: Readonly<Record<string, string | undefined>>,
  { ini, file }: { ini: Ini; file: string | null },
  expand: (path: string) => string,
): StorageSettings {
  const settings: StorageSettings = { sections: {}, variables: {} };
  for (const section of ini.sections()) {
    const [, rse] = SECTION.exec(section) ?? [];
    if (rse === undefined) continue;
    settings.sections[rse.trim()] = readSection(ini, section, file, expand);
  }
  for (const [key, value] of Object.entries(env)) {
    const [, rse, option] = VARIABLE.exec(key) ?? [];
    if (rse === undefined || option === undefined || !value) continue;
    settings.variables[rse] = { ...settings.variables[rse], [FIELDS[option.toLowerCase()]!]: expand(value) };
  }
  return settings;
}

const FIELDS: Record<string, keyof RseSettings> = {
  token_file: 'tokenFile',
  client_cert: 'clientCert',
  client_key: 'clientKey',
};

function readSection(
  ini: Ini,
  section: string,
  file: string | null,
  expand: (path: string) => string,
): Partial<RseSettings> {
  const unknown = ini.keys(section).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined)
    throw new UserError(`${file}: [${section}] has "${unknown}"; accepted are ${OPTIONS.join(', ')}.`);
  const login = ini.get(section, 'login_token') ?? 'false';
  if (!/^(?:1|0|true|false|yes|no|on|off)$/i.test(login))
    throw new UserError(`${file}: login_token in [${section}] is "${login}"; accepted is true or false.`);
  const found: Partial<RseSettings> = { loginToken: /^(?:1|true|yes|on)$/i.test(login) };
  for (const [option, field] of Object.entries(FIELDS)) {
    const value = ini.get(section, option);
    if (value) Object.assign(found, { [field]: expand(value) });
  }
  return found;
}

/** The variable comes before the section, the RSE's own section before [rse:*]. */
export function rseSettings({ sections, variables }: StorageSettings, rse: string): RseSettings {
  const own = (from: Record<string, Partial<RseSettings>>, key: string) =>
    Object.hasOwn(from, key) ? from[key] : undefined;
  return {
    tokenFile: null,
    loginToken: false,
    clientCert: null,
    clientKey: null,
    ...(own(sections, rse) ?? own(sections, '*')),
    ...own(variables, rse.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')),
  };
}
