/** Ends an attempt on the caller's signal, on silence, and when it takes too long. */
import { ReplicaFault } from './replica-fault.ts';

/** setTimeout takes 32 bits of milliseconds; more fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

export interface TimeLimits {
  signal?: AbortSignal | undefined;
  /** For one attempt as a whole. Default: no limit. */
  transferTimeoutSeconds?: number | undefined;
  /** Without a byte for this long, the next replica is tried. */
  idleTimeoutSeconds: number;
}

export interface Watchdog {
  signal: AbortSignal;
  /** Bytes are waited for, anew from now on. */
  wait(): void;
  pause(): void;
  stop(): void;
}

export function watchdog({ signal, transferTimeoutSeconds, idleTimeoutSeconds }: TimeLimits): Watchdog {
  const controller = new AbortController();
  const follow = () => controller.abort(signal?.reason);
  const after = (seconds: number, reason: string) =>
    setTimeout(
      () => controller.abort(new ReplicaFault(reason, { passing: true })),
      Math.min(seconds * 1000, LONGEST_MS),
    );
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
