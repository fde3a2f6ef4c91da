/** Replica that we read ourselves -> what the part lacks of the file, from where the part ends. */
import { UserError } from '../../errors.ts';
import { networkReason } from '../faults.ts';
import type { Replica, RucioFile } from '../types.ts';
import type { OpenBytes, Range } from './open-http.ts';
import { type OpenOptions, openReplica } from './open-replica.ts';
import type { Part } from './part.ts';
import { ReplicaFault } from './replica-fault.ts';
import { differenceOf, hasChecksum, type Sums } from './sums.ts';
import { type Watchdog, watchdog } from './watchdog.ts';

export interface StreamOptions extends OpenOptions {
  signal?: AbortSignal | undefined;
  transferTimeoutSeconds?: number | undefined;
  idleTimeoutSeconds: number;
  onProgress?: ((bytes: number) => void) | undefined;
  /** PFNs that gave no answer to a range: they are asked for the whole. */
  wholeOnly: Set<string>;
}

/**
 * The file, whole and right, is in the part afterwards. What came before a passing fault stays there.
 * @throws ReplicaFault; UserError for faults of the disk; the signal's reason on abort
 */
export async function fetchByStream(
  file: RucioFile,
  replica: Replica,
  part: Part,
  options: StreamOptions,
): Promise<Sums> {
  await keepWhatFits(file, replica, part, options);
  for (;;) {
    if (file.bytes === null || part.bytes < file.bytes || part.bytes === 0)
      await transfer(file, replica, part, options);
    options.signal?.throwIfAborted();
    const sums = part.sums();
    const difference = differenceOf(file, sums);
    if (difference === null) return sums;
    const isOfPieces = part.pieces > 1 || part.origin === null;
    await part.restart();
    // Whose bytes were wrong is not known: this replica is asked for all of them.
    if (!isOfPieces) throw new ReplicaFault(difference);
  }
}

/** Bytes of one file are the same at all of its replicas; where no checksum can tell, only a strong ETag of the same address can. */
async function keepWhatFits(
  file: RucioFile,
  { pfn }: Replica,
  part: Part,
  options: StreamOptions,
): Promise<void> {
  if (part.bytes === 0) return;
  const isSameThing = hasChecksum(file) || (part.origin?.pfn === pfn && part.origin.etag !== null);
  const isTooLong = file.bytes !== null && part.bytes > file.bytes;
  const isWhole = part.bytes === file.bytes;
  if (!isSameThing || isTooLong || (options.wholeOnly.has(pfn) && !isWhole)) await part.restart();
}

async function transfer(
  file: RucioFile,
  replica: Replica,
  part: Part,
  options: StreamOptions,
): Promise<void> {
  const watch = watchdog(options);
  const { pfn } = replica;
  try {
    const ifRange = part.origin?.pfn === pfn ? part.origin.etag : null;
    const range: Range = { from: part.bytes, ifRange };
    const answer = await openReplica(replica, range, options, watch.signal);
    // A stream that is given up unread says so by an error event, which nobody else may be listening for.
    answer.body.on('error', () => undefined);
    try {
      await take(file, pfn, part, answer, watch, options.onProgress);
    } finally {
      answer.body.destroy();
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ReplicaFault && error.rangeRefused) options.wholeOnly.add(pfn);
    if (error instanceof UserError || error instanceof ReplicaFault) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    throw new ReplicaFault(networkReason(error), { passing: true, cause: error });
  } finally {
    watch.stop();
  }
}

async function take(
  file: RucioFile,
  pfn: string,
  part: Part,
  { from, total, etag, body }: OpenBytes,
  watch: Watchdog,
  onProgress: StreamOptions['onProgress'],
): Promise<void> {
  if (total !== null && file.bytes !== null && total !== file.bytes)
    throw new ReplicaFault(`it has ${total} bytes, Rucio says ${file.bytes}`);
  if (from !== part.bytes) await part.restart();
  const limit = file.bytes ?? total;
  part.begin();
  part.origin = { pfn, etag };
  onProgress?.(part.bytes);
  for await (const chunk of body) {
    // Our own disk may be slow: only the wait for the storage counts.
    watch.pause();
    if (limit !== null && part.bytes + chunk.length > limit) {
      await part.restart();
      throw new ReplicaFault(
        `it has more than the ${limit} bytes ${file.bytes === null ? 'it told' : 'Rucio says'}`,
      );
    }
    await part.append(chunk);
    onProgress?.(part.bytes);
    watch.wait();
  }
}
