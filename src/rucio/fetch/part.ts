/** The part of a file that has come so far: on disk beside the file to be, with its sums, for whatever replica gives the rest. */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import type { Leftovers } from './leftovers.ts';
import { onDisk } from './on-disk.ts';
import { type Summing, type Sums, startSums, sumFile } from './sums.ts';

export interface Part {
  readonly path: string;
  readonly bytes: number;
  /** Answers that it was put together of. */
  readonly pieces: number;
  /** Where the last bytes came from, and the strong ETag there. */
  origin: { pfn: string; etag: string | null } | null;
  /** The next bytes are another answer's. */
  begin(): void;
  append(chunk: Uint8Array): Promise<void>;
  /** Takes in what another program has written behind the last byte. */
  absorb(signal: AbortSignal | undefined): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  sums(): Sums;
  /** Under its final name from now on. */
  finish(): Promise<void>;
  /** Ends it; `keep`: what has come is left for a later run. */
  close(keep: boolean): Promise<void>;
}

export interface PartOptions {
  leftovers: Leftovers;
  /** Go on with what an earlier run left. */
  isResumed: boolean;
  /** Not forced to the disk. */
  isTemporary?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Bytes of an earlier run's part that were read again. */
  onProgress?: ((bytes: number) => void) | undefined;
}

/** @throws UserError for faults of the disk; the signal's reason on abort */
export async function openPart(target: string, options: PartOptions): Promise<Part> {
  const { leftovers, isResumed, signal, onProgress } = options;
  const path = leftovers.nameFor(target, '.part');
  const isThere = await onDisk(target, () => leftovers.takeOver(target, path));
  let summing: Summing = startSums();
  if (isThere && isResumed) {
    try {
      summing = await sumFile(path, { signal, onProgress });
    } catch (error) {
      leftovers.leave(path);
      signal?.throwIfAborted();
      throw error;
    }
  }
  const handle = await onDisk(target, () => open(path, summing.bytes > 0 ? 'r+' : 'w+'));
  return makePart(target, path, handle, summing, options);
}

function makePart(
  target: string,
  path: string,
  handle: FileHandle,
  earlier: Summing,
  { leftovers, isTemporary = false }: PartOptions,
): Part {
  let summing = earlier;
  let pieces = earlier.bytes > 0 ? 1 : 0;
  let isDone = false;
  const part: Part = {
    path,
    get bytes() {
      return summing.bytes;
    },
    get pieces() {
      return pieces;
    },
    origin: null,
    begin() {
      pieces++;
    },
    append: (chunk) =>
      onDisk(target, async () => {
        for (let at = 0; at < chunk.length; )
          at += (await handle.write(chunk, at, chunk.length - at, summing.bytes + at)).bytesWritten;
        summing.add(chunk);
      }),
    absorb: (signal) =>
      onDisk(target, async () => {
        const buffer = Buffer.alloc(1 << 18);
        for (;;) {
          signal?.throwIfAborted();
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, summing.bytes);
          if (bytesRead === 0) return;
          summing.add(buffer.subarray(0, bytesRead));
        }
      }),
    restart: () =>
      onDisk(target, async () => {
        await handle.truncate(0);
        summing = startSums();
        pieces = 0;
        part.origin = null;
      }),
    sums: () => summing.sums(),
    finish: () =>
      onDisk(target, async () => {
        // An earlier run's part may have more than was counted, if that run still lived.
        await handle.truncate(summing.bytes);
        if (!isTemporary) await handle.sync();
        await rename(path, target);
        isDone = true;
      }),
    async close(keep) {
      // What a program wrote that was ended may not have been taken in.
      const isEmpty = (await handle.stat()).size === 0;
      await handle.close();
      if (!isDone && keep && !isEmpty) return leftovers.leave(path);
      if (!isDone) await unlink(path).catch(() => undefined);
      leftovers.drop(path);
    },
  };
  return part;
}
