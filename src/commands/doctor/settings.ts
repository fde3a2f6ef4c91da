/** rucio.cfg and what it names on this machine: mistyped options, the CA, the client's certificate and key. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Env } from '../../config.ts';
import { messageOf } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import { CLIENT_OPTIONS, readClientOptions } from '../../rucio/client-options.ts';
import { type RucioConfig, readRucioConfig } from '../../rucio/read-config.ts';
import { readCertificates } from '../../rucio/transport.ts';
import { attempt, type Finding, failed, ok, shortTime, skipped } from './check.ts';

/** What comes before the file's options. */
const FIRST = [
  'RUCIO_HOST',
  'RUCIO_AUTH_HOST',
  'RUCIO_ACCOUNT',
  'RUCIO_VO',
  'RUCIO_AUTH_TYPE',
  'X509_CERT_DIR',
  'RUCIO_CA_CERT',
  'RUCIO_USERNAME',
  'RUCIO_PASSWORD',
  'RUCIO_CLIENT_CERT',
  'RUCIO_CLIENT_KEY',
  'RUCIO_CLIENT_PROXY',
];

function firstOf(env: Env, file: string | null): string {
  const set = FIRST.filter((name) => env[name]);
  return file === null || set.length === 0 ? '' : `; before it comes the environment: ${set.join(', ')}`;
}

const SOON = 7 * 24 * 3_600_000;

/** The configuration, or null where there is none that can be used. */
export async function checkConfiguration(
  env: Env,
): Promise<{ config: RucioConfig | null; finding: Finding }> {
  let config: RucioConfig | null = null;
  const finding = await attempt('rucio.cfg', () => {
    config = readRucioConfig(env);
    const where = config.file ?? 'from the environment alone';
    const { unknown, faults } = config.file === null ? { unknown: [], faults: [] } : readClientOptions(env);
    const hints = unknown.map((name) => [name, nearestName(name, CLIENT_OPTIONS)] as const);
    for (const [name, near] of hints)
      if (near !== null) faults.push(`${name} means nothing, did you mean ${near}?`);
    if (faults.length > 0)
      return failed('rucio.cfg', `${where}, [client]: ${faults.join('; ')}. Correct this.`);
    const strange = hints.map(([name]) => name);
    const note = strange.length === 0 ? '' : `; nobody reads ${strange.join(', ')} in [client]`;
    const account = config.account === null ? 'default account' : `account ${config.account}`;
    return ok(
      'rucio.cfg',
      `${where}: ${config.host}, ${account}, ${config.authType}${note}${firstOf(env, config.file)}`,
    );
  });
  return { config, finding };
}

export function checkCa({ host, authHost, caCert }: RucioConfig): Promise<Finding> {
  return attempt('CA', () => {
    if (!host.startsWith('https:') && !authHost.startsWith('https:'))
      return skipped('CA', 'the server is asked over http, without TLS');
    if (caCert === null) return ok('CA', 'the usual roots; no ca_cert is set');
    const all = readCertificates(caCert);
    const ends = all.flatMap((pem) => endOf(pem));
    const good = ends.filter((end) => end > Date.now());
    if (good.length > 0 || ends.length === 0)
      return ok('CA', `${caCert}: ${all.length} certificate${all.length === 1 ? '' : 's'}`);
    return failed(
      'CA',
      `${caCert}: all certificates have ended, the last at ${shortTime(Math.max(...ends))}. Get the CA's present one for ca_cert.`,
    );
  });
}

/** OpenSSL's "trusted" form cannot be read here. */
function endOf(pem: string): number[] {
  try {
    return [Date.parse(new X509Certificate(pem).validTo)];
  } catch {
    return [];
  }
}

export function checkCertificate({ authType, clientCert, clientKey }: RucioConfig): Promise<Finding> {
  const name = 'certificate';
  return attempt(name, () => {
    if (authType !== 'x509' && authType !== 'x509_proxy')
      return skipped(name, `auth_type ${authType} needs none`);
    const isProxy = authType === 'x509_proxy';
    const renew = isProxy
      ? 'Make a new proxy (voms-proxy-init)'
      : 'Correct client_cert and client_key in rucio.cfg';
    if (clientCert === null || clientKey === null)
      return failed(name, `${clientCert === null ? 'client_cert' : 'client_key'} is not set. ${renew}.`);
    const certificate = parse(clientCert, renew, (pem) => new X509Certificate(pem));
    const key = parse(clientKey, renew, (pem) => createPrivateKey(pem));
    const [begin, end] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    if (end <= Date.now())
      return failed(name, `${clientCert} ended at ${shortTime(end)}. ${isProxy ? renew : 'Get a new one'}.`);
    if (begin > Date.now())
      return failed(
        name,
        `${clientCert} begins only at ${shortTime(begin)}. Check the clock of this machine.`,
      );
    if (!certificate.checkPrivateKey(key))
      return failed(name, `${clientKey} is not the key of ${clientCert}. ${renew}.`);
    const open = openTo(clientKey);
    if (open !== null) return failed(name, open);
    const soon = end < Date.now() + SOON && !isProxy ? ': renew it soon' : '';
    return ok(name, `${clientCert}, until ${shortTime(end)}${soon}`);
  });
}

function parse<T>(path: string, renew: string, read: (pem: Buffer) => T): T {
  try {
    return read(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_MISSING_PASSPHRASE' ? 'it has a passphrase, which cannot be asked for' : messageOf(error);
    throw new Error(`${path} cannot be used: ${why}. ${renew}.`, { cause: error });
  }
}

/** What is wrong with who may read a secret file, or null. */
export function openTo(path: string): string | null {
  const { mode } = statSync(path);
  return (mode & 0o077) === 0 ? null : `Others can read ${path}: chmod 600 ${path}.`;
}
