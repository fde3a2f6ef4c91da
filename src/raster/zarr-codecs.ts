/**
 * Codecs of zarrita that believe what a chunk says of itself -> the same ones, checked. numcodecs' Blosc gives out memory
 * for what a chunk that was cut short has not; gzip and zlib would go on for as long as they are fed.
 */
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { registry } from 'zarrita';

type Entry = Awaited<ReturnType<NonNullable<ReturnType<typeof registry.get>>>>;
type Codec = ReturnType<Entry['fromConfig']>;

/** Bytes of one chunk, decoded. */
export const LONGEST_CHUNK = 2 ** 30;

const BLOSC_HEADER = 16;

/** Blosc 1 header: nbytes, blocksize and cbytes stand at 4, 8 and 12. */
function checkBlosc(bytes: Uint8Array): number {
  if (bytes.length < BLOSC_HEADER) throw new Error('a chunk is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [whole, packed] = [view.getUint32(4, true), view.getUint32(12, true)];
  if (packed !== bytes.length) throw new Error(`a chunk has ${bytes.length} of its ${packed} bytes`);
  if (whole > LONGEST_CHUNK) throw new Error(`a chunk unpacks to ${whole} bytes, more than is read`);
  return whole;
}

function checkedBlosc(entry: Entry): Entry {
  return {
    fromConfig(config, meta) {
      const codec = entry.fromConfig(config, meta);
      return {
        kind: 'bytes_to_bytes',
        encode: (bytes: Uint8Array) => codec.encode(bytes),
        async decode(bytes: Uint8Array) {
          const whole = checkBlosc(bytes);
          const decoded = await codec.decode(bytes);
          if (decoded.length !== whole) throw new Error('a chunk cannot be unpacked');
          return decoded;
        },
      };
    },
  };
}

/** By node's zlib, in its thread pool. */
function bounded(
  unpack: (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>,
): Entry {
  const codec: Codec = {
    kind: 'bytes_to_bytes',
    encode: () => Promise.reject(new Error('nothing is written')),
    decode: async (bytes: Uint8Array) =>
      new Uint8Array(await unpack(bytes, { maxOutputLength: LONGEST_CHUNK })),
  };
  return { fromConfig: () => codec };
}

let isChecked = false;

/** For all of zarrita, once. */
export function checkCodecs(): void {
  if (isChecked) return;
  isChecked = true;
  const blosc = registry.get('blosc');
  for (const prefix of ['', 'numcodecs.']) {
    if (blosc) registry.set(`${prefix}blosc`, async () => checkedBlosc(await blosc()));
    registry.set(`${prefix}gzip`, async () => bounded(promisify(gunzip)));
    registry.set(`${prefix}zlib`, async () => bounded(promisify(inflate)));
  }
}
