/** What went wrong on the way to Rucio, or in Rucio's words -> one sentence for the person who runs us. */
import { messageOf, PASSING_CODES, UserError } from '../errors.ts';
import type { RucioConfig } from './read-config.ts';
import type { HeldToken } from './token-file.ts';

/** A refusal by Rucio. Go by `exceptionClass`: the same class comes with several statuses. */
export class RucioError extends UserError {
  readonly status: number;
  readonly exceptionClass: string;

  constructor(status: number, exceptionClass: string, message: string) {
    super(message);
    this.name = 'RucioError';
    this.status = status;
    this.exceptionClass = exceptionClass;
  }
}

/** No token is left that Rucio takes: nothing more can be asked of it until somebody logs in. */
export class LoginNeeded extends UserError {}

export const isLoginNeeded = (error: unknown): boolean =>
  error instanceof LoginNeeded ||
  (error instanceof RucioError && error.exceptionClass === 'CannotAuthenticate');

const TLS_CODES = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME_MISMATCH)/;

/** Code of a server that does not answer, though connected. */
export const SILENT = 'ESILENT';

/** The system's code, of the error or of what caused it ('' when there is none). */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}

/** True for a lost or refused connection, which may work a moment later. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === SILENT || PASSING_CODES.has(code);
}

/** One short reason, such as "connection refused", without addresses or stacks. */
export function networkReason(error: unknown): string {
  const code = codeOf(error);
  if (TLS_CODES.test(code)) return `TLS: ${messageOf(error).trim().split('\n')[0]} (${code})`;
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host name is not known';
  if (code === 'ETIMEDOUT') return 'no answer to the connection';
  if (code === SILENT) return 'no answer in time';
  if (isPassing(error)) return 'the connection was cut';
  return messageOf(error);
}

/** For an error below HTTP while talking to Rucio itself. */
export function connectionError(error: unknown, host: string, config: RucioConfig): UserError {
  const code = codeOf(error);
  const reason = networkReason(error);
  if (/CERT_UNKNOWN|CERTIFICATE_REQUIRED|BAD_CERTIFICATE|KEY_VALUES_MISMATCH|ALERT_/.test(code)) {
    return new UserError(
      `${host} refuses the client certificate ${config.clientCert ?? '(none is set)'}: ${reason}.`,
      {
        cause: error,
      },
    );
  }
  if (TLS_CODES.test(code)) {
    const now = config.caCert === null ? 'not set' : config.caCert;
    return new UserError(
      `The certificate of ${host} is not trusted. ${reason}. Set ca_cert in [client] of rucio.cfg (or RUCIO_CA_CERT) to the ` +
        `file or folder of the CA that signed it; now: ${now}.`,
      { cause: error },
    );
  }
  const source = config.file === null ? 'RUCIO_HOST' : `rucio_host and auth_host in ${config.file}`;
  return new UserError(`Rucio at ${host} cannot be reached: ${reason}. Check the network, and ${source}.`, {
    cause: error,
  });
}

export interface Refusal {
  status: number;
  exceptionClass: string;
  exceptionMessage: string;
  /** What was asked for: method and path. */
  asked: string;
}

/** For an answer of Rucio's that is not 2xx. */
export function refusalError(refusal: Refusal, config: RucioConfig): RucioError {
  const { status, exceptionClass, asked } = refusal;
  const said = refusal.exceptionMessage.split('\n')[0]!.trim().replace(/\.$/, '');
  const tell = (sentence: string) => new RucioError(status, exceptionClass, sentence);
  switch (exceptionClass) {
    case 'DataIdentifierNotFound':
      return tell(
        `${said || 'Data identifier not found'}. Check scope and name: "rucio-stac ls SCOPE" lists what there is.`,
      );
    case 'AccessDenied':
      return tell(
        `Rucio does not let account ${config.account ?? '(default)'} do this (${asked}): ${said}. Ask its administrators for the right.`,
      );
    case 'CannotAuthenticate':
      return tell(cannotAuthenticate(said, config));
    case 'AccountNotFound':
      return tell(
        `Rucio does not know the account ${config.account}: ${said}. Correct account in rucio.cfg, or RUCIO_ACCOUNT.`,
      );
    case '':
      return tell(
        `${config.host} answered ${status} to ${asked}, but not as a Rucio server does. Check rucio_host and auth_host.`,
      );
    default:
      return tell(`Rucio refused ${asked}: ${exceptionClass} (${status})${said ? `, ${said}` : ''}.`);
  }
}

function cannotAuthenticate(said: string, config: RucioConfig): string {
  const where = config.file ?? 'the environment';
  const account = config.account ?? '(default)';
  if (config.authType === 'userpass') {
    return (
      `Rucio refuses user ${config.username} for account ${account}: ${said}. ` +
      `Check username, password and account in ${where} (or RUCIO_USERNAME, RUCIO_PASSWORD, RUCIO_ACCOUNT).`
    );
  }
  if (config.authType === 'oidc')
    return `Rucio refuses the OpenID token: ${said}. Log in with "rucio-stac login".`;
  return `Rucio refuses the certificate ${config.clientCert} for account ${account}: ${said}. Check client_cert and account in ${where}.`;
}

/** No token that Rucio takes is left. @param last the last one it refused, or null */
export function oidcLoginNeeded(config: RucioConfig, last: HeldToken | null): LoginNeeded {
  const looked = [config.tokenFile, ...config.bearer.files].join(', ');
  if (last === null) {
    return new LoginNeeded(
      `There is no OpenID token. Log in with "rucio-stac login"; looked at BEARER_TOKEN and the files ${looked}.`,
    );
  }
  const ended = last.expires !== null && last.expires <= Date.now();
  const why = ended ? `; it ended at ${new Date(last.expires!).toISOString()}` : '';
  const hint =
    ended && last.origin === config.tokenFile && !config.oidc.refreshActive
      ? '; auth_oidc_refresh_active = true in rucio.cfg refreshes it from then on'
      : '';
  const renew = last.origin === config.tokenFile ? 'Log in again' : `Renew ${last.origin}, or log in`;
  return new LoginNeeded(
    `Rucio refuses the OpenID token of ${last.origin}${why}. ${renew} with "rucio-stac login"${hint}.`,
  );
}
