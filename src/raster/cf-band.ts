/** CF variable -> band: packed as it is, with scale and offset; fill value as nodata. CF 1.11 sections 2.5.1, 8.1; NUG on `_Unsigned`. */
import { numberAt, textAt, type Variable } from './cf-file.ts';
import { nodataOf } from './pixels.ts';
import type { DataType, LayerBand } from './types.ts';

const UNSIGNED: Partial<Record<DataType, DataType>> = {
  int8: 'uint8',
  int16: 'uint16',
  int32: 'uint32',
  int64: 'uint64',
};

/** Type, nodata and scale as the variable's attributes tell them. */
export function describeBand(variable: Variable): LayerBand {
  const { attributes } = variable;
  const unsigned = String(attributes._Unsigned ?? '').toLowerCase() === 'true';
  const storedType = variable.dataType!;
  const dataType = (unsigned ? UNSIGNED[storedType] : undefined) ?? storedType;
  const fill = attributes._FillValue ?? attributes.missing_value;
  const first = Array.isArray(fill) ? fill[0] : fill;
  let nodata: LayerBand['nodata'] = first === undefined ? null : nodataOf(first, dataType);
  if (dataType !== storedType && first !== undefined && Number(first) < 0) {
    const bits = storedType === 'int8' ? 8 : storedType === 'int16' ? 16 : storedType === 'int32' ? 32 : 64;
    nodata = nodataOf(BigInt.asUintN(bits, BigInt(first)), dataType);
  }
  const scale = numberAt(attributes, 'scale_factor');
  const offset = numberAt(attributes, 'add_offset');
  const packed = scale !== null || offset !== null;
  const name = variable.name.split('/').at(-1)!;
  return {
    name,
    dataType,
    nodata,
    scale: packed ? (scale ?? 1) : null,
    offset: packed ? (offset ?? 0) : null,
    unit: textAt(attributes, 'units'),
    description: textAt(attributes, 'long_name') ?? textAt(attributes, 'standard_name') ?? name,
  };
}
