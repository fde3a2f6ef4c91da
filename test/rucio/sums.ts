/** What Rucio is told of bytes. */
import { createHash } from 'node:crypto';
import { adler32 } from '../../src/rucio/adler32.ts';

export function sums(bytes: Uint8Array): { bytes: number; adler32: string; md5: string } {
  const adler = adler32();
  adler.update(bytes);
  return { bytes: bytes.length, adler32: adler.digest(), md5: createHash('md5').update(bytes).digest('hex') };
}
