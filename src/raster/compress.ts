/** Bytes of a tile -> as they stand in a TIFF: Deflate and Zstandard by node's zlib, LZW by ours. */
import zlib from 'node:zlib';
import { UserError } from '../errors.ts';
import { encodeLzw } from './lzw-encode.ts';
import type { Compression } from './types.ts';

type Compress = (bytes: Uint8Array) => Uint8Array;

type Zstd = (bytes: Uint8Array, options: { params: Record<number, number> }) => Buffer;

/** Not in Node before 22.15. */
const { zstdCompressSync } = zlib as { zstdCompressSync?: Zstd };
/** ZSTD_c_compressionLevel. */
const ZSTD_LEVEL = 100;

/** @throws UserError where this Node has no Zstandard */
export function compressorOf(compression: Compression, level: number | undefined): Compress {
  if (compression === 'lzw') return encodeLzw;
  if (compression === 'deflate') {
    // memLevel 9: a larger hash table; an eighth faster on predicted pixels than the default, and no larger.
    // One chunk, which need not be joined: what is not written of it takes no memory.
    return (bytes) =>
      zlib.deflateSync(bytes, { level: level ?? 6, memLevel: 9, chunkSize: bytes.length + 1024 });
  }
  if (zstdCompressSync === undefined)
    throw new UserError(
      `Node ${process.versions.node} cannot write Zstandard; take Node 22.15 or later, or another compression (deflate, lzw).`,
    );
  return (bytes) => zstdCompressSync(bytes, { params: { [ZSTD_LEVEL]: level ?? 9 } });
}
