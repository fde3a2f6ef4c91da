/** Task of a tile or block -> what it gives, and which of its buffers can be handed to another thread. */
import { type EncodedTile, type EncodeTask, encodeTile } from './cog-tiles.ts';
import { type DecodeTask, decodeBlock } from './decode-block.ts';

export type TileTask = EncodeTask | DecodeTask;
export type TaskResult = EncodedTile | Uint8Array;

/** @throws what is wrong with the bytes */
export async function doTask(task: TileTask): Promise<{ result: TaskResult; bytes: ArrayBuffer[] }> {
  if (task.kind === 'decode') {
    const result = await decodeBlock(task);
    return { result, bytes: buffersOf(result) };
  }
  const { tile, mask, reduced, moments } = encodeTile(task);
  const result = { tile: ownBytes(tile), mask: mask && ownBytes(mask), reduced, moments };
  return { result, bytes: buffersOf(result.tile, result.mask, reduced?.planes, reduced?.mask) };
}

/** Small buffers of Node lie in a pool with others (of 8 or 64 KB, by its release) and cannot be handed over: those are copied. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const mayBePooled = bytes.buffer.byteLength <= Buffer.poolSize;
  return mayBePooled ? new Uint8Array(bytes) : (bytes as Uint8Array<ArrayBuffer>);
}

/** Of those that are there. */
export function buffersOf(...all: (Uint8Array | null | undefined)[]): ArrayBuffer[] {
  return all.flatMap((bytes) => (bytes ? [bytes.buffer as ArrayBuffer] : []));
}
