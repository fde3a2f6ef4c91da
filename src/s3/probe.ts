/** A tiny object put into the bucket, read as everybody reads it, and deleted again: for rucio-stac doctor. */
import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { messageOf } from '../errors.ts';
import { objectKey, publicAddress } from './address.ts';
import { s3Fault } from './s3-faults.ts';
import { createClient } from './s3-store.ts';
import type { S3Settings } from './types.ts';

/** Milliseconds for the public address to answer. */
const READ_LIMIT = 15_000;
const TEXT = 'rucio-stac doctor: may be deleted\n';

export interface BucketProbe {
  put(): Promise<void>;
  /** Reads it at its public address, without keys; why that fails, or null. */
  readPublicly(): Promise<string | null>;
  remove(): Promise<void>;
  close(): void;
}

/** `put` and `remove` throw UserError. */
export function probeBucket(settings: S3Settings): BucketProbe {
  const client = createClient(settings);
  const key = `.rucio-stac-doctor-${randomUUID()}`;
  const object = { Bucket: settings.bucket, Key: objectKey(settings, key) };
  return {
    async put() {
      try {
        await client.send(new PutObjectCommand({ ...object, Body: TEXT, ContentType: 'text/plain' }));
      } catch (error) {
        throw s3Fault(error, settings, 'store a tiny object');
      }
    },
    async readPublicly() {
      const address = publicAddress(settings, key);
      try {
        const answer = await fetch(address, { signal: AbortSignal.timeout(READ_LIMIT) });
        const text = await answer.text();
        if (answer.status !== 200) return `${new URL(address).origin} answers ${answer.status}`;
        return text === TEXT ? null : `${new URL(address).origin} gives something else than was stored`;
      } catch (error) {
        const { cause } = error as { cause?: unknown };
        return `${new URL(address).origin}: ${messageOf(cause ?? error)}`;
      }
    },
    async remove() {
      try {
        await client.send(new DeleteObjectCommand(object));
      } catch (error) {
        throw s3Fault(error, settings, `delete ${object.Key}`);
      }
    },
    close: () => client.destroy(),
  };
}
