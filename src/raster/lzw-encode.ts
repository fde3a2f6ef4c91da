/** Bytes -> TIFF LZW, most significant bit first, codes one bit wider a code early. TIFF 6.0 section 13. */

const CLEAR = 256;
const END = 257;
const FIRST = 258;
/** The last code that is given away; then all are forgotten. */
const LAST = 4093;
/** Places of the hash table of (code, byte) -> code; a power of two well above the number of codes. */
const PLACES = 16384;

export function encodeLzw(source: Uint8Array): Uint8Array {
  // Codes are of 12 bits at most, one a byte of input in the worst case, and clear codes.
  const out = new Uint8Array(Math.ceil(source.length * 1.6) + 16);
  const keys = new Int32Array(PLACES).fill(-1);
  const codes = new Uint16Array(PLACES);
  let at = 0;
  let bits = 0;
  let held = 0;
  let width = 9;
  let next = FIRST;
  const put = (code: number) => {
    bits = (bits << width) | code;
    held += width;
    while (held >= 8) {
      held -= 8;
      out[at++] = bits >>> held;
      bits &= (1 << held) - 1;
    }
  };
  put(CLEAR);
  let prefix = -1;
  for (const byte of source) {
    if (prefix < 0) {
      prefix = byte;
      continue;
    }
    const key = (prefix << 8) | byte;
    let place = (Math.imul(key, 0x9e3779b1) >>> 18) & (PLACES - 1);
    while (keys[place] !== key && keys[place] !== -1) place = (place + 1) & (PLACES - 1);
    if (keys[place] === key) {
      prefix = codes[place]!;
      continue;
    }
    put(prefix);
    keys[place] = key;
    codes[place] = next++;
    prefix = byte;
    if (next > LAST) {
      put(CLEAR);
      keys.fill(-1);
      [next, width] = [FIRST, 9];
    } else if (next > (1 << width) - 1) width++;
  }
  if (prefix >= 0) {
    put(prefix);
    next++;
    if (next > (1 << width) - 1 && width < 12) width++;
  }
  put(END);
  if (held > 0) out[at++] = bits << (8 - held);
  return out.slice(0, at);
}
