/** RucioConfig -> TLS that trusts the usual roots and the configured CA, with the client certificate. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { messageOf, UserError } from '../errors.ts';
import type { RucioConfig } from './read-config.ts';

type TlsSettings = Pick<RucioConfig, 'caCert' | 'clientCert' | 'clientKey' | 'authType'>;

export const CONNECT_TIMEOUT_MS = 20_000;
const PEM = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/** PEM texts. */
export interface TlsOptions {
  ca?: string[];
  cert?: string;
  key?: string;
}

/** @throws UserError when a certificate file is missing or holds no certificate */
export function readTls(settings: TlsSettings): TlsOptions {
  const { caCert } = settings;
  const ca = caCert === null ? {} : { ca: [...rootCertificates, ...readCertificates(caCert)] };
  return { ...ca, ...readClientCertificate(settings) };
}

/**
 * PEM certificates of a file, or of every file of a folder (a grid's certificates folder holds other files as well).
 * @throws UserError when there are none
 */
export function readCertificates(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new UserError(
      `The CA certificate ${path} does not exist: correct ca_cert in rucio.cfg (or RUCIO_CA_CERT).`,
    );
  }
  const files = stat.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
  const found = files.flatMap((file) => certificatesIn(file, stat.isDirectory()));
  if (found.length === 0) {
    throw new UserError(
      `No PEM certificate found in ${path}: correct ca_cert in rucio.cfg (or RUCIO_CA_CERT).`,
    );
  }
  return [...new Set(found)];
}

function certificatesIn(file: string, lenient: boolean): string[] {
  try {
    if (lenient && !statSync(file).isFile()) return [];
    return readFileSync(file, 'latin1').match(PEM) ?? [];
  } catch (error) {
    if (lenient) return [];
    throw new UserError(`The CA certificate ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

function readClientCertificate({ authType, clientCert, clientKey }: TlsSettings): {
  cert?: string;
  key?: string;
} {
  if (authType !== 'x509' && authType !== 'x509_proxy') return {};
  const named =
    authType === 'x509_proxy' ? ['client_x509_proxy', 'client_x509_proxy'] : ['client_cert', 'client_key'];
  return { cert: readPem(clientCert, named[0]!), key: readPem(clientKey, named[1]!) };
}

function readPem(path: string | null, option: string): string {
  if (path === null)
    throw new UserError(`auth_type x509 needs ${option} in [client] of rucio.cfg: the path of a PEM file.`);
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    throw new UserError(`${option} ${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
