/** The options of [client] in rucio.cfg that Rucio's own client or this program reads (Rucio 41), and the form of their values. */
import { type Env, readRucioCfg } from './read-config.ts';

const BOOLEAN = { pattern: /^(?:1|0|true|false|yes|no|on|off)$/i, accepted: 'true or false' };
const WHOLE = { pattern: /^\d+$/, accepted: 'a whole number' };
const FORMS: Record<string, { pattern: RegExp; accepted: string }> = {
  auth_oidc_refresh_active: BOOLEAN,
  auth_oidc_refresh_before_exp: WHOLE,
  oidc_polling: BOOLEAN,
  oidc_refresh_lifetime: WHOLE,
  request_retries: WHOLE,
};

export const CLIENT_OPTIONS: readonly string[] = [
  ...Object.keys(FORMS),
  'account',
  'auth_host',
  'auth_token_file_path',
  'auth_type',
  'ca_cert',
  // Not Rucio's, but in configurations that people have.
  'ca_certs',
  'client_cert',
  'client_key',
  'client_x509_proxy',
  'metadata_default_plugin',
  'oidc_audience',
  'oidc_issuer',
  'oidc_scope',
  'opendata_host',
  'password',
  'protocol_stat_retries',
  'register_bittorrent_meta',
  'rucio_host',
  'ssh_private_key',
  'username',
  'vo',
];

export interface ClientOptions {
  /** Names that nobody reads. */
  unknown: string[];
  /** What is wrong with values, in words. */
  faults: string[];
}

/** @throws UserError as readRucioConfig does */
export function readClientOptions(env: Env): ClientOptions {
  const { ini } = readRucioCfg(env);
  const names = ini.keys('client');
  const faults = names.flatMap((name) => {
    const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
    const value = ini.get('client', name)?.replace(/\s+[#;].*$/s, '') ?? '';
    return form && value !== '' && !form.pattern.test(value)
      ? [`${name} is "${value}", accepted is ${form.accepted}`]
      : [];
  });
  return { unknown: names.filter((name) => !CLIENT_OPTIONS.includes(name)), faults };
}
