/** Decompressed TIFF bytes -> samples in machine order: predictors undone, bytes swapped, colours and half floats widened. */

/** Reverses each group of `size` bytes, in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else if (size === 8) buffer.swap64();
}

/** Undoes predictor 2 or 3 in place. `size` bytes a sample, `width` pixels a row, `samples` interleaved bands. */
export function unpredict(
  bytes: Uint8Array,
  predictor: 2 | 3,
  size: number,
  width: number,
  samples: number,
): void {
  if (predictor === 3) {
    undoFloat(bytes, size, width, samples);
    return;
  }
  const { buffer, byteOffset, byteLength } = bytes;
  const length = Math.floor(byteLength / size);
  if (size === 8) {
    undoBig(new BigUint64Array(buffer, byteOffset, length), width * samples, samples);
  } else if (size === 4)
    undoHorizontal(new Uint32Array(buffer, byteOffset, length), width * samples, samples);
  else if (size === 2) undoHorizontal(new Uint16Array(buffer, byteOffset, length), width * samples, samples);
  else undoHorizontal(bytes, width * samples, samples);
}

function undoHorizontal(
  pixels: Uint8Array | Uint16Array | Uint32Array,
  stride: number,
  samples: number,
): void {
  for (let row = 0; row + stride <= pixels.length; row += stride) {
    for (let index = row + samples; index < row + stride; index += 1) {
      pixels[index] = pixels[index]! + pixels[index - samples]!;
    }
  }
}

function undoBig(pixels: BigUint64Array, stride: number, samples: number): void {
  for (let row = 0; row + stride <= pixels.length; row += stride) {
    for (let index = row + samples; index < row + stride; index += 1) {
      pixels[index] = pixels[index]! + pixels[index - samples]!;
    }
  }
}

/** TIFF technical note 3: bytes of a row by significance, most significant first, each minus its neighbour. */
function undoFloat(bytes: Uint8Array, size: number, width: number, samples: number): void {
  const values = width * samples;
  const stride = values * size;
  const plain = new Uint8Array(stride);
  for (let row = 0; row + stride <= bytes.length; row += stride) {
    for (let index = row + samples; index < row + stride; index += 1) {
      bytes[index] = bytes[index]! + bytes[index - samples]!;
    }
    for (let plane = 0; plane < size; plane += 1) {
      const from = row + plane * values;
      const to = size - 1 - plane;
      for (let value = 0; value < values; value += 1) plain[value * size + to] = bytes[from + value]!;
    }
    bytes.set(plain, row);
  }
}

/** JFIF YCbCr to RGB in place, three bytes a pixel. */
export function ycbcrToRgb(bytes: Uint8Array): void {
  const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const y = bytes[at]!;
    const cb = bytes[at + 1]! - 128;
    const cr = bytes[at + 2]! - 128;
    bytes[at] = clamp(y + 1.402 * cr);
    bytes[at + 1] = clamp(y - 0.344136 * cb - 0.714136 * cr);
    bytes[at + 2] = clamp(y + 1.772 * cb);
  }
}

/** IEEE 754 half floats -> float32, exactly. */
export function widenHalf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(bytes.byteLength >> 1);
  for (let index = 0; index < out.length; index += 1) {
    const half = view.getUint16(index * 2, true);
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) out[index] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) out[index] = sign * fraction * 2 ** -24;
    else out[index] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return out;
}

/** Samples of 1, 2 or 4 bits, the first in the highest bits, rows beginning with a byte -> a byte each. */
export function unpackBits(bytes: Uint8Array, bits: number, perRow: number): Uint8Array {
  const rowBytes = Math.ceil((perRow * bits) / 8);
  const rows = Math.floor(bytes.length / rowBytes);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const out = new Uint8Array(rows * perRow);
  for (let row = 0; row < rows; row += 1) {
    for (let at = 0; at < perRow; at += 1) {
      const byte = bytes[row * rowBytes + Math.floor(at / perByte)]!;
      out[row * perRow + at] = (byte >> (8 - bits * ((at % perByte) + 1))) & mask;
    }
  }
  return out;
}
