/** https or http address -> all of its bytes in memory, for documents of a store that stays where it is. */
import { networkReason } from '../faults.ts';
import { type Access, openHttp } from './open-http.ts';
import { patiently } from './open-ranges.ts';
import { ReplicaFault } from './replica-fault.ts';
import { watchdog } from './watchdog.ts';

const IDLE_SECONDS = 60;

/**
 * @param most bytes
 * @returns null: there is nothing there
 * @throws ReplicaFault that says why it cannot be read, or that it is longer; the signal's reason on abort
 */
export function fetchSmall(
  address: string,
  access: Access,
  most: number,
  signal: AbortSignal,
): Promise<Buffer | null> {
  return patiently(async () => {
    const watch = watchdog({ signal, idleTimeoutSeconds: IDLE_SECONDS });
    try {
      const { body } = await openHttp(address, access, { from: 0 }, watch.signal);
      const pieces: Uint8Array[] = [];
      let length = 0;
      try {
        for await (const piece of body) {
          watch.wait();
          pieces.push(piece);
          length += piece.length;
          if (length > most) throw new ReplicaFault(`it has more than ${most} bytes at ${address}`);
        }
      } finally {
        body.destroy();
      }
      return Buffer.concat(pieces);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ReplicaFault && error.isAbsent) return null;
      if (error instanceof ReplicaFault) throw error;
      if (watch.signal.aborted) throw watch.signal.reason;
      throw new ReplicaFault(networkReason(error), { passing: true, cause: error });
    } finally {
      watch.stop();
    }
  }, signal);
}
