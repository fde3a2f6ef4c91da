/** Many small reads, as of a TIFF's header -> few larger ones, and bounds on both: what a header refers to may be anything. */
import { UserError } from '../../errors.ts';
import type { ByteSource } from '../../raster/bytes.ts';

const CHUNK = 64 * 1024;
/** Bytes of a header, tile offsets and colour tables included. */
const MOST = 32 * 1024 * 1024;

export function readAhead(bytes: ByteSource): ByteSource {
  const chunks = new Map<number, Promise<Buffer>>();
  let total = 0;
  const count = (length: number) => {
    total += length;
    if (total > MOST) throw new UserError(`${bytes.name} has a header of more than ${MOST / 2 ** 20} MiB`);
  };
  const chunkAt = (index: number): Promise<Buffer> => {
    const kept = chunks.get(index);
    if (kept) return kept;
    const length = Math.min(CHUNK, bytes.size - index * CHUNK);
    count(length);
    const read = bytes.read(index * CHUNK, length);
    chunks.set(index, read);
    return read;
  };
  return {
    ...bytes,
    async read(offset, length) {
      const first = Math.floor(offset / CHUNK);
      const isSmall = Number.isSafeInteger(offset) && offset >= 0 && length > 0 && length <= CHUNK;
      if (!isSmall || offset + length > bytes.size) {
        count(length);
        return bytes.read(offset, length);
      }
      const last = Math.floor((offset + length - 1) / CHUNK);
      const parts = first === last ? [await chunkAt(first)] : [await chunkAt(first), await chunkAt(last)];
      const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      // A copy: readers look at it through the whole of its memory.
      return Buffer.from(whole.subarray(offset - first * CHUNK, offset - first * CHUNK + length));
    },
  };
}
