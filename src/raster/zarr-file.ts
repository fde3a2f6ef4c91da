/**
 * Zarr store -> its variables, as xarray writes them: `_ARRAY_DIMENSIONS` (v2) or `dimension_names` (v3), CF attributes.
 * zarrita decodes the chunks; those used last stay in memory, since a chunk holds more rows or steps than one read wants.
 */
import { Location, open, type Array as ZarrArray, type DataType as ZarrType } from 'zarrita';
import { messageOf, UserError } from '../errors.ts';
import {
  type Attributes,
  type AttributeValue,
  type CfFile,
  findVariable,
  type Ranges,
  type Variable,
} from './cf-file.ts';
import { bytesPerPixel, copyPixels, makePixels } from './pixels.ts';
import type { DataType, PixelArray } from './types.ts';
import { checkCodecs, LONGEST_CHUNK } from './zarr-codecs.ts';
import type { ZarrStore } from './zarr-store.ts';

type Chunk = { data: PixelArray; stride: number[] };
type ReadChunk = (array: ZarrArray<ZarrType, ZarrStore>, coordinates: number[]) => Promise<Chunk>;

const NUMBERS: readonly string[] = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
  'float32',
  'float64',
] satisfies DataType[];
/** Bytes of decoded chunks that stay in memory. */
const MOST_KEPT = 128 * 1024 * 1024;
/** Characters that zarrita takes for parts of an address; its chunks would be looked for elsewhere, and be taken for empty. */
const UNSAFE = /[#?%\\]/;

/** @throws UserError for stores that make no sense */
export async function openZarr(store: ZarrStore): Promise<CfFile> {
  checkCodecs();
  const { name, version } = store;
  const variables = new Map<string, Variable>();
  const readChunk = chunkReader(name);
  let attributes: Attributes = {};
  for (const { path, kind } of store.nodes) {
    if (UNSAFE.test(path))
      throw new UserError(`${name} has an array or group named ${JSON.stringify(path)}, which is not read`);
    const strange = kind === 'array' ? await strangeArray(store, path) : null;
    if (strange) {
      variables.set(path, strange);
      continue;
    }
    const location = new Location(store, path as `/${string}`);
    const opened = await guard(name, path, () =>
      version === 2
        ? open.v2(location, { kind: kind as 'array' })
        : open.v3(location, { kind: kind as 'array' }),
    );
    if (kind === 'array') variables.set(path, describe(name, opened, version, readChunk));
    else if (path === '/') attributes = attributesOf(opened.attrs);
  }
  const file: CfFile = {
    format: 'Zarr',
    mediaType: `application/vnd.zarr; version=${version}`,
    name,
    variables,
    attributes,
    close: async () => {},
  };
  for (const variable of variables.values()) {
    const { path } = variable;
    // Coordinates of a group count for those below it.
    variable.dimensions = variable.dimensions.map((dimension) =>
      dimension === '' ? '' : (findVariable(file, path, dimension)?.path ?? `${groupOf(path)}/${dimension}`),
    );
  }
  return file;
}

const groupOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
const product = (values: readonly number[]) => values.reduce((all, value) => all * value, 1);

async function guard<T>(name: string, path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const cause = messageOf(error).split('\n')[0];
    throw new UserError(`${name} is corrupt or holds what is not read, at ${path}: ${cause}`, {
      cause: error,
    });
  }
}

/** Types that zarrita knows: those of numbers, and texts of v2. */
const KNOWN_2 = /^(?:\|O|[<>|](?:b1|[iu][1248]|f[248]|[SU]\d+))$/;

/** An array of a type that is not read (times of numpy, texts of fixed length of v3): its dimensions are known all the same. */
async function strangeArray(store: ZarrStore, path: string): Promise<Variable | null> {
  const { name, version } = store;
  const bytes = await store.get(`${path}/${version === 3 ? 'zarr.json' : '.zarray'}`);
  let node: Record<string, unknown>;
  try {
    node = JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as Record<string, unknown>;
  } catch {
    // zarrita tells what is wrong with it.
    return null;
  }
  const { data_type: type, dtype, shape, dimension_names: names, attributes } = node ?? {};
  const isKnown = version === 3 ? typeof type === 'string' : KNOWN_2.test(String(dtype));
  if (isKnown || !Array.isArray(shape) || !shape.every(Number.isSafeInteger)) return null;
  const refuse = () => Promise.reject(new UserError(`${name}: ${path} is of a type that is not read`));
  return {
    name: path.slice(1),
    path,
    dimensions: shape.map((_, index) => (Array.isArray(names) ? String(names[index] ?? '') : '')),
    shape: shape as number[],
    dataType: null,
    attributes: attributesOf((attributes ?? {}) as Record<string, unknown>),
    slice: refuse,
    values: refuse,
  };
}

function describe(
  name: string,
  array: ZarrArray<ZarrType, ZarrStore>,
  version: 2 | 3,
  readChunk: ReadChunk,
): Variable {
  const { path, shape, chunks, dtype, attrs } = array;
  const dataType = NUMBERS.includes(dtype) ? (dtype as DataType) : null;
  const sizes = [...shape, ...chunks];
  if (shape.length !== chunks.length || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new UserError(`${name} is corrupt: ${path} has no shape`);
  if (chunks.includes(0) || product(chunks) * (dataType ? bytesPerPixel(dataType) : 1) > LONGEST_CHUNK)
    throw new UserError(
      `${name} has chunks of ${chunks.join(' x ')} values at ${path}, more than is read at a time`,
    );
  const named = version === 2 ? attrs._ARRAY_DIMENSIONS : array.dimensionNames;
  const names: unknown[] = Array.isArray(named) ? named : [];
  const whole = shape.map((length): [number, number] => [0, length]);
  const slice = async (ranges: Ranges) => {
    if (dataType === null) throw new UserError(`${name}: ${path} holds no numbers`);
    return readBox(array, dataType, ranges, readChunk);
  };
  const isText = /^(string$|v2:[US])/.test(dtype) || dtype === 'v2:object';
  return {
    name: path.slice(1),
    path,
    dimensions: shape.map((_, index) => (typeof names[index] === 'string' ? names[index] : '')),
    shape,
    dataType,
    attributes: withFill(attributesOf(attrs), array, version),
    slice,
    values: () => slice(whole),
    ...(isText && { texts: () => readTexts(name, array) }),
  };
}

/** Fill values as xarray takes them: of v2 the array's own; of v3 the attribute alone, floats of it in base64. */
function withFill(
  attributes: Attributes,
  { fillValue, dtype }: ZarrArray<ZarrType>,
  version: 2 | 3,
): Attributes {
  const { _FillValue: told } = attributes;
  const isNumber = typeof fillValue === 'number' || typeof fillValue === 'bigint';
  if (version === 2)
    return told === undefined && isNumber ? { ...attributes, _FillValue: fillValue } : attributes;
  if (typeof told !== 'string' || !dtype.startsWith('float')) return attributes;
  const bytes = Buffer.from(told, 'base64');
  return bytes.length === 8 ? { ...attributes, _FillValue: bytes.readDoubleLE() } : attributes;
}

/** Texts, numbers and lists of them; what else JSON can tell is nothing that CF knows. */
function attributesOf(attrs: Record<string, unknown>): Attributes {
  const out: Attributes = {};
  const isSimple = (value: unknown) => typeof value === 'string' || typeof value === 'number';
  for (const [name, value] of Object.entries(attrs)) {
    if (name === '_ARRAY_DIMENSIONS') continue;
    if (typeof value === 'boolean') out[name] = String(value);
    else if (isSimple(value) || (Array.isArray(value) && value.every(isSimple)))
      out[name] = value as AttributeValue;
  }
  return out;
}

async function readTexts(name: string, array: ZarrArray<ZarrType, ZarrStore>): Promise<string[]> {
  const [length = 1] = array.shape;
  const [step = 1] = array.chunks;
  const out: string[] = [];
  for (let at = 0; at < length; at += step) {
    const { data } = await guard(name, array.path, () =>
      array.getChunk(array.shape.length === 0 ? [] : [at / step]),
    );
    out.push(...Array.from(data as Iterable<unknown>, String).slice(0, length - at));
  }
  return out;
}

function chunkReader(name: string): ReadChunk {
  const kept = new Map<string, { chunk: Promise<Chunk>; bytes: number }>();
  let bytesKept = 0;
  return (array, coordinates) => {
    const key = `${array.path} ${coordinates.join(' ')}`;
    const found = kept.get(key);
    if (found) {
      kept.delete(key);
      kept.set(key, found);
      return found.chunk;
    }
    const values = product(array.chunks);
    const chunk = guard(name, array.path, async () => {
      const { data, stride } = (await array.getChunk(coordinates)) as Chunk;
      if (data.length < values)
        throw new UserError(
          `${name} is corrupt: a chunk of ${array.path} has ${data.length} of its ${values} values`,
        );
      return { data, stride };
    });
    const bytes = values * bytesPerPixel(array.dtype as DataType);
    kept.set(key, { chunk, bytes });
    bytesKept += bytes;
    chunk.catch(() => {
      if (kept.delete(key)) bytesKept -= bytes;
    });
    for (const [old, { bytes: freed }] of kept) {
      if (bytesKept <= MOST_KEPT || kept.size === 1) break;
      kept.delete(old);
      bytesKept -= freed;
    }
    return chunk;
  };
}

/** Values of a box, row-major. */
async function readBox(
  array: ZarrArray<ZarrType, ZarrStore>,
  dataType: DataType,
  ranges: Ranges,
  readChunk: ReadChunk,
): Promise<PixelArray> {
  const { chunks } = array;
  const lengths = ranges.map(([from, to]) => to - from);
  const out = makePixels(dataType, product(lengths));
  if (out.length === 0) return out;
  const strides = lengths.map((_, index) => product(lengths.slice(index + 1)));
  const visit = async (coordinates: number[]): Promise<void> => {
    const axis = coordinates.length;
    if (axis < chunks.length) {
      const [from, to] = ranges[axis]!;
      const last = Math.floor((to - 1) / chunks[axis]!);
      for (let at = Math.floor(from / chunks[axis]!); at <= last; at += 1) await visit([...coordinates, at]);
      return;
    }
    const chunk = await readChunk(array, coordinates);
    const origins = coordinates.map((at, index) => at * chunks[index]!);
    copyPart(chunk, out, ranges, origins, chunks, strides);
  };
  await visit([]);
  return out;
}

/** What a chunk has of a box. */
function copyPart(
  { data, stride }: Chunk,
  out: PixelArray,
  ranges: Ranges,
  origins: number[],
  chunks: number[],
  strides: number[],
): void {
  const copy = (axis: number, from: number, to: number): void => {
    if (axis === ranges.length) {
      out[to] = data[from] as never;
      return;
    }
    const [first, end] = ranges[axis]!;
    const begin = Math.max(first, origins[axis]!);
    const stop = Math.min(end, origins[axis]! + chunks[axis]!);
    const source = from + (begin - origins[axis]!) * stride[axis]!;
    const target = to + (begin - first) * strides[axis]!;
    if (axis === ranges.length - 1 && stride[axis] === 1) {
      copyPixels(out, data.subarray(source, source + stop - begin), target);
      return;
    }
    for (let step = 0; step < stop - begin; step += 1)
      copy(axis + 1, source + step * stride[axis]!, target + step * strides[axis]!);
  };
  copy(0, 0, 0);
}
