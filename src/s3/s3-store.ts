/** COG on disk -> object in a bucket that clients read over https. Amazon S3, MinIO, Ceph, versitygw. */
import { createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { UserError } from '../errors.ts';
import { objectKey, publicAddress, storageScheme } from './address.ts';
import { PART_BYTES, putInParts } from './multipart.ts';
import { mustBeReadable } from './public-read.ts';
import { isAbort, s3Code, s3Fault, s3Status } from './s3-faults.ts';
import type { AssetStore, PutObject, S3Settings } from './types.ts';

const CACHE_CONTROL = 'public, max-age=3600';
/** Answers of servers that do not know checksum headers. */
const NO_CHECKSUMS = new Set(['NotImplemented', 'InvalidRequest', 'InvalidArgument', 'UnsupportedArgument']);

export interface S3StoreOptions {
  /** Where unfinished uploads are remembered; null: they begin anew. */
  stateFolder?: string | null;
  /** What is stored must be readable without keys. */
  isPublic?: boolean;
}

export function s3Store(
  settings: S3Settings,
  { stateFolder = null, isPublic = false }: S3StoreOptions = {},
): AssetStore {
  const client = createClient(settings);
  const Bucket = settings.bucket;
  let checksums = true;

  async function attempt<T>(step: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (isAbort(error) || error instanceof UserError) throw error;
      throw s3Fault(error, settings, step);
    }
  }

  async function store(object: PutObject): Promise<void> {
    const send = (withSums: boolean) => {
      if (object.bytes <= PART_BYTES) return putWhole(client, settings, object, withSums);
      const headers = headersOf(object, settings);
      return putInParts(client, object, { headers, checksums: withSums, stateFolder });
    };
    try {
      await send(checksums);
    } catch (error) {
      if (!checksums || !NO_CHECKSUMS.has(s3Code(error))) throw error;
      await send(false);
      // Remembered only now: the same answers also mean other things.
      checksums = false;
    }
  }

  return {
    hrefOf: (key) => publicAddress(settings, key),
    scheme: () => storageScheme(settings),
    has: (key, bytes, sha256) =>
      attempt(`look for ${key}`, async () => {
        try {
          const head = await client.send(new HeadObjectCommand({ Bucket, Key: objectKey(settings, key) }));
          return head.ContentLength === bytes && head.Metadata?.sha256 === sha256;
        } catch (error) {
          if (s3Status(error) === 404 && s3Code(error) !== 'NoSuchBucket') return false;
          throw error;
        }
      }),
    put: async (object) => {
      object.signal?.throwIfAborted();
      const { size } = await stat(object.path);
      if (size !== object.bytes) {
        throw new UserError(
          `${object.path} has ${size} bytes, not ${object.bytes}: it changed. Run the command again.`,
        );
      }
      await attempt(`store ${object.key}`, () => store(object));
      if (isPublic) await mustBeReadable(publicAddress(settings, object.key), object.bytes, object.signal);
    },
    async *list(prefix, signal) {
      const from = objectKey(settings, prefix);
      const start = from.length - prefix.length;
      let ContinuationToken: string | undefined;
      do {
        const command = new ListObjectsV2Command({ Bucket, Prefix: from, ContinuationToken });
        const page = await attempt(`list ${prefix}`, () => client.send(command, { abortSignal: signal }));
        yield (page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key.slice(start), bytes: Size }));
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },
    fetch: ({ key, path, signal }) =>
      attempt(`read ${key}`, async () => {
        const object = new GetObjectCommand({ Bucket, Key: objectKey(settings, key) });
        const { Body } = await client.send(object, { abortSignal: signal });
        await pipeline(Body as Readable, createWriteStream(path), signal ? { signal } : {});
      }),
    openRanges: async (key, signal) => {
      const Key = objectKey(settings, key);
      const head = await attempt(`read ${key}`, () =>
        client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal: signal }),
      );
      return {
        name: key,
        size: head.ContentLength ?? 0,
        read: (offset, length) =>
          attempt(`read ${key}`, async () => {
            // One that is written anew meanwhile is not read half.
            const range = { Range: `bytes=${offset}-${offset + length - 1}`, IfMatch: head.ETag };
            const command = new GetObjectCommand({ Bucket, Key, ...range });
            const { Body } = await client.send(command, { abortSignal: signal });
            const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
            if (bytes.length === length) return bytes;
            throw new UserError(`${key} gave ${bytes.length} bytes instead of ${length}.`);
          }),
        close: async () => {},
      };
    },
    remove: async (key) => {
      const command = new DeleteObjectCommand({ Bucket, Key: objectKey(settings, key) });
      await attempt(`delete ${key}`, () => client.send(command));
    },
    check: () => check(client, settings),
    async close() {
      client.destroy();
    },
  };
}

export function createClient(settings: S3Settings): S3Client {
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey, sessionToken } = settings;
  const hasKeys = accessKeyId !== null && secretAccessKey !== null;
  return new S3Client({
    region,
    forcePathStyle,
    ...(endpoint !== null && { endpoint }),
    // Without keys the SDK looks where AWS tools do: profile, web identity, instance role.
    ...(hasKeys && {
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
    }),
    // The SDK's default, a CRC in a trailer, is refused by Ceph and older MinIO.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
  });
}

function headersOf({ key, contentType, sha256 }: PutObject, settings: S3Settings) {
  return {
    Bucket: settings.bucket,
    Key: objectKey(settings, key),
    ContentType: contentType,
    CacheControl: CACHE_CONTROL,
    Metadata: { sha256 },
  };
}

async function putWhole(
  client: S3Client,
  settings: S3Settings,
  object: PutObject,
  checksums: boolean,
): Promise<void> {
  const Body = await readFile(object.path);
  await client.send(
    new PutObjectCommand({
      ...headersOf(object, settings),
      Body,
      ContentLength: Body.length,
      ...(checksums && { ChecksumSHA256: Buffer.from(object.sha256, 'hex').toString('base64') }),
    }),
    { abortSignal: object.signal },
  );
  object.onProgress?.(Body.length);
}

/** The bucket is there, and an upload may begin in it: one is begun and given up, so nothing stays behind. */
async function check(client: S3Client, settings: S3Settings): Promise<void> {
  const Bucket = settings.bucket;
  const Key = objectKey(settings, '.rucio-stac-check');
  try {
    await client.send(new HeadBucketCommand({ Bucket }));
  } catch (error) {
    throw s3Fault(await withBody(client, Bucket, error), settings, 'use the store');
  }
  try {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  } catch (error) {
    throw s3Fault(error, settings, 'write');
  }
}

/** The answer to a HEAD has no body, and so no reason: ask again by GET. */
async function withBody(client: S3Client, Bucket: string, error: unknown): Promise<unknown> {
  if (s3Status(error) === null) return error;
  try {
    await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
    return error;
  } catch (told) {
    return told;
  }
}
