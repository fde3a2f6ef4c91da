/** What lies where a file is to go: nothing, the file itself, or other bytes. By size and checksum as the storage tells them, else by reading it. */
import { type Access, openHttp } from './fetch/open-http.ts';
import { ReplicaFault } from './fetch/replica-fault.ts';
import { differenceOf, startSums } from './fetch/sums.ts';
import { type Watchdog, watchdog } from './fetch/watchdog.ts';
import type { FileDid } from './upload-did.ts';

export type Sums = Pick<FileDid, 'bytes' | 'adler32' | 'md5'>;

export type Look = { is: 'nothing' } | { is: 'same' } | { is: 'other'; reason: string };

export const NOTHING: Look = { is: 'nothing' };
export const SAME: Look = { is: 'same' };

/** Seconds without a byte. */
const SILENCE = 60;

export const otherBytes = (bytes: number, file: Sums): Look => ({
  is: 'other',
  reason: `it has ${bytes} bytes, not ${file.bytes}`,
});

async function readThrough(address: string, file: Sums, access: Access, watch: Watchdog): Promise<Look> {
  const { body } = await openHttp(address, access, { from: 0 }, watch.signal);
  const summing = startSums();
  try {
    for await (const chunk of body) {
      watch.wait();
      summing.add(chunk);
    }
  } catch (error) {
    watch.signal.throwIfAborted();
    throw new ReplicaFault('the connection was cut', { passing: true, cause: error });
  }
  const difference = differenceOf(file, summing.sums());
  return difference === null ? SAME : { is: 'other', reason: difference };
}

/** null: size and ETag do not tell. An object's ETag is its md5 in S3, unless it is encrypted or was put there in parts. */
async function readHeader(
  address: string,
  file: Sums,
  access: Access,
  watch: Watchdog,
): Promise<Look | null> {
  try {
    const { total, etag, body } = await openHttp(address, access, { from: 0, to: 0 }, watch.signal);
    body.destroy();
    if (total !== null && total !== file.bytes) return otherBytes(total, file);
    return etag?.toLowerCase() === `"${file.md5}"` ? SAME : null;
  } catch (error) {
    if (error instanceof ReplicaFault && error.isAbsent) return NOTHING;
    // An empty object has no first byte.
    if (error instanceof ReplicaFault && error.rangeRefused) return null;
    throw error;
  }
}

/** @throws ReplicaFault, or whatever `signal` was aborted with */
export async function lookHttp(
  address: string,
  file: Sums,
  access: Access,
  signal: AbortSignal,
): Promise<Look> {
  const watch = watchdog({ signal, idleTimeoutSeconds: SILENCE });
  try {
    return (
      (await readHeader(address, file, access, watch)) ?? (await readThrough(address, file, access, watch))
    );
  } finally {
    watch.stop();
  }
}
