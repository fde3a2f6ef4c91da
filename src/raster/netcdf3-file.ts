/**
 * NetCDF-3 file -> its variables, read by hyperslab from disk. Our own reader: netcdfjs wants the whole file in memory
 * and knows no CDF-5, and GDAL's WebAssembly build has no NetCDF driver.
 */
import { UserError } from '../errors.ts';
import type { ByteSource } from './bytes.ts';
import type { CfFile, Ranges, Variable } from './cf-file.ts';
import { type Netcdf3Header, type Netcdf3Variable, readHeader } from './netcdf3-header.ts';
import { viewPixels } from './pixels.ts';
import { swapBytes } from './tiff-samples.ts';

/** Values of one slice lie in one piece of the file, or in several of at most so many bytes with others between. */
const LONGEST_SPAN = 8 * 1024 * 1024;
/** Of one slice: more is asked for by a header that lies. */
const LONGEST_SLICE = 2 ** 31;

/** How a variable lies in the file: a step along each dimension, in bytes. */
interface Layout {
  shape: number[];
  strides: number[];
  begin: number;
  size: number;
}

/** Closes `bytes` when the file is closed, or cannot be opened. @throws UserError for headers that make no sense */
export async function openNetcdf3(bytes: ByteSource): Promise<CfFile> {
  try {
    const header = await readHeader(bytes);
    const layouts = layoutsOf(header, bytes);
    const paths = header.dimensions.map(({ name }) => `/${name}`);
    const variables = new Map<string, Variable>();
    header.variables.forEach((variable, index) => {
      variables.set(`/${variable.name}`, describe(bytes, variable, layouts[index]!, paths));
    });
    return {
      format: 'NetCDF',
      mediaType: 'application/netcdf',
      name: bytes.name,
      variables,
      attributes: header.attributes,
      close: () => bytes.close(),
    };
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

const product = (values: readonly number[]) => values.reduce((all, value) => all * value, 1);
const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;

/** @throws UserError when a variable lies beyond the end of the file */
function layoutsOf({ dimensions, variables, records }: Netcdf3Header, bytes: ByteSource): Layout[] {
  const isRecord = (variable: Netcdf3Variable) => dimensions[variable.dimensions[0] ?? -1]?.length === 0;
  const ofRecords = variables.filter(isRecord);
  const bytesOf = ({ dimensions: of, size }: Netcdf3Variable, from: number) =>
    size * product(of.slice(from).map((index) => dimensions[index]!.length));
  const each = ofRecords.map((variable) => bytesOf(variable, 1));
  // A variable that is alone in its records is not padded.
  const recordBytes = each.length === 1 ? each[0]! : each.reduce((sum, one) => sum + padded(one), 0);
  const count = records ?? streamedRecords(ofRecords, recordBytes, bytes.size);
  return variables.map((variable) => {
    const { begin, size } = variable;
    const shape = variable.dimensions.map((index) => dimensions[index]!.length);
    const strides = shape.map((_, index) => size * product(shape.slice(index + 1)));
    let end = begin + size * product(shape);
    if (isRecord(variable)) {
      shape[0] = count;
      strides[0] = recordBytes;
      end = count === 0 ? begin : begin + (count - 1) * recordBytes + bytesOf(variable, 1);
    }
    if (end > bytes.size) {
      throw new UserError(
        `${bytes.name} is cut short or corrupt: variable '${variable.name}' ends at byte ${end}, but the file has ${bytes.size}`,
      );
    }
    return { shape, strides, begin, size };
  });
}

/** Whole records in a file whose writer never said how many. */
function streamedRecords(variables: Netcdf3Variable[], recordBytes: number, size: number): number {
  if (variables.length === 0 || recordBytes === 0) return 0;
  const begin = Math.min(...variables.map((variable) => variable.begin));
  return Math.max(0, Math.floor((size - begin) / recordBytes));
}

function describe(
  bytes: ByteSource,
  { name, dimensions, dataType, attributes }: Netcdf3Variable,
  layout: Layout,
  paths: string[],
): Variable {
  const slice = async (ranges: Ranges) => {
    if (dataType === null) throw new UserError(`${bytes.name}: variable '${name}' holds no numbers`);
    const raw = await readBox(bytes, layout, ranges);
    swapBytes(raw, layout.size);
    return viewPixels(dataType, raw);
  };
  return {
    name,
    path: `/${name}`,
    dimensions: dimensions.map((index) => paths[index]!),
    shape: layout.shape,
    dataType,
    attributes,
    slice,
    values: () => slice(layout.shape.map((length): [number, number] => [0, length])),
  };
}

/** Values of a box, row-major, as stored. */
async function readBox(bytes: ByteSource, { strides, begin, size }: Layout, ranges: Ranges): Promise<Buffer> {
  const lengths = ranges.map(([from, to]) => to - from);
  const total = size * product(lengths);
  if (total > LONGEST_SLICE)
    throw new UserError(`${bytes.name} is corrupt: it asks for ${total} bytes at once`);
  const first = ranges.reduce((at, [from], index) => at + from * strides[index]!, begin);
  const out = Buffer.allocUnsafeSlow(total);
  if (total === 0) return out;
  /** From the first value to the end of the last one, of the dimensions from `level` on. */
  const spanOf = (level: number) =>
    lengths.slice(level).reduce((sum, length, index) => sum + (length - 1) * strides[level + index]!, size);
  let done = 0;
  const copy = (level: number, from: Buffer, at: number): void => {
    const piece = size * product(lengths.slice(level));
    if (spanOf(level) === piece) {
      from.copy(out, done, at, at + piece);
      done += piece;
    } else
      for (let step = 0; step < lengths[level]!; step += 1)
        copy(level + 1, from, at + step * strides[level]!);
  };
  const read = async (level: number, at: number): Promise<void> => {
    const span = spanOf(level);
    if (span === size * product(lengths.slice(level)) || span <= LONGEST_SPAN) {
      copy(level, await bytes.read(at, span), 0);
    } else {
      for (let step = 0; step < lengths[level]!; step += 1)
        await read(level + 1, at + step * strides[level]!);
    }
  };
  await read(0, first);
  return out;
}
