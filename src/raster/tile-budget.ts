/** Tiles that are compressed side by side -> as many as keep the thread pool at work, and no more than memory is for. */

/** Bytes of pixels of all tiles that wait or are compressed. A tile that is larger alone goes alone. */
const BYTES = 24 * 1024 * 1024;

export interface TileBudget {
  /** Waits until there is room. @throws what `fail` was told */
  take(bytes: number): Promise<void>;
  release(bytes: number): void;
  fail(error: unknown): void;
}

export function makeTileBudget(most = BYTES): TileBudget {
  let used = 0;
  let wake: (() => void) | null = null;
  let failed: { error: unknown } | null = null;
  const notify = () => {
    wake?.();
    wake = null;
  };
  return {
    async take(bytes) {
      while (!failed && used > 0 && used + bytes > most) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (failed) throw failed.error;
      used += bytes;
    },
    release(bytes) {
      used -= bytes;
      notify();
    },
    fail(error) {
      failed ??= { error };
      notify();
    },
  };
}
