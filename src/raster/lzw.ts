/**
 * TIFF LZW -> bytes. TIFF 6.0 section 13, most significant bit first. geotiff.js 3 has a decoder too, but one broken
 * code can make it grow an array until V8 aborts the process; this one stops at `length` bytes.
 */

const CLEAR = 256;
const END = 257;
const MAX_CODES = 4096;

/** At most `length` bytes; fewer when the stream ends early. @throws Error on codes that cannot be */
export function decodeLzw(source: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  // Each entry is a stretch of the output: the bytes of an earlier code and the one after them.
  const starts = new Uint32Array(MAX_CODES + 1);
  const lengths = new Uint32Array(MAX_CODES + 1);
  let next = END + 1;
  let width = 9;
  let bits = 0;
  let held = 0;
  let at = 0;
  let previous = -1;
  let previousStart = 0;
  let previousLength = 0;
  for (let position = 0; at < length; ) {
    while (held < width && position < source.length) {
      bits = ((bits << 8) | source[position]!) & 0xffffff;
      held += 8;
      position += 1;
    }
    if (held < width) break;
    const code = (bits >>> (held - width)) & ((1 << width) - 1);
    held -= width;
    if (code === END) break;
    if (code === CLEAR) {
      next = END + 1;
      width = 9;
      previous = -1;
      continue;
    }
    const start = at;
    if (code < CLEAR) {
      out[at] = code;
      at += 1;
    } else {
      if (previous < 0 || code > next) throw new Error(`LZW code ${code} is unknown`);
      // The code about to be made: the previous bytes and the first of them again.
      const isNew = code === next;
      const from = isNew ? previousStart : starts[code]!;
      const count = isNew ? previousLength + 1 : lengths[code]!;
      const stop = Math.min(length, at + count);
      // Byte by byte: a stretch may overlap what it writes.
      for (let index = from; at < stop; index += 1, at += 1) out[at] = out[index]!;
    }
    if (previous >= 0 && next < MAX_CODES) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next += 1;
      // TIFF widens one code early.
      if (next + 1 >= 1 << width && width < 12) width += 1;
    }
    previous = code;
    previousStart = start;
    previousLength = at - start;
  }
  return out.subarray(0, at);
}
