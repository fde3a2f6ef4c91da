/** S3Settings and key -> object key in the bucket, public address, and the storage extension's scheme (v2.0.0). */
import type { S3Settings } from './types.ts';

type Place = Pick<S3Settings, 'endpoint' | 'region' | 'bucket' | 'prefix' | 'publicUrl' | 'forcePathStyle'>;

const AWS_PLATFORM = 'https://{bucket}.s3.{region}.amazonaws.com';
const AWS_HOST = /^s3([.-][a-z0-9-]+)*\.amazonaws\.com$/;

/** Each segment percent-encoded as RFC 3986 has it, so that `+`, `'` and spaces mean the same to every client. */
export function encodeKey(key: string): string {
  const encode = (segment: string) =>
    encodeURIComponent(segment).replace(
      /[!'()*]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  return key.split('/').map(encode).join('/');
}

/** Key in the bucket: the prefix, then the store's own key. */
export function objectKey({ prefix }: Pick<Place, 'prefix'>, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}

/** Where everybody reads a key. S3_PUBLIC_URL stands for the bucket's root: the prefix comes after it. */
export function publicAddress(place: Place, key: string): string {
  return `${place.publicUrl ?? bucketAddress(place)}/${encodeKey(objectKey(place, key))}`;
}

/** Address of the bucket's root, without a slash at its end. */
function bucketAddress({ endpoint, region, bucket, forcePathStyle }: Place): string {
  const base = endpoint ?? `https://s3.${region}.amazonaws.com`;
  // A bucket with dots in its name has no valid certificate as a host.
  const asPath = forcePathStyle || (bucket.includes('.') && base.startsWith('https:'));
  return asPath ? `${base}/${bucket}` : base.replace('://', `://${bucket}.`);
}

/** `storage:schemes` entry: aws-s3 for Amazon's own, custom-s3 for every other endpoint. */
export function storageScheme(place: Place): { ref: string; scheme: Record<string, unknown> } {
  const { endpoint, region, bucket, forcePathStyle } = place;
  if (endpoint === null || AWS_HOST.test(new URL(endpoint).hostname)) {
    return {
      ref: 's3',
      scheme: { type: 'aws-s3', platform: AWS_PLATFORM, bucket, region, requester_pays: false },
    };
  }
  const platform = forcePathStyle ? `${endpoint}/{bucket}` : endpoint.replace('://', '://{bucket}.');
  return {
    ref: 's3',
    scheme: {
      type: 'custom-s3',
      platform,
      bucket,
      region,
      requester_pays: false,
      title: 'S3-compatible object storage',
    },
  };
}
