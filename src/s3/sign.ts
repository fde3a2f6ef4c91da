/** Addresses in our own bucket -> the same with a signature, for a bucket that is not public. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { publicAddress } from './address.ts';
import { createClient } from './s3-store.ts';
import type { S3Settings } from './types.ts';

export interface Signer {
  /** null: the address is not in the bucket. */
  sign(href: string): Promise<string | null>;
}

/** @param seconds that a signed address can be used */
export function makeSigner(settings: S3Settings, seconds: number): Signer {
  const client = createClient(settings);
  const root = publicAddress({ ...settings, prefix: '' }, '');
  return {
    async sign(href) {
      if (!href.startsWith(root)) return null;
      const Key = decodeURIComponent(href.slice(root.length));
      const command = new GetObjectCommand({ Bucket: settings.bucket, Key });
      return getSignedUrl(client, command, { expiresIn: seconds });
    },
  };
}
