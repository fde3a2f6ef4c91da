/** Environment -> S3Settings, in the AWS tools' own variable names where they have one. */
import { UserError } from '../errors.ts';
import type { S3Settings } from './types.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * @returns null when S3_BUCKET is unset: assets are then kept in the embedded folder
 * @throws UserError that lists every fault found
 */
export function readS3Settings(env: Env): S3Settings | null {
  const bucket = env.S3_BUCKET?.trim();
  if (!bucket) return null;
  const faults: string[] = [];
  const endpoint = addressOf(env, 'S3_ENDPOINT', faults);
  const publicUrl = addressOf(env, 'S3_PUBLIC_URL', faults);
  const prefix = (env.S3_PREFIX ?? '').trim().replace(/^\/+|\/+$/g, '');
  const accessKeyId = env.AWS_ACCESS_KEY_ID?.trim() || null;
  const secretAccessKey = env.AWS_SECRET_ACCESS_KEY?.trim() || null;
  if (!/^[A-Za-z0-9][\w.:-]{1,254}$/.test(bucket)) faults.push(`S3_BUCKET "${bucket}" is no bucket name`);
  if (prefix.split('/').some((part) => part === '.' || part === '..')) {
    faults.push(`S3_PREFIX "${prefix}" must not have "." or ".." in it`);
  }
  if ((accessKeyId === null) !== (secretAccessKey === null)) {
    const missing = accessKeyId === null ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY';
    faults.push(`${missing} is not set, though its other half is`);
  }
  const forcePathStyle = booleanOf(env, 'S3_FORCE_PATH_STYLE', endpoint !== null, faults);
  const checkPublic = booleanOf(env, 'S3_CHECK_PUBLIC', true, faults);
  if (faults.length > 0) throw new UserError(`The S3 settings cannot be used: ${faults.join('; ')}.`);
  return {
    endpoint,
    region: env.AWS_REGION?.trim() || env.AWS_DEFAULT_REGION?.trim() || 'us-east-1',
    bucket,
    prefix,
    publicUrl,
    forcePathStyle,
    accessKeyId,
    secretAccessKey,
    sessionToken: env.AWS_SESSION_TOKEN?.trim() || null,
    checkPublic,
  };
}

/** http or https address without a slash at its end. */
function addressOf(env: Env, key: string, faults: string[]): string | null {
  const value = env[key]?.trim();
  if (!value) return null;
  const url = URL.canParse(value) ? new URL(value) : null;
  const usable = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!usable) faults.push(`${key} "${value}" must be an address that begins with https:// or http://`);
  else if (url.search !== '' || url.hash !== '')
    faults.push(`${key} "${value}" must not have a query or fragment`);
  else if (url.username !== '')
    faults.push(`${key} must not hold a user name: keys go to AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
  return value.replace(/\/+$/, '');
}

function booleanOf(env: Env, key: string, otherwise: boolean, faults: string[]): boolean {
  const value = env[key]?.trim().toLowerCase();
  if (!value) return otherwise;
  if (['1', 'true', 'yes', 'on'].includes(value)) return true;
  if (!['0', 'false', 'no', 'off'].includes(value)) faults.push(`${key} "${value}" must be true or false`);
  return false;
}
