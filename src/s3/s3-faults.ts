/** What the S3 SDK throws -> one sentence that says which setting to look at. */
import { messageOf, UserError } from '../errors.ts';
import type { S3Settings } from './types.ts';

/** The server's error code, or the SDK's name for it; HEAD answers have no body, so they give a status at most. */
export function s3Code(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { Code, code, name } = error as Error & { Code?: unknown; code?: unknown };
  if (typeof Code === 'string') return Code;
  if (name === 'Error' || name === 'AggregateError' || name === 'TimeoutError') {
    if (typeof code === 'string') return code;
  }
  return name;
}

export function s3Status(error: unknown): number | null {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode ?? null;
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || s3Code(error) === 'RequestAbortedError');
}

/** @param step what was tried, such as "store a/b.tif" */
export function s3Fault(error: unknown, settings: S3Settings, step: string): UserError {
  const code = s3Code(error);
  const status = s3Status(error);
  const where = `${settings.endpoint ?? `Amazon S3 (${settings.region})`}, bucket ${settings.bucket}`;
  const tell = (sentence: string) =>
    new UserError(`Cannot ${step} at ${where}: ${sentence}`, { cause: error });
  switch (code) {
    case 'NoSuchBucket':
      return tell('there is no such bucket. Create it, or correct S3_BUCKET.');
    case 'InvalidAccessKeyId':
    case 'XAdminUserNotFound': // versitygw, as 404
      return tell('the server does not know the access key. Check AWS_ACCESS_KEY_ID.');
    case 'SignatureDoesNotMatch':
      return tell('the server does not accept the secret key. Check AWS_SECRET_ACCESS_KEY.');
    case 'ExpiredToken':
    case 'InvalidToken':
    case 'ExpiredTokenException':
      return tell(
        'the session token is no longer good. Renew AWS_SESSION_TOKEN and the keys that came with it.',
      );
    case 'RequestTimeTooSkewed':
    case 'RequestExpired':
      return tell(
        "the clock of this machine is too far from the server's. Set the clock (NTP), then try again.",
      );
    case 'PermanentRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException':
      return tell(
        `the bucket is in another region than ${settings.region}. Set AWS_REGION to the bucket's region.`,
      );
    case 'CredentialsProviderError':
      return tell('no access key is set. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
    case 'ECONNREFUSED':
      return tell(
        'the connection was refused. Check S3_ENDPOINT, and that the server runs; then the same command goes on.',
      );
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'IncompleteBody':
      return tell('the connection broke. Run the command again; it goes on with what is stored.');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return tell(
        `the host name is not known. Check S3_ENDPOINT${settings.forcePathStyle ? '' : ', or set S3_FORCE_PATH_STYLE=true'}.`,
      );
    case 'ETIMEDOUT':
    case 'TimeoutError':
      return tell('no answer in time. Check S3_ENDPOINT and the network.');
    case 'EntityTooLarge':
      return tell('the server takes no object of this size.');
    case 'InsufficientStorage':
    case 'QuotaExceeded':
    case 'XMinioStorageFull':
      return tell('the storage is full. Free space, or raise the quota.');
    default:
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL/.test(code)) {
    return tell(
      `its certificate is not trusted (${code}). Set NODE_EXTRA_CA_CERTS to the CA's PEM file before starting.`,
    );
  }
  if (status === 403) {
    return tell(
      'access is denied. The key needs s3:ListBucket, s3:GetObject, s3:PutObject and s3:AbortMultipartUpload there.',
    );
  }
  if (status === 404) return tell('there is no such bucket. Create it, or correct S3_BUCKET.');
  if (status === 301) return tell(`the bucket is in another region than ${settings.region}. Set AWS_REGION.`);
  return tell(`${code}${status === null ? '' : ` (${status})`}, ${messageOf(error)}.`);
}
