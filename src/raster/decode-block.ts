/**
 * One stored strip or tile of a TIFF -> its pixels, band after band, in machine byte order: decompressed and
 * un-predicted. TIFF 6.0 sections 13 to 15; TIFF technical note 3 (predictor 3). It knows of nothing but its task, so
 * that it runs in any thread. Deflate goes through node's zlib, LZW through lzw.ts; the rest through geotiff.js.
 */
import { inflateSync } from 'node:zlib';
import { decodeLzw } from './lzw.ts';
import { copyPixels, viewPixels } from './pixels.ts';
import { blockBytes } from './tiff-layout.ts';
import { swapBytes, unpackBits, unpredict, widenHalf, ycbcrToRgb } from './tiff-samples.ts';
import type { DataType, PixelArray } from './types.ts';
import { sizedFrame } from './zstd-frame.ts';

/** How the blocks of an image are stored. */
export interface BlockCoding {
  compression: number;
  predictor: number;
  blockWidth: number;
  /** Bands in one block. */
  samples: number;
  /** Of a stored sample: 16 for half floats, whose dataType is float32. */
  bits: number;
  dataType: DataType;
  half: boolean;
  /** Samples must change their byte order. */
  swapped: boolean;
  /** JPEG in YCbCr. */
  lossyColour: boolean;
  planar: boolean;
  jpegTables: number[];
  lercParameters: number[];
}

export interface DecodeTask {
  kind: 'decode';
  stored: Uint8Array;
  /** Where the pixels go: as many bytes as they take. */
  into: Uint8Array;
  rows: number;
  coding: BlockCoding;
}

/** rows * blockWidth pixels of each band, in `into`. @throws Error that says what is wrong with the bytes */
export async function decodeBlock({ stored, into, rows, coding }: DecodeTask): Promise<Uint8Array> {
  const { dataType, samples } = coding;
  const expected = blockBytes(coding, rows);
  const raw = await decompress(stored, rows, expected, coding);
  if (raw.byteLength < expected) {
    throw new Error(`it decodes to ${raw.byteLength} bytes instead of ${expected}`);
  }
  const pixels = toPixels(raw.subarray(0, expected), coding);
  const planes = viewPixels(dataType, into);
  if (samples === 1) copyPixels(planes, pixels, 0);
  else takeApart(pixels, planes, rows, coding);
  return into;
}

async function decompress(
  stored: Uint8Array,
  rows: number,
  limit: number,
  coding: BlockCoding,
): Promise<Uint8Array> {
  const { compression, samples } = coding;
  if (compression === 1) return stored;
  if (compression === 5) return decodeLzw(stored, limit);
  if (compression === 8 || compression === 32946) {
    // A block may hold more rows than it should, never without end. In one chunk, which need not be joined.
    return inflateSync(stored, { maxOutputLength: limit * 2 + 65536, chunkSize: limit + 1024 });
  }
  // 30 ms that most files need not spend.
  const { getDecoder } = await import('geotiff');
  const parameters = {
    tileWidth: coding.blockWidth,
    tileHeight: rows,
    planarConfiguration: coding.planar ? 2 : 1,
    bitsPerSample: Array.from({ length: samples }, () => coding.bits),
    predictor: 1,
    ...(coding.jpegTables.length > 0 && { JPEGTables: Uint8Array.from(coding.jpegTables) }),
    LercParameters: coding.lercParameters,
  };
  const decoder = await getDecoder(compression, parameters);
  const bytes = compression === 50000 ? sizedFrame(Buffer.from(stored), limit) : stored;
  return new Uint8Array(await decoder.decode(new Uint8Array(bytes).buffer));
}

function toPixels(raw: Uint8Array, coding: BlockCoding): PixelArray {
  const { dataType, samples, blockWidth, predictor, half, bits } = coding;
  if (bits < 8) return unpackBits(raw, bits, blockWidth * samples);
  const size = coding.bits / 8;
  let bytes = raw;
  if (predictor === 3) {
    unpredict(bytes, 3, size, blockWidth, samples);
  } else {
    if (coding.swapped && size > 1) swapBytes(bytes, size);
    if (predictor === 2) {
      if (bytes.byteOffset % size !== 0) bytes = bytes.slice();
      unpredict(bytes, 2, size, blockWidth, samples);
    }
  }
  if (coding.lossyColour) ycbcrToRgb(bytes);
  return half ? widenHalf(bytes) : viewPixels(dataType, bytes);
}

/** Interleaved bands -> one after the other, a row at a time, so that it stays in the cache. */
function takeApart(
  pixels: PixelArray,
  planes: PixelArray,
  rows: number,
  { samples, blockWidth }: BlockCoding,
): void {
  for (let row = 0; row < rows; row += 1) {
    for (let sample = 0; sample < samples; sample += 1) {
      let from = row * blockWidth * samples + sample;
      const to = (sample * rows + row) * blockWidth;
      for (let column = 0; column < blockWidth; column += 1) {
        planes[to + column] = pixels[from] as never;
        from += samples;
      }
    }
  }
}
