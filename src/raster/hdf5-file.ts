/**
 * HDF5 file -> its variables with NetCDF-4 dimensions and attributes. NetCDF-4 enhanced model over HDF5 dimension
 * scales. h5wasm reads straight from disk (its node build mounts the real file system), one hyperslab at a time.
 */
import { basename, resolve } from 'node:path';
import h5wasm, { type Dataset, type Group } from 'h5wasm/node';
import { messageOf, UserError } from '../errors.ts';
import type { Attributes, AttributeValue, CfFile, Ranges, Variable } from './cf-file.ts';
import { dataTypeOf } from './pixels.ts';
import type { PixelArray } from './types.ts';

const HIDDEN =
  /^(DIMENSION_LIST|REFERENCE_LIST|CLASS|NAME|DIMENSION_LABELS|_Netcdf4.*|_NCProperties|_nc3_strict)$/;
const MAX_DEPTH = 16;

/** @throws UserError when HDF5 cannot make sense of the file */
export async function openHdf5(path: string): Promise<CfFile> {
  const name = basename(path);
  const library = await h5wasm.ready;
  // Without this, h5wasm returns whatever is in the buffer when a chunk cannot be read.
  library.activate_throwing_error_handler();
  const file = guard(name, () => new h5wasm.File(resolve(path), 'r'));
  try {
    const variables = new Map<string, Variable>();
    guard(name, () => walk(name, file, variables, 0));
    const attributes = guard(name, () => readAttributes(file));
    return {
      format: 'NetCDF',
      mediaType: 'application/netcdf',
      name,
      variables,
      attributes,
      close: async () => void file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** HDF5's stack of errors -> one sentence. */
function guard<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const stack = messageOf(error);
    const causes = [...stack.matchAll(/#\d+: .*?\(\): (.*)/g)].map(([, cause = '']) => cause);
    const cause = causes.at(-1) ?? stack.split('\n')[0] ?? '';
    if (/truncated file/.test(cause)) throw new UserError(`${name} is cut short: ${cause}`, { cause: error });
    if (/filter.*not (registered|available)/.test(stack)) {
      throw new UserError(`${name} is compressed with an HDF5 filter that is not read; use deflate`, {
        cause: error,
      });
    }
    throw new UserError(`${name} is corrupt or no HDF5 file that can be read: ${cause}`, { cause: error });
  }
}

function walk(name: string, group: Group, variables: Map<string, Variable>, depth: number): void {
  for (const key of group.keys()) {
    const entity = group.get(key);
    if (entity instanceof h5wasm.Dataset) {
      const variable = describe(name, entity);
      if (variable) variables.set(entity.path, variable);
    } else if (entity instanceof h5wasm.Group && depth < MAX_DEPTH) walk(name, entity, variables, depth + 1);
  }
}

function describe(file: string, dataset: Dataset): Variable | null {
  const { attrs, metadata } = dataset;
  const { shape } = metadata;
  if (!shape) return null;
  const scaleName = attrs.NAME ? String(attrs.NAME.value) : '';
  if (scaleName.startsWith('This is a netCDF dimension but not a netCDF variable')) return null;
  const isScale = String(attrs.CLASS?.value ?? '') === 'DIMENSION_SCALE';
  const dimensions = shape.map((_, index) => {
    if (isScale && shape.length === 1) return dataset.path;
    return attrs.DIMENSION_LIST ? (dataset.get_attached_scales(index)[0] ?? '') : '';
  });
  const numeric = metadata.type === 0 || metadata.type === 1;
  const read = (ranges: Ranges | null): PixelArray => {
    const values = guard(file, () => (ranges ? dataset.slice(ranges) : dataset.value));
    if (ArrayBuffer.isView(values)) return values as PixelArray;
    if (typeof values === 'bigint') return BigInt64Array.of(values);
    if (typeof values === 'number') return Float64Array.of(values);
    throw new UserError(`${file} is corrupt: ${dataset.path} holds no numbers`);
  };
  return {
    name: dataset.path.replace(/^\//, ''),
    path: dataset.path,
    dimensions,
    shape,
    dataType: numeric
      ? dataTypeOf(metadata.type === 1 ? 3 : metadata.signed ? 2 : 1, metadata.size * 8)
      : null,
    attributes: readAttributes(dataset),
    slice: async (ranges) => read(ranges),
    values: async () => read(null),
    ...(metadata.type === 3 && { texts: async () => textValues(file, dataset) }),
  };
}

function textValues(file: string, dataset: Dataset): string[] {
  const values = guard(file, () => dataset.value);
  return (Array.isArray(values) ? values : [values]).map(String);
}

function readAttributes(holder: Dataset | Group): Attributes {
  const out: Attributes = {};
  for (const [name, attribute] of Object.entries(holder.attrs)) {
    if (HIDDEN.test(name)) continue;
    const value = simple(attribute.value);
    if (value !== null) out[name] = value;
  }
  return out;
}

/** Single values out of their arrays; null for what is neither text nor number. */
function simple(value: unknown): AttributeValue | null {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value;
  if (!ArrayBuffer.isView(value) && !Array.isArray(value)) return null;
  const list = Array.from(value as ArrayLike<unknown>);
  if (!list.every((one) => ['string', 'number', 'bigint'].includes(typeof one))) return null;
  const simpleList = list as (string | number | bigint)[];
  return simpleList.length === 1 ? simpleList[0]! : simpleList;
}
