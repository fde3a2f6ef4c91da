/** Tiles that are encoded side by side -> as many as keep the threads at work, and no more than memory is for. */

export interface TileBudget {
  /** Waits until there is room, first come, first served. A tile that is larger than all room goes alone. @throws what `fail` was told */
  take(bytes: number): Promise<void>;
  release(bytes: number): void;
  fail(error: unknown): void;
}

/** `most`: bytes of pixels of all tiles that wait or are encoded. */
export function makeTileBudget(most: number): TileBudget {
  let used = 0;
  let failed: { error: unknown } | null = null;
  const waiting: { bytes: number; wake: () => void }[] = [];
  const fits = (bytes: number) => used === 0 || used + bytes <= most;
  const wakeAll = () => {
    for (let head = waiting[0]; head && (failed || fits(head.bytes)); head = waiting[0]) {
      used += head.bytes;
      waiting.shift();
      head.wake();
    }
  };
  return {
    async take(bytes) {
      if (waiting.length === 0 && fits(bytes)) used += bytes;
      else await new Promise<void>((wake) => waiting.push({ bytes, wake }));
      if (failed) throw failed.error;
    },
    release(bytes) {
      used -= bytes;
      wakeAll();
    },
    fail(error) {
      failed ??= { error };
      wakeAll();
    },
  };
}
