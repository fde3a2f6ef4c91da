/** Bytes, chunk after chunk -> adler32 (RFC 1950, 8.2), the checksum that Rucio keeps of every file. */

const BASE = 65_521;
/** As many bytes as can be summed before the second sum passes 2^32; a multiple of 8 here. */
const NMAX = 5_552;

export interface Adler32 {
  update(chunk: Uint8Array): void;
  /** 8 lowercase hex digits. */
  digest(): string;
}

export function adler32(): Adler32 {
  let a = 1;
  let b = 0;
  return {
    update(chunk) {
      let at = 0;
      while (at < chunk.length) {
        const end = Math.min(at + NMAX, chunk.length);
        const unrolled = end - ((end - at) & 7);
        // Eight bytes a turn: about twice as fast as one.
        for (; at < unrolled; at += 8) {
          a += chunk[at]!;
          b += a;
          a += chunk[at + 1]!;
          b += a;
          a += chunk[at + 2]!;
          b += a;
          a += chunk[at + 3]!;
          b += a;
          a += chunk[at + 4]!;
          b += a;
          a += chunk[at + 5]!;
          b += a;
          a += chunk[at + 6]!;
          b += a;
          a += chunk[at + 7]!;
          b += a;
        }
        for (; at < end; at++) {
          a += chunk[at]!;
          b += a;
        }
        a %= BASE;
        b %= BASE;
      }
    },
    digest: () => (b * 65_536 + a).toString(16).padStart(8, '0'),
  };
}
