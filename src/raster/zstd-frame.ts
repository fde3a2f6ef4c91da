/**
 * Zstandard frame -> the same frame with its content size in the header. RFC 8878 section 3.1.1.1.
 * libtiff leaves the size out; zstddec (under geotiff.js) then decodes as a stream, and loops for ever on a broken
 * one. With the size it decodes in one call, which ends.
 */

/** `size`: bytes the frame must decode to. @throws Error when this is no frame, or one of another size */
export function sizedFrame(frame: Buffer, size: number): Uint8Array {
  if (frame.length < 6 || frame.readUInt32LE(0) !== 0xfd2fb528) throw new Error('no Zstandard frame');
  const descriptor = frame[4]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const afterIds = 5 + (singleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  if (sizeFlag === 0 && !singleSegment) {
    const head = Buffer.from(frame.subarray(0, afterIds));
    head[4] = descriptor | 0x80;
    const field = Buffer.alloc(4);
    field.writeUInt32LE(size);
    return Buffer.concat([head, field, frame.subarray(afterIds, frameEnd(frame, afterIds))]);
  }
  const bytes = sizeFlag === 0 ? 1 : 2 ** sizeFlag;
  let told = 0;
  for (let index = bytes - 1; index >= 0; index -= 1) told = told * 256 + (frame[afterIds + index] ?? 0);
  if (sizeFlag === 1) told += 256;
  if (told < size || told > size * 2 + 65536) throw new Error(`a frame of ${told} bytes instead of ${size}`);
  return frame.subarray(0, frameEnd(frame, afterIds + bytes));
}

/** Where the frame's last block (and checksum) ends; `at` is its first block. A bad size here upsets zstddec. */
function frameEnd(frame: Buffer, at: number): number {
  for (let position = at; position + 3 <= frame.length; ) {
    const header = frame.readUIntLE(position, 3);
    const type = (header >> 1) & 3;
    position += 3 + (type === 1 ? 1 : header >> 3);
    if (type === 3 || position > frame.length) break;
    if ((header & 1) === 1) {
      const end = position + (frame[4]! & 4 ? 4 : 0);
      if (end <= frame.length) return end;
      break;
    }
  }
  throw new Error('its Zstandard blocks do not add up');
}
