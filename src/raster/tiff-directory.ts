/**
 * TIFF bytes -> image file directories: tag number -> values. TIFF 6.0 section 2; BigTIFF (libtiff).
 * Our own parser, since geotiff.js 3 reads no 64-bit integers, takes missing bytes for zeros
 * and loads large arrays of a big-endian file in the wrong order. Its decoders are used (tiff-blocks.ts).
 */
import { UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';

/** Numbers of any TIFF type, or the text of an ASCII tag without its closing NUL. */
export type TiffValue = Float64Array | string;
export type Directory = Map<number, TiffValue>;

export interface Tiff {
  littleEndian: boolean;
  bigTiff: boolean;
  directories: Directory[];
  /** Where each directory stands. */
  places: number[];
}

export const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  dateTime: 306,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  modelPixelScale: 33550,
  modelTiepoint: 33922,
  modelTransformation: 34264,
  geoKeyDirectory: 34735,
  geoDoubleParams: 34736,
  geoAsciiParams: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

/** Bytes per value by TIFF field type; 0 marks a type that does not exist. */
const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const MAX_DIRECTORIES = 1024;

/** All directories of the chain, in file order. @throws UserError when the file is cut short or its chain loops. */
export async function readTiff(bytes: ByteSource): Promise<Tiff> {
  const head = await bytes.read(0, Math.min(16, bytes.size));
  const littleEndian = head.toString('latin1', 0, 2) === 'II';
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const bigTiff = view.getUint16(2, littleEndian) === 43;
  if (head.length < (bigTiff ? 16 : 8)) throw new UserError(`${bytes.name} is cut short: no TIFF header`);
  let next = bigTiff ? Number(view.getBigUint64(8, littleEndian)) : view.getUint32(4, littleEndian);
  const directories: Directory[] = [];
  const seen = new Set<number>();
  while (next !== 0) {
    if (seen.has(next) || directories.length >= MAX_DIRECTORIES) {
      throw new UserError(`${bytes.name} is corrupt: its chain of TIFF directories does not end`);
    }
    seen.add(next);
    const read = await readDirectory(bytes, next, littleEndian, bigTiff);
    directories.push(read.directory);
    next = read.next;
  }
  if (directories.length === 0) throw new UserError(`${bytes.name} is corrupt: it has no TIFF directory`);
  return { littleEndian, bigTiff, directories, places: [...seen] };
}

async function readDirectory(bytes: ByteSource, at: number, littleEndian: boolean, bigTiff: boolean) {
  const countBytes = bigTiff ? 8 : 2;
  const entryBytes = bigTiff ? 20 : 12;
  const pointerBytes = bigTiff ? 8 : 4;
  const head = await bytes.read(at, countBytes);
  const headView = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const entries = bigTiff
    ? Number(headView.getBigUint64(0, littleEndian))
    : headView.getUint16(0, littleEndian);
  const body = await bytes.read(at + countBytes, entries * entryBytes + pointerBytes);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const pointer = (offset: number) =>
    bigTiff ? Number(view.getBigUint64(offset, littleEndian)) : view.getUint32(offset, littleEndian);
  const directory: Directory = new Map();
  for (let index = 0; index < entries; index += 1) {
    const offset = index * entryBytes;
    const tag = view.getUint16(offset, littleEndian);
    const type = view.getUint16(offset + 2, littleEndian);
    const count = pointer(offset + 4);
    const size = (TYPE_BYTES[type] ?? 0) * count;
    if (size === 0) continue;
    const valueAt = offset + 4 + pointerBytes;
    const raw =
      size <= pointerBytes
        ? body.subarray(valueAt, valueAt + size)
        : await bytes.read(pointer(valueAt), size);
    directory.set(tag, decodeValues(raw, type, count, littleEndian));
  }
  return { directory, next: pointer(entries * entryBytes) };
}

function decodeValues(raw: Buffer, type: number, count: number, littleEndian: boolean): TiffValue {
  if (type === 2) return raw.toString('utf8').replace(/\0+$/, '');
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const values = new Float64Array(count);
  const size = TYPE_BYTES[type] ?? 1;
  for (let index = 0; index < count; index += 1) {
    values[index] = decodeValue(view, index * size, type, littleEndian);
  }
  return values;
}

function decodeValue(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian);
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, littleEndian));
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return view.getUint8(at);
  }
}

/** Values of a numeric tag; empty when it is absent. */
export function numbersOf(directory: Directory, tag: number): Float64Array {
  const value = directory.get(tag);
  return value === undefined || typeof value === 'string' ? new Float64Array(0) : value;
}

/** First value of a numeric tag, or the default TIFF gives it. */
export function numberOf(directory: Directory, tag: number, otherwise: number): number {
  return numbersOf(directory, tag)[0] ?? otherwise;
}

export function textOf(directory: Directory, tag: number): string | null {
  const value = directory.get(tag);
  return typeof value === 'string' ? value : null;
}
