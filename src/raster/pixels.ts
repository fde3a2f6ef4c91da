/**
 * DataType -> typed arrays and their limits: what the reader and the writer both need to know of pixel types.
 * Names are those of STAC 1.1 common metadata (`data_type`).
 */
import type { DataType, PixelArray } from './types.ts';

interface TypeFacts {
  bytes: number;
  /** TIFF SampleFormat: 1 unsigned, 2 signed, 3 IEEE float. */
  sampleFormat: 1 | 2 | 3;
  make(length: number): PixelArray;
  view(buffer: ArrayBufferLike, byteOffset: number, length: number): PixelArray;
}

function facts<T extends PixelArray>(
  construct: {
    new (length: number): T;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
    BYTES_PER_ELEMENT: number;
  },
  sampleFormat: 1 | 2 | 3,
): TypeFacts {
  return {
    bytes: construct.BYTES_PER_ELEMENT,
    sampleFormat,
    make: (length) => new construct(length),
    view: (buffer, byteOffset, length) => new construct(buffer, byteOffset, length),
  };
}

const TYPES: Record<DataType, TypeFacts> = {
  uint8: facts(Uint8Array, 1),
  int8: facts(Int8Array, 2),
  uint16: facts(Uint16Array, 1),
  int16: facts(Int16Array, 2),
  uint32: facts(Uint32Array, 1),
  int32: facts(Int32Array, 2),
  uint64: facts(BigUint64Array, 1),
  int64: facts(BigInt64Array, 2),
  float32: facts(Float32Array, 3),
  float64: facts(Float64Array, 3),
};

export function bytesPerPixel(type: DataType): number {
  return TYPES[type].bytes;
}

/** TIFF SampleFormat: 1 unsigned, 2 signed, 3 IEEE float. */
export function sampleFormatOf(type: DataType): 1 | 2 | 3 {
  return TYPES[type].sampleFormat;
}

/** Type of `bits` wide samples of a TIFF SampleFormat (4, undefined, reads as unsigned); null when there is none. */
export function dataTypeOf(sampleFormat: number, bits: number): DataType | null {
  const format = sampleFormat === 4 ? 1 : sampleFormat;
  for (const [name, type] of Object.entries(TYPES)) {
    if (type.sampleFormat === format && type.bytes * 8 === bits) return name as DataType;
  }
  return null;
}

export function makePixels(type: DataType, length: number): PixelArray {
  return TYPES[type].make(length);
}

/** Bytes in the machine's order seen as pixels; copied only when they are not aligned. */
export function viewPixels(type: DataType, bytes: Uint8Array): PixelArray {
  const { bytes: size, view } = TYPES[type];
  const length = Math.floor(bytes.byteLength / size);
  if (bytes.byteOffset % size === 0) return view(bytes.buffer, bytes.byteOffset, length);
  const copy = bytes.slice();
  return view(copy.buffer, 0, length);
}

export function isBig(array: PixelArray): array is BigInt64Array | BigUint64Array {
  return array instanceof BigInt64Array || array instanceof BigUint64Array;
}

/** `target.set(source)`, for two arrays of one type that the compiler cannot pair. */
export function copyPixels(target: PixelArray, source: PixelArray, at: number): void {
  (target as Uint8Array).set(source as Uint8Array, at);
}

/** `array.fill(value)` for either kind of array. */
export function fillPixels(array: PixelArray, value: number | bigint): void {
  if (isBig(array)) array.fill(BigInt(value));
  else array.fill(Number(value));
}

/** Columns of `rows` values each, one after the other -> rows. */
export function transposePixels(columns: PixelArray, type: DataType, rows: number): PixelArray {
  const out = makePixels(type, columns.length);
  const width = columns.length / rows;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += 1) {
      out[row * width + column] = columns[column * rows + row] as never;
    }
  }
  return out;
}

/** Rows in reverse order, in place. */
export function reverseRows(pixels: PixelArray, width: number): PixelArray {
  const rows = Math.floor(pixels.length / width);
  for (let top = 0, bottom = rows - 1; top < bottom; top += 1, bottom -= 1) {
    const spare = pixels.slice(top * width, (top + 1) * width);
    pixels.copyWithin(top * width, bottom * width, (bottom + 1) * width);
    copyPixels(pixels, spare, bottom * width);
  }
  return pixels;
}

/**
 * A nodata value as text or number -> what LayerBand holds; null when the type cannot hold it
 * (GDAL keeps -9999 on a uint8 band, where it can mark nothing).
 */
export function nodataOf(value: string | number | bigint, type: DataType): number | bigint | 'nan' | null {
  if (typeof value === 'string' && value.trim() === '') return null;
  const number = typeof value === 'string' ? parseNumber(value) : Number(value);
  if (sampleFormatOf(type) === 3) {
    if (Number.isNaN(number)) return typeof value !== 'string' || /nan/i.test(value) ? 'nan' : null;
    return type === 'float32' ? Math.fround(number) : number;
  }
  if (!Number.isInteger(number)) return null;
  const spare = makePixels(type, 1);
  if (isBig(spare)) {
    const exact =
      typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? BigInt(value.trim()) : BigInt(value);
    spare[0] = exact;
    return spare[0] === exact ? exact : null;
  }
  spare[0] = number;
  return spare[0] === number ? number : null;
}

/** What marks pixels without data, for comparison with numbers; NaN, which equals nothing, where nothing but NaN does. */
export const missingValue = (nodata: number | bigint | 'nan' | null): number =>
  nodata === null || nodata === 'nan' ? Number.NaN : Number(nodata);

function parseNumber(text: string): number {
  const word = text.trim().toLowerCase();
  if (/^[+]?inf(inity)?$/.test(word)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/.test(word)) return Number.NEGATIVE_INFINITY;
  return Number(word);
}
