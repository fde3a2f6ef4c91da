/** Bytes of a tile -> as they stand in a TIFF: Deflate and Zstandard by node's zlib in its thread pool, LZW by ours. */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { UserError } from '../errors.ts';
import { encodeLzw } from './lzw-encode.ts';
import type { Compression } from './types.ts';

export type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;

type Zstd = (
  bytes: Uint8Array,
  options: { params: Record<number, number> },
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** Not in Node before 22.15. */
const { zstdCompress } = zlib as { zstdCompress?: Zstd };
/** ZSTD_c_compressionLevel. */
const ZSTD_LEVEL = 100;

const deflate = promisify(zlib.deflate);

/** @throws UserError where this Node has no Zstandard */
export function compressorOf(compression: Compression, level: number | undefined): Compress {
  if (compression === 'lzw') return async (bytes) => encodeLzw(bytes);
  if (compression === 'deflate') return (bytes) => deflate(bytes, { level: level ?? 6, chunkSize: 65536 });
  if (zstdCompress === undefined)
    throw new UserError(
      `Node ${process.versions.node} cannot write Zstandard; take Node 22.15 or later, or another compression (deflate, lzw).`,
    );
  const compress = promisify(zstdCompress);
  return (bytes) => compress(bytes, { params: { [ZSTD_LEVEL]: level ?? 9 } });
}
