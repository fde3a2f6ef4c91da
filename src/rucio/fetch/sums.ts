/** Bytes, chunk after chunk -> their number and the checksums that Rucio keeps; and whether they are the file's. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { adler32 } from '../adler32.ts';
import type { RucioFile } from '../types.ts';

export interface Sums {
  bytes: number;
  /** 8 hex digits. */
  adler32: string;
  /** 32 hex digits. */
  md5: string;
}

export interface Summing {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  /** Of what was added so far; more may follow. */
  sums(): Sums;
}

export function startSums(): Summing {
  const adler = adler32();
  const md5 = createHash('md5');
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add(chunk) {
      adler.update(chunk);
      md5.update(chunk);
      bytes += chunk.length;
    },
    sums: () => ({ bytes, adler32: adler.digest(), md5: md5.copy().digest('hex') }),
  };
}

/** Of a file on disk. */
export async function sumFile(
  path: string,
  options: { signal?: AbortSignal | undefined; onProgress?: ((bytes: number) => void) | undefined } = {},
): Promise<Summing> {
  const summing = startSums();
  const { signal, onProgress } = options;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18, ...(signal && { signal }) })) {
    summing.add(chunk as Uint8Array);
    onProgress?.(summing.bytes);
  }
  return summing;
}

/** Without one nothing tells that two pieces are of one file. */
export const hasChecksum = ({ adler32, md5 }: Pick<RucioFile, 'adler32' | 'md5'>) =>
  adler32 !== null || md5 !== null;

/** In what they are not the file's, or null. */
export function differenceOf(
  file: Pick<RucioFile, 'bytes' | 'adler32' | 'md5'>,
  { bytes, adler32: adler, md5 }: Sums,
): string | null {
  if (file.bytes !== null && bytes !== file.bytes) return `it gave ${bytes} bytes, Rucio says ${file.bytes}`;
  if (file.adler32 !== null && adler !== file.adler32)
    return `corrupt: its adler32 is ${adler}, Rucio says ${file.adler32}`;
  if (file.md5 !== null && md5 !== file.md5) return `corrupt: its md5 is ${md5}, Rucio says ${file.md5}`;
  return null;
}
