/** Compressed bytes -> plain ones: HTTP's Content-Encoding (RFC 9110 8.4.1), and gzip by its first two bytes (RFC 1952). */
import { type Duplex, pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { messageOf } from '../errors.ts';

export type Bytes = AsyncIterable<Uint8Array>;

const DECODERS: Record<string, () => Duplex> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** What servers may be asked for. */
export const CODINGS = 'gzip, deflate, br';

async function* through(bytes: Bytes, name: string, decoder: Duplex): AsyncGenerator<Uint8Array> {
  let isOfBytes = false;
  async function* watched() {
    try {
      yield* bytes;
    } catch (error) {
      isOfBytes = true;
      throw error;
    }
  }
  // What fails is thrown to whoever reads the decoder.
  pipeline(watched(), decoder, () => {});
  try {
    yield* decoder;
  } catch (error) {
    if (isOfBytes) throw error;
    throw new Error(`its ${name} compression is broken (${messageOf(error)})`);
  }
}

/**
 * Not left to `fetch`: Node 20's never ends where the middle is broken, and takes a cut one for whole.
 * @param encoding of the header, the first applied first
 * @throws Error for a coding that is not known
 */
export function decoded(bytes: Bytes, encoding: string): Bytes {
  const names = encoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  return names.reduceRight((rest, name) => {
    const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
    if (!decoder) throw new Error(`its content-encoding is "${name}"; accepted are ${CODINGS}`);
    return through(rest, name, decoder());
  }, bytes);
}

/** The first bytes, fewer where there are not as many, and all of them again. */
export async function withBeginning(bytes: Bytes, count: number): Promise<[Buffer, Bytes]> {
  const rest = bytes[Symbol.asyncIterator]();
  let begun = Buffer.alloc(0);
  while (begun.length < count) {
    const { value, done } = await rest.next();
    if (done) break;
    begun = Buffer.concat([begun, value]);
  }
  async function* again() {
    try {
      yield begun;
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      await rest.return?.();
    }
  }
  return [begun, again()];
}

/** Takes gzip off, where there is some. */
export async function* unzipped(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const [begun, all] = await withBeginning(bytes, 2);
  yield* begun[0] === 0x1f && begun[1] === 0x8b ? through(all, 'gzip', createGunzip()) : all;
}
