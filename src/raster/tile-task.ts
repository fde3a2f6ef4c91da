/** Task of a tile or block -> what it gives, and which of its buffers can be handed to another thread. */
import { type EncodedTile, type EncodeTask, encodeTile } from './cog-tiles.ts';
import { type DecodeTask, decodeBlock } from './decode-block.ts';

export type TileTask = EncodeTask | DecodeTask;
export type TaskResult = EncodedTile | Uint8Array;

/** @throws what is wrong with the bytes */
export async function doTask(task: TileTask): Promise<{ result: TaskResult; bytes: ArrayBuffer[] }> {
  if (task.kind === 'decode') {
    const pixels = await decodeBlock(task);
    const result = ownBytes(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
    return { result, bytes: [result.buffer] };
  }
  const { tile, mask, reduced, moments } = encodeTile(task);
  const result = { tile: ownBytes(tile), mask: mask && ownBytes(mask), reduced, moments };
  return { result, bytes: buffersOf(result.tile, result.mask, reduced?.planes, reduced?.mask) };
}

/** Node keeps small results in a buffer that is shared by many: those are copied. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const isOwn = buffer instanceof ArrayBuffer && buffer.byteLength <= byteLength + 4096;
  return isOwn ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}

/** Of those that are there. */
export function buffersOf(...all: (Uint8Array | null | undefined)[]): ArrayBuffer[] {
  return all.flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
}
