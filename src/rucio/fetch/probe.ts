/** https or http address -> what is there: its size, what tells it from another, and its first bytes. */
import { networkReason } from '../faults.ts';
import { openHttp } from './open-http.ts';
import { patiently } from './open-ranges.ts';
import { ReplicaFault } from './replica-fault.ts';
import { watchdog } from './watchdog.ts';

export interface Probed {
  /** null: it is not told. */
  bytes: number | null;
  etag: string | null;
  modified: string | null;
  hasRanges: boolean;
  /** As many as were asked for, or all. */
  head: Buffer;
}

const IDLE_SECONDS = 60;

/** @throws ReplicaFault that says why it cannot be read; the signal's reason on abort */
export async function probe(address: string, length: number, signal: AbortSignal): Promise<Probed> {
  return patiently(() => probeOnce(address, length, signal), signal);
}

async function probeOnce(address: string, length: number, signal: AbortSignal): Promise<Probed> {
  const watch = watchdog({ signal, idleTimeoutSeconds: IDLE_SECONDS });
  try {
    const { total, etag, modified, isRange, body } = await openHttp(
      address,
      {},
      { from: 0, to: length - 1 },
      watch.signal,
    );
    const pieces: Uint8Array[] = [];
    let got = 0;
    try {
      for await (const piece of body) {
        pieces.push(piece);
        got += piece.length;
        if (got >= length) break;
      }
    } finally {
      body.destroy();
    }
    const head = Buffer.concat(pieces).subarray(0, length);
    return { bytes: total, etag, modified: modified ?? null, hasRanges: isRange, head };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ReplicaFault) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    throw new ReplicaFault(networkReason(error), { passing: true, cause: error });
  } finally {
    watch.stop();
  }
}
