/** s3 PFN of a replica -> address over https or http: signed where our keys are for that place, plain anywhere else. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { encodeKey } from './address.ts';
import { createClient } from './s3-store.ts';
import { readS3Settings } from './settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface S3Place {
  bucket: string;
  key: string;
  /** With its scheme; null: Amazon's own. */
  endpoint: string | null;
  /** Where the address tells it. */
  region: string | null;
}

const AMAZON = /^(?:(.+)\.)?s3(?:[.-](?:dualstack\.)?([a-z]{2}[a-z0-9-]*))?\.amazonaws\.com$/;
/** Seconds until a signed address must be asked for; the answer may take longer. */
const VALID = 3600;

/**
 * `s3://host:port/bucket/key`, as Rucio has it, or `s3://bucket/key`. A host has a port or a dot in it, or is that of S3_ENDPOINT.
 * @returns null when there is no bucket or key in it
 */
export function placeOfPfn(
  pfn: string,
  own: { endpoint: string | null; bucket: string | null },
): S3Place | null {
  const [, authority, path = ''] = /^s3s?:\/\/(?:[^@/]*@)?([^/]+)\/+(.+)$/i.exec(pfn) ?? [];
  if (authority === undefined) return null;
  const host = authority.replace(/:(?:443|80)$/, '').toLowerCase();
  const [, amazonBucket, region = null] = AMAZON.exec(host) ?? [];
  if (amazonBucket !== undefined) return { bucket: amazonBucket, key: path, endpoint: null, region };
  const ownHost = own.endpoint === null ? null : new URL(own.endpoint).host;
  const isHost = host === ownHost || AMAZON.test(host) || /[:.]/.test(authority);
  if (!isHost || authority === own.bucket)
    return { bucket: authority, key: path, endpoint: own.endpoint, region };
  const [, bucket, key] = /^([^/]+)\/+(.+)$/.exec(path) ?? [];
  if (bucket === undefined || key === undefined) return null;
  const endpoint = AMAZON.test(host) ? null : host === ownHost ? own.endpoint : `https://${host}`;
  return { bucket, key, endpoint, region };
}

function plainAddress({ bucket, key, endpoint, region }: S3Place, forcePathStyle: boolean): string {
  const base = endpoint ?? `https://s3.${region ?? 'us-east-1'}.amazonaws.com`;
  const isPath = endpoint === null ? bucket.includes('.') : forcePathStyle;
  const root = isPath ? `${base}/${bucket}` : base.replace('://', `://${bucket}.`);
  return `${root}/${encodeKey(key)}`;
}

/** Whether the environment says where keys are. The SDK looks in more places, and waits long where there are none. */
const hasKeys = (env: Env) =>
  ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONTAINER_CREDENTIALS_FULL_URI']
    .concat('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI')
    .some((key) => Boolean(env[key]));

/**
 * Keys are used at S3_ENDPOINT, and at Amazon where that is not set; a signature is good for one host, one key and an hour.
 * @throws UserError for settings that cannot be used
 */
export function makePfnSigner(env: Env): (pfn: string, method?: 'GET' | 'PUT') => Promise<string> {
  const bucket = env.S3_BUCKET?.trim() || null;
  const settings = readS3Settings({ ...env, S3_BUCKET: bucket ?? 'any' })!;
  const isSigning = hasKeys(env);
  /** By region. They keep keys that had to be asked for. */
  const clients = new Map<string, S3Client>();
  const clientOf = (region: string) => {
    const client = clients.get(region) ?? createClient({ ...settings, region });
    clients.set(region, client);
    return client;
  };
  return async (pfn, method = 'GET') => {
    const place = placeOfPfn(pfn, { endpoint: settings.endpoint, bucket });
    if (place === null) throw new Error(`${pfn.replace(/\?.*$/s, '')} names no bucket and key`);
    const isOurs = place.endpoint === settings.endpoint;
    // Other servers have their buckets in the path; where they do not, the path is right as well.
    const forcePathStyle = isOurs ? settings.forcePathStyle : true;
    if (!isSigning || !isOurs) return plainAddress(place, forcePathStyle);
    const object = { Bucket: place.bucket, Key: place.key };
    const client = clientOf(place.region ?? settings.region);
    return method === 'PUT'
      ? getSignedUrl(client, new PutObjectCommand(object), { expiresIn: VALID })
      : getSignedUrl(client, new GetObjectCommand(object), { expiresIn: VALID });
  };
}
