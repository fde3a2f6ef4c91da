/** TIFF directory -> how its pixels lie in the file, or a plain refusal. TIFF 6.0 sections 3, 8, 15, 19, 22. */
import { UserError } from '../errors.ts';
import { dataTypeOf } from './pixels.ts';
import { type Directory, numberOf, numbersOf, TAG } from './tiff-directory.ts';
import type { DataType } from './types.ts';

export interface TiffLayout {
  width: number;
  height: number;
  /** All bands of the image. */
  bands: number;
  dataType: DataType;
  /** Bits of a stored sample; 16 for half floats, whose dataType is float32; 1, 2 and 4 for packed ones, whose dataType is uint8. */
  bits: number;
  half: boolean;
  compression: number;
  predictor: number;
  tiled: boolean;
  /** Each band in blocks of its own. */
  planar: boolean;
  /** Bands in one block: 1 when planar. */
  samples: number;
  blockWidth: number;
  blockHeight: number;
  across: number;
  down: number;
  offsets: Float64Array;
  byteCounts: Float64Array;
  /** JPEG in YCbCr, turned into RGB as GDAL does. */
  lossyColour: boolean;
  /** The decoder gives samples in machine order (LERC), whatever the file's. */
  machineOrder: boolean;
}

/** A block is decoded whole: a file of one strip must fit. */
const MAX_BLOCK_BYTES = 2 ** 31;

const READ = new Map([
  [1, 'none'],
  [5, 'LZW'],
  [7, 'JPEG'],
  [8, 'Deflate'],
  [32946, 'Deflate'],
  [32773, 'PackBits'],
  [34887, 'LERC'],
  [50000, 'Zstandard'],
]);
const REFUSED = new Map([
  [2, 'CCITT'],
  [3, 'CCITT fax 3'],
  [4, 'CCITT fax 4'],
  [6, 'old-style JPEG'],
  [34712, 'JPEG 2000'],
  [34925, 'LZMA'],
  [50001, 'WebP'],
  [50002, 'JPEG XL'],
  [52546, 'JPEG XL'],
]);

/** @throws UserError for pixel types and compressions that are not read, and for sizes that make no sense. */
export function imageLayout(directory: Directory, name: string): TiffLayout {
  const width = numberOf(directory, TAG.imageWidth, 0);
  const height = numberOf(directory, TAG.imageLength, 0);
  const bands = numberOf(directory, TAG.samplesPerPixel, 1);
  if (![width, height, bands].every((size) => Number.isInteger(size) && size > 0 && size < 2 ** 31))
    throw new UserError(`${name} is corrupt: the image has no size`);
  const compression = numberOf(directory, TAG.compression, 1);
  if (!READ.has(compression)) {
    throw new UserError(
      `${name} is compressed with ${REFUSED.get(compression) ?? `method ${compression}`}, which is not read;` +
        ' read are none, Deflate, LZW, Zstandard, LERC, JPEG and PackBits',
    );
  }
  const { dataType, bits, half } = pixelType(directory, bands, name);
  const tiled = directory.has(TAG.tileOffsets);
  const planar = bands > 1 && numberOf(directory, TAG.planarConfiguration, 1) === 2;
  const rowsPerStrip = Math.min(numberOf(directory, TAG.rowsPerStrip, height), height);
  const blockWidth = tiled ? numberOf(directory, TAG.tileWidth, 0) : width;
  const blockHeight = tiled ? numberOf(directory, TAG.tileLength, 0) : rowsPerStrip;
  if (![blockWidth, blockHeight].every((side) => Number.isInteger(side) && side > 0))
    throw new UserError(`${name} is corrupt: its blocks have no size`);
  const layout: TiffLayout = {
    width,
    height,
    bands,
    dataType,
    bits,
    half,
    compression,
    predictor: [5, 8, 32946, 50000].includes(compression) ? numberOf(directory, TAG.predictor, 1) : 1,
    tiled,
    planar,
    samples: planar ? 1 : bands,
    blockWidth,
    blockHeight,
    across: Math.ceil(width / blockWidth),
    down: Math.ceil(height / blockHeight),
    offsets: numbersOf(directory, tiled ? TAG.tileOffsets : TAG.stripOffsets),
    byteCounts: numbersOf(directory, tiled ? TAG.tileByteCounts : TAG.stripByteCounts),
    lossyColour: compression === 7 && numberOf(directory, TAG.photometric, 1) === 6 && bands === 3,
    machineOrder: compression === 34887,
  };
  const bytes = blockBytes(layout, blockHeight);
  if (!Number.isInteger(bytes) || bytes > MAX_BLOCK_BYTES || width * 8 > MAX_BLOCK_BYTES) {
    throw new UserError(`${name} stores its pixels in blocks of ${bytes} bytes, more than is read at a time`);
  }
  const blocks = layout.across * layout.down * (planar ? bands : 1);
  if (layout.offsets.length < blocks || layout.byteCounts.length < blocks) {
    throw new UserError(`${name} is corrupt: it lists ${layout.offsets.length} of its ${blocks} blocks`);
  }
  return layout;
}

/** Bytes of a decoded block of so many rows. Each row of packed samples begins with a byte of its own. */
export function blockBytes(
  { blockWidth, samples, bits }: Pick<TiffLayout, 'blockWidth' | 'samples' | 'bits'>,
  rows: number,
): number {
  return rows * Math.ceil((blockWidth * samples * bits) / 8);
}

function pixelType(directory: Directory, bands: number, name: string) {
  const bitsList = numbersOf(directory, TAG.bitsPerSample);
  const formats = numbersOf(directory, TAG.sampleFormat);
  const bits = bitsList[0] ?? 1;
  const format = formats[0] ?? 1;
  if (bitsList.length > 1 ? bitsList.length < bands : bands > 4096) {
    throw new UserError(`${name} is corrupt: it counts ${bands} bands but describes ${bitsList.length}`);
  }
  for (let band = 1; band < bands; band += 1) {
    if ((bitsList[band] ?? bits) !== bits || (formats[band] ?? format) !== format) {
      throw new UserError(`${name} mixes pixel types in one image, which is not read`);
    }
  }
  if (format === 5 || format === 6) {
    const type = format === 5 ? `cint${bits / 2}` : `cfloat${bits / 2}`;
    throw new UserError(
      `${name} holds complex pixels (${type}), which are not read; convert them to real bands`,
    );
  }
  if (numberOf(directory, TAG.fillOrder, 1) !== 1) {
    throw new UserError(`${name} stores its bits in reverse (FillOrder 2), which is not read`);
  }
  const half = format === 3 && bits === 16;
  const isPacked = [1, 2, 4].includes(bits) && (format === 1 || format === 4);
  const dataType = half ? 'float32' : isPacked ? 'uint8' : dataTypeOf(format, bits);
  if (dataType === null) {
    throw new UserError(
      `${name} holds ${bits}-bit ${format === 3 ? 'floats' : 'packed integers'}, which are not read;` +
        ' read are integers of 8, 16, 32 or 64 bits, unsigned ones of 1, 2 or 4, and floats of 16, 32 or 64',
    );
  }
  if ((half || isPacked) && numberOf(directory, TAG.predictor, 1) === 2) {
    const kind = half ? 'half floats' : `${bits}-bit samples`;
    throw new UserError(`${name} has ${kind} with predictor 2, which is not read`);
  }
  return { dataType, bits, half };
}
