/**
 * What a file of arrays with CF conventions is to its readers, whether it lies in NetCDF-3, HDF5 or Zarr:
 * variables with named dimensions and attributes, read one hyperslab at a time.
 */
import type { DataType, PixelArray } from './types.ts';

export type AttributeValue = string | number | bigint | (string | number | bigint)[];
export type Attributes = Record<string, AttributeValue>;

/** [start, stop) of each dimension. */
export type Ranges = [number, number][];

export interface Variable {
  /** Path without the leading slash: "t2m", "PRODUCT/ozone". */
  name: string;
  path: string;
  /** Paths of the dimensions' coordinate variables, whether they exist or not, slowest first; '' for one without name. */
  dimensions: string[];
  shape: number[];
  /** Null for text, compounds and other types that hold no numbers. */
  dataType: DataType | null;
  attributes: Attributes;
  /** Row-major. @throws UserError when the file's bytes are broken */
  slice(ranges: Ranges): Promise<PixelArray>;
  /** All values as numbers. @throws UserError as slice does */
  values(): Promise<PixelArray>;
  /** All values of a variable of text; undefined where there is none. @throws UserError as slice does */
  texts?(): Promise<string[]>;
}

export interface CfFile {
  format: 'NetCDF' | 'Zarr';
  mediaType: string;
  name: string;
  /** By path. */
  variables: Map<string, Variable>;
  attributes: Attributes;
  close(): Promise<void>;
}

/** Text of an attribute; null when it is absent or no text. */
export function textAt(attributes: Attributes, name: string): string | null {
  const value = attributes[name];
  return typeof value === 'string' ? value : null;
}

/** Number of an attribute; null when it is absent or no number. */
export function numberAt(attributes: Attributes, name: string): number | null {
  const value = attributes[name];
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' || typeof first === 'bigint' ? Number(first) : null;
}

/** Texts of the file or of a variable, for people. */
export function textsOf(attributes: Attributes): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string' && value !== '') out[name] = value;
  }
  return out;
}

/** The variable of this name in the group of `beside`, or in a group above it. */
export function findVariable(file: CfFile, beside: string, name: string): Variable | undefined {
  if (name.startsWith('/')) return file.variables.get(name);
  let group = beside.slice(0, beside.lastIndexOf('/'));
  for (;;) {
    const found = file.variables.get(`${group}/${name}`);
    if (found || group === '') return found;
    group = group.slice(0, group.lastIndexOf('/'));
  }
}
