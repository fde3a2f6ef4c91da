/**
 * Header of a NetCDF-3 file -> dimensions, attributes and variables with their places. The format's grammar is in
 * https://docs.unidata.ucar.edu/nug/current/file_format_specifications.html: CDF-1, CDF-2 (64-bit offsets), CDF-5 (64-bit data).
 */
import { UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import type { Attributes, AttributeValue } from './cf-file.ts';
import type { DataType } from './types.ts';

export interface Netcdf3Variable {
  name: string;
  /** Indexes of dimensions, slowest first. */
  dimensions: number[];
  attributes: Attributes;
  /** Null for text. */
  dataType: DataType | null;
  /** Bytes of a value. */
  size: number;
  /** Where it begins; its first record, where it is one of records. */
  begin: number;
}

export interface Netcdf3Header {
  /** Length 0: the dimension of records. */
  dimensions: { name: string; length: number }[];
  attributes: Attributes;
  variables: Netcdf3Variable[];
  /** Null: the writer never said (a stream); as many as the file has. */
  records: number | null;
}

const TYPES: Record<number, { size: number; dataType: DataType | null }> = {
  1: { size: 1, dataType: 'int8' },
  2: { size: 1, dataType: null },
  3: { size: 2, dataType: 'int16' },
  4: { size: 4, dataType: 'int32' },
  5: { size: 4, dataType: 'float32' },
  6: { size: 8, dataType: 'float64' },
  7: { size: 1, dataType: 'uint8' },
  8: { size: 2, dataType: 'uint16' },
  9: { size: 4, dataType: 'uint32' },
  10: { size: 8, dataType: 'int64' },
  11: { size: 8, dataType: 'uint64' },
};
const DIMENSION = 10;
const VARIABLE = 11;
const ATTRIBUTE = 12;

/** Read at first; four times as much each time that the header is longer. */
const FIRST_READ = 64 * 1024;
const LONGEST_HEADER = 64 * 1024 * 1024;

/** The header goes on beyond the bytes at hand. */
class BeyondBytes extends Error {}

/** @throws UserError when it makes no sense, or the file ends in it */
export async function readHeader(bytes: ByteSource): Promise<Netcdf3Header> {
  for (let length = FIRST_READ; ; length *= 4) {
    const head = await bytes.read(0, Math.min(length, bytes.size));
    try {
      return parseHeader(head, bytes.name);
    } catch (error) {
      if (!(error instanceof BeyondBytes)) throw error;
      if (length >= bytes.size)
        throw new UserError(`${bytes.name} is cut short or corrupt: it ends in its header`);
      if (length >= LONGEST_HEADER) throw new UserError(`${bytes.name} is corrupt: its header has no end`);
    }
  }
}

/** Reads what stands next; numbers are big-endian. */
interface Cursor {
  fault(why: string): UserError;
  int(): number;
  /** NON_NEG: 32 bits, 64 in CDF-5. */
  count(): number;
  countBytes: 4 | 8;
  offset(): number;
  /** Bytes, and what pads them to a multiple of four. */
  bytes(length: number): Buffer;
}

function cursorOf(head: Buffer, name: string): Cursor {
  let at = 4;
  const version = head[3]!;
  const fault = (why: string) => new UserError(`${name} is corrupt: ${why}`);
  const take = (length: number) => {
    if (at + length > head.length) throw new BeyondBytes();
    at += length;
    return at - length;
  };
  const int = () => head.readInt32BE(take(4));
  const wide = () => {
    const value = Number(head.readBigInt64BE(take(8)));
    if (!Number.isSafeInteger(value) || value < 0) throw fault(`its header counts ${value}`);
    return value;
  };
  const narrow = () => {
    const value = int();
    if (value < 0) throw fault(`its header counts ${value}`);
    return value;
  };
  return {
    fault,
    int,
    count: version === 5 ? wide : narrow,
    countBytes: version === 5 ? 8 : 4,
    offset: version === 1 ? narrow : wide,
    bytes(length) {
      const from = take(length);
      take((4 - (length % 4)) % 4);
      return head.subarray(from, from + length);
    },
  };
}

function parseHeader(head: Buffer, name: string): Netcdf3Header {
  if (head.length < 8) throw new BeyondBytes();
  const cursor = cursorOf(head, name);
  const isStream = head.subarray(4, 4 + cursor.countBytes).every((byte) => byte === 0xff);
  let records: number | null = null;
  if (isStream) cursor.bytes(cursor.countBytes);
  else records = cursor.count();
  const dimensions = list(cursor, DIMENSION, () => ({ name: text(cursor), length: cursor.count() }));
  const attributes = readAttributes(cursor);
  const variables = list(cursor, VARIABLE, () => readVariable(cursor, dimensions.length));
  return { dimensions, attributes, variables, records };
}

/** A list with its tag, or the two zeros of an absent one. */
function list<T>(cursor: Cursor, tag: number, read: () => T): T[] {
  const found = cursor.int();
  const length = cursor.count();
  if (found === 0 && length === 0) return [];
  if (found !== tag) throw cursor.fault(`its header has a list of kind ${found} where one of ${tag} belongs`);
  const out: T[] = [];
  while (out.length < length) out.push(read());
  return out;
}

const text = (cursor: Cursor): string => cursor.bytes(cursor.count()).toString('utf8');

function typeOf(cursor: Cursor) {
  const code = cursor.int();
  const type = TYPES[code];
  if (type === undefined) throw cursor.fault(`its header has values of type ${code}`);
  return type;
}

function readVariable(cursor: Cursor, dimensionCount: number): Netcdf3Variable {
  const name = text(cursor);
  const dimensions: number[] = [];
  for (let left = cursor.count(); left > 0; left -= 1) {
    const index = cursor.count();
    if (index >= dimensionCount) throw cursor.fault(`variable '${name}' has a dimension that is not there`);
    dimensions.push(index);
  }
  const attributes = readAttributes(cursor);
  const type = typeOf(cursor);
  // vsize: 32 bits do not hold it for large variables, so that it is reckoned from the shape.
  cursor.bytes(cursor.countBytes);
  return { name, dimensions, attributes, ...type, begin: cursor.offset() };
}

function readAttributes(cursor: Cursor): Attributes {
  const entries = list(cursor, ATTRIBUTE, (): [string, AttributeValue | null] => {
    const name = text(cursor);
    const { size, dataType } = typeOf(cursor);
    const length = cursor.count();
    const bytes = cursor.bytes(length * size);
    if (dataType === null) return [name, bytes.toString('utf8').replace(/\0+$/, '')];
    const values = Array.from({ length }, (_, index) => numberIn(bytes, index * size, dataType));
    return [name, values.length === 1 ? values[0]! : values.length === 0 ? null : values];
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, AttributeValue] => entry[1] !== null));
}

function numberIn(bytes: Buffer, at: number, type: DataType): number | bigint {
  switch (type) {
    case 'int8':
      return bytes.readInt8(at);
    case 'uint8':
      return bytes.readUInt8(at);
    case 'int16':
      return bytes.readInt16BE(at);
    case 'uint16':
      return bytes.readUInt16BE(at);
    case 'int32':
      return bytes.readInt32BE(at);
    case 'uint32':
      return bytes.readUInt32BE(at);
    case 'int64':
      return bytes.readBigInt64BE(at);
    case 'uint64':
      return bytes.readBigUInt64BE(at);
    case 'float32':
      return bytes.readFloatBE(at);
    default:
      return bytes.readDoubleBE(at);
  }
}
