/** RucioFile -> local file whose size and checksums are Rucio's. Best replica first; a bad or silent one gives way to the next. */
import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { messageOf, UserError } from '../errors.ts';
import { adler32 } from './adler32.ts';
import { networkReason } from './faults.ts';
import { cannotRead, openReplica, ReplicaFault, readableUrl } from './open-replica.ts';
import type { Replica, RucioFile } from './types.ts';

export interface DownloadOptions {
  /** Carries CA and client certificate; undici's own without it. */
  dispatcher?: Dispatcher;
  /** A JWT that storages accept. Sent over https to the PFN's own origin, never further. Never give a token of Rucio's own. */
  bearerToken?: string | null;
  /** For one attempt as a whole. Default: no limit. */
  transferTimeoutSeconds?: number;
  /** Without a byte for this long, the next replica is tried. Default: 60. */
  idleTimeoutSeconds?: number;
  /** Times that replicas which failed for a passing reason (connection, 5xx, silence) are tried. Default: 2. */
  rounds?: number;
  signal?: AbortSignal;
  /** Bytes of the running attempt; starts again at 0 with the next replica. */
  onProgress?: (bytes: number) => void;
}

export interface ReplicaFailure {
  rse: string;
  pfn: string;
  reason: string;
}

export interface DownloadReport {
  replica: Replica;
  bytes: number;
  /** As computed from the bytes, whether Rucio knew it or not. 8 hex digits. */
  adler32: string;
  /** As computed. 32 hex digits. */
  md5: string;
  /** Replicas that were tried before, and what was wrong with them. */
  faults: ReplicaFailure[];
  /** Rucio has no checksum of this file: only its size was compared (nothing, when `bytes` is null too). */
  unverified?: true;
}

interface Written {
  bytes: number;
  adler32: string;
  md5: string;
}

/** setTimeout takes 32 bits of milliseconds; more fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Writes `${target}.part`, then renames: under its final name the file is whole, or not there.
 * @throws UserError when no replica could be read (names each with its reason), or the disk fails; the signal's reason on abort
 */
export async function downloadFile(
  file: RucioFile,
  target: string,
  options: DownloadOptions = {},
): Promise<DownloadReport> {
  const faults: ReplicaFailure[] = [];
  const { readable, skipped } = await sortOut(file.replicas);
  let candidates = readable;
  await onDisk(target, () => mkdir(dirname(target), { recursive: true }));
  for (let round = 0; round < (options.rounds ?? 2) && candidates.length > 0; round++) {
    if (round > 0) await sleep(1000, undefined, { signal: options.signal });
    const again: Replica[] = [];
    for (const replica of candidates) {
      try {
        const written = await attempt(file, replica, target, options);
        const unverified = file.adler32 === null && file.md5 === null;
        return { replica, ...written, faults, ...(unverified && { unverified: true as const }) };
      } catch (error) {
        if (!(error instanceof ReplicaFault)) throw error;
        faults.push({ rse: replica.rse, pfn: replica.pfn, reason: error.message });
        if (error.passing) again.push(replica);
      }
    }
    candidates = again;
  }
  throw nothingWorked(file, [...faults, ...skipped]);
}

/** What can be tried at all, each address once: a davs PFN is often the https one again. */
async function sortOut(
  replicas: readonly Replica[],
): Promise<{ readable: Replica[]; skipped: ReplicaFailure[] }> {
  const readable: Replica[] = [];
  const skipped: ReplicaFailure[] = [];
  const seen = new Set<string>();
  for (const replica of [...replicas].sort((a, b) => a.priority - b.priority)) {
    const url = readableUrl(replica.pfn);
    if (seen.has(url)) continue;
    seen.add(url);
    const why =
      replica.state === 'AVAILABLE' ? await cannotRead(replica.pfn) : `its state is ${replica.state}`;
    if (why === null) readable.push(replica);
    else skipped.push({ rse: replica.rse, pfn: replica.pfn, reason: why });
  }
  return { readable, skipped };
}

function nothingWorked(file: RucioFile, failures: readonly ReplicaFailure[]): UserError {
  const did = `${file.scope}:${file.name}`;
  if (failures.length === 0) {
    return new UserError(
      `${did} cannot be downloaded: it has no replica that is available. "rucio-stac show ${did}" tells where it is.`,
    );
  }
  // A replica of a second round, or of several doors with one fault, is told once.
  const told = [
    ...new Set(failures.map(({ rse, pfn, reason }) => `${rse} (${withoutSecrets(pfn)}): ${reason}`)),
  ];
  return new UserError(`${did} cannot be downloaded; no replica could be read. ${told.join('; ')}.`);
}

/** Signed PFNs carry their permission in the query. */
const withoutSecrets = (pfn: string) => pfn.replace(/\?.*$/s, '?...');

async function attempt(
  file: RucioFile,
  replica: Replica,
  target: string,
  options: DownloadOptions,
): Promise<Written> {
  const part = `${target}.part`;
  options.signal?.throwIfAborted();
  const handle = await onDisk(target, () => open(part, 'w'));
  try {
    try {
      const written = await transfer(file, replica, handle, target, options);
      verify(file, written);
      await onDisk(target, () => handle.sync());
      options.signal?.throwIfAborted();
      await onDisk(target, () => rename(part, target));
      return written;
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(part).catch(() => undefined);
    throw error;
  }
}

/** Storage -> open file, counting and summing on the way. */
async function transfer(
  file: RucioFile,
  replica: Replica,
  handle: FileHandle,
  target: string,
  options: DownloadOptions,
): Promise<Written> {
  const watch = watchdog(options);
  try {
    const { bytes: announced, body } = await openReplica(replica.pfn, { ...options, signal: watch.signal });
    // A stream that is given up unread says so by an error event, which nobody else may be listening for.
    body.on('error', () => undefined);
    try {
      if (announced !== null && file.bytes !== null && announced !== file.bytes) {
        throw new ReplicaFault(`it has ${announced} bytes, Rucio says ${file.bytes}`);
      }
      return await copy(body, handle, target, file.bytes, watch, options.onProgress);
    } finally {
      body.destroy();
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UserError || error instanceof ReplicaFault) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    throw new ReplicaFault(networkReason(error), true, { cause: error });
  } finally {
    watch.stop();
  }
}

async function copy(
  body: AsyncIterable<Uint8Array>,
  handle: FileHandle,
  target: string,
  limit: number | null,
  watch: Watchdog,
  onProgress: DownloadOptions['onProgress'],
): Promise<Written> {
  const adler = adler32();
  const md5 = createHash('md5');
  let bytes = 0;
  onProgress?.(0);
  for await (const chunk of body) {
    // Our own disk may be slow: only the wait for the storage counts.
    watch.pause();
    bytes += chunk.length;
    if (limit !== null && bytes > limit)
      throw new ReplicaFault(`it has more than the ${limit} bytes Rucio says`);
    adler.update(chunk);
    md5.update(chunk);
    await onDisk(target, () => writeAll(handle, chunk));
    onProgress?.(bytes);
    watch.wait();
  }
  return { bytes, adler32: adler.digest(), md5: md5.digest('hex') };
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

function verify(file: RucioFile, { bytes, adler32: adler, md5 }: Written): void {
  if (file.bytes !== null && bytes !== file.bytes) {
    throw new ReplicaFault(`it gave ${bytes} bytes, Rucio says ${file.bytes}`);
  }
  if (file.adler32 !== null && adler !== file.adler32) {
    throw new ReplicaFault(`corrupt: its adler32 is ${adler}, Rucio says ${file.adler32}`);
  }
  if (file.md5 !== null && md5 !== file.md5)
    throw new ReplicaFault(`corrupt: its md5 is ${md5}, Rucio says ${file.md5}`);
}

interface Watchdog {
  signal: AbortSignal;
  wait(): void;
  pause(): void;
  stop(): void;
}

/** Aborts on the caller's signal, on silence, and when one attempt takes too long. */
function watchdog({ signal, transferTimeoutSeconds, idleTimeoutSeconds = 60 }: DownloadOptions): Watchdog {
  const controller = new AbortController();
  const follow = () => controller.abort(signal?.reason);
  const after = (seconds: number, reason: string) =>
    setTimeout(() => controller.abort(new ReplicaFault(reason, true)), Math.min(seconds * 1000, LONGEST_MS));
  signal?.addEventListener('abort', follow, { once: true });
  if (signal?.aborted) follow();
  const whole =
    transferTimeoutSeconds === undefined
      ? undefined
      : after(transferTimeoutSeconds, `not done within ${transferTimeoutSeconds} s (transfer_timeout)`);
  let idle: NodeJS.Timeout | undefined;
  const pause = () => clearTimeout(idle);
  const wait = () => {
    pause();
    idle = after(idleTimeoutSeconds, `no byte came for ${idleTimeoutSeconds} s`);
  };
  const stop = () => {
    pause();
    clearTimeout(whole);
    signal?.removeEventListener('abort', follow);
  };
  wait();
  return { signal: controller.signal, wait, pause, stop };
}

/** The disk's faults are not the replica's: they end the download at once. */
async function onDisk<T>(target: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC';
    const advice = full ? 'The disk is full: free space, or choose another work folder' : messageOf(error);
    throw new UserError(`${target} cannot be written. ${advice}.`, { cause: error });
  }
}
