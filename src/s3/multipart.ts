/**
 * COG on disk -> object in parts, some at a time. An upload that breaks off is gone on with: what it is called is remembered in a
 * file, and parts that the store has with the same sum are not sent again. S3 API: multipart upload.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type Part,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { UserError } from '../errors.ts';
import { readExactly } from '../read-exactly.ts';
import { s3Code, s3Status } from './s3-faults.ts';
import type { PutObject } from './types.ts';

/** Bytes: a lost connection costs one part. */
export const PART_BYTES = 16 * 1024 * 1024;
/** S3 takes 10,000 parts. */
const MOST_PARTS = 9_000;
/** Parts that are sent at a time; each is in memory. */
const AT_A_TIME = 4;

export interface PartsOptions {
  /** Headers of the whole: Bucket, Key, ContentType, Metadata, ... */
  headers: { Bucket: string; Key: string; Metadata: Record<string, string> };
  /** Parts carry their sha256; not all servers take them. */
  checksums: boolean;
  /** Folder of what is remembered; null: nothing is. */
  stateFolder: string | null;
}

/** What is remembered of an upload. */
interface Begun {
  uploadId: string;
  sha256: string;
  partSize: number;
  checksums: boolean;
}

/** One file for each object, whichever bytes it is to hold. */
function stateFile({ headers, stateFolder }: PartsOptions, endpoint: string): string | null {
  if (stateFolder === null) return null;
  const name = createHash('sha256').update(`${endpoint} ${headers.Bucket} ${headers.Key}`).digest('hex');
  return join(stateFolder, `${name}.json`);
}

function recall(path: string | null): Begun | null {
  try {
    return path === null ? null : (JSON.parse(readFileSync(path, 'utf8')) as Begun);
  } catch {
    return null;
  }
}

function remember(path: string | null, begun: Begun): void {
  if (path === null) return;
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(`${path}.part`, JSON.stringify(begun));
  renameSync(`${path}.part`, path);
}

const forget = (path: string | null) => path !== null && rmSync(path, { force: true });

/** Parts that an upload has already, by number; null: the store knows no such upload any more. */
async function listParts(
  client: S3Client,
  { headers: { Bucket, Key } }: PartsOptions,
  UploadId: string,
  abortSignal: AbortSignal | undefined,
): Promise<Map<number, Part> | null> {
  const parts = new Map<number, Part>();
  let PartNumberMarker: string | undefined;
  try {
    do {
      const command = new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker });
      const page = await client.send(command, { abortSignal });
      for (const part of page.Parts ?? []) parts.set(part.PartNumber ?? 0, part);
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (PartNumberMarker !== undefined);
  } catch (error) {
    if (s3Code(error) === 'NoSuchUpload' || (s3Status(error) === 404 && s3Code(error) !== 'NoSuchBucket'))
      return null;
    throw error;
  }
  return parts;
}

async function begin(
  client: S3Client,
  object: PutObject,
  options: PartsOptions,
  path: string | null,
): Promise<{ begun: Begun; there: Map<number, Part> }> {
  const { headers, checksums } = options;
  const { Bucket, Key } = headers;
  const abortSignal = object.signal;
  const known = recall(path);
  if (known?.sha256 === object.sha256 && known.checksums === checksums) {
    const there = await listParts(client, options, known.uploadId, abortSignal);
    if (there !== null) return { begun: known, there };
  } else if (known !== null) {
    // Of other bytes: its parts would be paid for, and never be an object.
    const old = new AbortMultipartUploadCommand({ Bucket, Key, UploadId: known.uploadId });
    await client.send(old, { abortSignal }).catch(() => undefined);
  }
  const create = new CreateMultipartUploadCommand({
    ...headers,
    ...(checksums && { ChecksumAlgorithm: 'SHA256' }),
  });
  const { UploadId = '' } = await client.send(create, { abortSignal });
  const partSize = Math.max(PART_BYTES, Math.ceil(object.bytes / MOST_PARTS));
  const begun = { uploadId: UploadId, sha256: object.sha256, partSize, checksums };
  remember(path, begun);
  return { begun, there: new Map() };
}

const hashOf = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes);

/** Whether the store has these bytes as a part: by the sum it tells, else by the ETag, which is their md5. */
function isThere(part: Part | undefined, bytes: Buffer, sha256: string): boolean {
  if (part?.Size !== bytes.length) return false;
  if (part.ChecksumSHA256 !== undefined) return part.ChecksumSHA256 === sha256;
  return part.ETag?.replaceAll('"', '') === hashOf('md5', bytes).digest('hex');
}

/** @throws what the SDK throws; what was sent until then is kept for the next time */
export async function putInParts(client: S3Client, object: PutObject, options: PartsOptions): Promise<void> {
  const { checksums, headers } = options;
  const { Bucket, Key } = headers;
  const endpoint = await client.config.endpoint?.().then(({ hostname, port }) => `${hostname}:${port ?? ''}`);
  const path = stateFile(options, endpoint ?? '');
  const { begun, there } = await begin(client, object, options, path);
  const { uploadId: UploadId, partSize } = begun;
  const stop = new AbortController();
  const abortSignal = object.signal ? AbortSignal.any([object.signal, stop.signal]) : stop.signal;
  const parts: CompletedPart[] = [];
  const numbers = Array.from({ length: Math.ceil(object.bytes / partSize) }, (_, index) => index).values();
  const file = await open(object.path, 'r');
  let sent = 0;
  const sendNext = async () => {
    for (const index of numbers) {
      abortSignal.throwIfAborted();
      const offset = index * partSize;
      const Body = await readExactly(file, offset, Math.min(partSize, object.bytes - offset));
      if (Body === null)
        throw new UserError(`${object.path} became shorter while it was stored. Run the command again.`);
      const sum = hashOf('sha256', Body).digest('base64');
      const PartNumber = index + 1;
      const known = there.get(PartNumber);
      let ETag = isThere(known, Body, sum) ? known?.ETag : undefined;
      if (ETag === undefined) {
        const part = { Bucket, Key, UploadId, PartNumber, Body, ...(checksums && { ChecksumSHA256: sum }) };
        ({ ETag } = await client.send(new UploadPartCommand(part), { abortSignal }));
      }
      parts[index] = { PartNumber, ETag, ...(checksums && { ChecksumSHA256: sum }) };
      sent += Body.length;
      object.onProgress?.(sent);
    }
  };
  let fault: { error: unknown } | null = null;
  const work = () =>
    sendNext().catch((error: unknown) => {
      fault ??= { error };
      stop.abort();
    });
  await Promise.all(Array.from({ length: AT_A_TIME }, work)).finally(() => file.close());
  object.signal?.throwIfAborted();
  if (fault !== null) throw (fault as { error: unknown }).error;
  const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts: parts } };
  try {
    await client.send(new CompleteMultipartUploadCommand(whole), { abortSignal });
  } catch (error) {
    // What the store will not join is not gone on with.
    if ((s3Status(error) ?? 500) < 500) forget(path);
    throw error;
  }
  forget(path);
}
