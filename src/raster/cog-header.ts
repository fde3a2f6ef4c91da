/**
 * Layer and places of its tiles -> the first bytes of a COG: TIFF or BigTIFF header, GDAL's ghost area, all
 * directories with their arrays. https://gdal.org/en/stable/drivers/raster/cog.html#file-format
 */

import { TEXT_TAGS, writeGdalMetadata } from './gdal-metadata.ts';
import { writeGeoTags } from './geo-keys.ts';
import { bytesPerPixel, sampleFormatOf } from './pixels.ts';
import { predictorOf } from './predict.ts';
import { TAG } from './tiff-directory.ts';
import type { BandStatistics, Compression, Layer } from './types.ts';

export interface TilePlaces {
  /** Of each tile's data, from the start of the level's own bytes. */
  offsets: number[];
  byteCounts: number[];
}

export interface LevelPlace extends TilePlaces {
  width: number;
  height: number;
  tileWidth: number;
  tileHeight: number;
  /** Of the mask's tiles, each of which follows its image's; null: there is none. */
  mask: TilePlaces | null;
  /** Bytes of the whole level, block leaders and trailers included. */
  bytes: number;
}

/** True of what writeCog makes: directories first, tiles row by row, sizes before and copies of 4 bytes after each. */
function ghostArea(hasMask: boolean): Buffer {
  const lines =
    'LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n' +
    `BLOCK_TRAILER=LAST_4_BYTES_REPEATED\n${hasMask ? 'MASK_INTERLEAVED_WITH_IMAGERY=YES\n' : ''}` +
    'KNOWN_INCOMPATIBLE_EDITION=NO\n ';
  const size = String(lines.length).padStart(6, '0');
  return Buffer.from(`GDAL_STRUCTURAL_METADATA_SIZE=${size} bytes\n${lines}\0`);
}

/** Bytes that 32 bits can place. */
const MOST_CLASSIC = 0xffffffff;

type TagValue = { type: 2 | 3 | 4 | 12 | 16; values: number[] | Buffer };
type Tags = Map<number, TagValue>;

/**
 * The header, and where each level's bytes must start. `levels`: full image first, then overviews, largest first;
 * their bytes follow the header in reverse (smallest overview first).
 */
export function cogHeader(
  layer: Layer,
  levels: LevelPlace[],
  statistics: BandStatistics[],
  { compression, bigTiff: forceBigTiff }: { compression: Compression; bigTiff: boolean },
): { header: Buffer; bigTiff: boolean } {
  const payload = levels.reduce((sum, level) => sum + level.bytes, 0);
  const draft = (bigTiff: boolean, dataStart: number) =>
    writeAll(layer, levels, statistics, compression, bigTiff, dataStart);
  // Before any draft: a classic one cannot even hold the places of so many bytes.
  let bigTiff = forceBigTiff || payload > MOST_CLASSIC;
  let size = draft(bigTiff, 0).length;
  if (!bigTiff && size + payload > MOST_CLASSIC) {
    bigTiff = true;
    size = draft(true, 0).length;
  }
  return { header: draft(bigTiff, size), bigTiff };
}

function writeAll(
  layer: Layer,
  levels: LevelPlace[],
  statistics: BandStatistics[],
  compression: Compression,
  bigTiff: boolean,
  dataStart: number,
): Buffer {
  const starts: number[] = [];
  let at = dataStart;
  for (let index = levels.length - 1; index >= 0; index -= 1) {
    starts[index] = at;
    at += levels[index]!.bytes;
  }
  const head = Buffer.alloc(bigTiff ? 16 : 8);
  head.write('II', 0, 'latin1');
  head.writeUInt16LE(bigTiff ? 43 : 42, 2);
  if (bigTiff) head.writeUInt16LE(8, 4);
  const ghost = ghostArea(levels[0]!.mask !== null);
  const first = head.length + ghost.length + (ghost.length % 2);
  if (bigTiff) head.writeBigUInt64LE(BigInt(first), 8);
  else head.writeUInt32LE(first, 4);
  const parts: Uint8Array[] = [head, ghost, Buffer.alloc(ghost.length % 2)];
  let position = first;
  levels.forEach((level, index) => {
    const tags = levelTags(layer, level, starts[index]!, bigTiff, index > 0, compression);
    if (index === 0) addMainTags(tags, layer, statistics);
    const all = level.mask ? [tags, maskTags(level, level.mask, starts[index]!, bigTiff, index > 0)] : [tags];
    all.forEach((each, turn) => {
      const isLast = index === levels.length - 1 && turn === all.length - 1;
      const directory = writeDirectory(each, position, bigTiff, isLast);
      parts.push(directory);
      position += directory.length;
    });
  });
  return Buffer.concat(parts);
}

const short = (...values: number[]): TagValue => ({ type: 3, values });
const long = (...values: number[]): TagValue => ({ type: 4, values });
const double = (values: number[]): TagValue => ({ type: 12, values });
const ascii = (text: string): TagValue => ({ type: 2, values: Buffer.from(`${text}\0`, 'utf8') });

function levelTags(
  layer: Layer,
  level: LevelPlace,
  start: number,
  bigTiff: boolean,
  overview: boolean,
  compression: Compression,
): Tags {
  const { dataType, nodata } = layer.bands[0]!;
  const samples = layer.bands.length;
  const each = (value: number) => short(...Array.from({ length: samples }, () => value));
  const tags: Tags = new Map([
    [TAG.imageWidth, long(level.width)],
    [TAG.imageLength, long(level.height)],
    [TAG.bitsPerSample, each(bytesPerPixel(dataType) * 8)],
    [TAG.compression, short(COMPRESSION_CODES[compression])],
    [TAG.photometric, short(layer.colorTable ? 3 : 1)],
    [TAG.samplesPerPixel, short(samples)],
    [TAG.planarConfiguration, short(1)],
    [TAG.predictor, short(predictorOf(dataType))],
    [TAG.tileWidth, short(level.tileWidth)],
    [TAG.tileLength, short(level.tileHeight)],
    ...placeTags(level, start, bigTiff),
    [TAG.sampleFormat, each(sampleFormatOf(dataType))],
  ]);
  if (layer.colorTable) tags.set(TAG.colorMap, short(...layer.colorTable));
  if (overview) tags.set(TAG.newSubfileType, long(1));
  if (samples > 1) tags.set(TAG.extraSamples, short(...Array.from({ length: samples - 1 }, () => 0)));
  if (nodata !== null) tags.set(TAG.gdalNodata, ascii(nodataText(nodata)));
  return tags;
}

function placeTags({ offsets, byteCounts }: TilePlaces, start: number, bigTiff: boolean) {
  return [
    [TAG.tileOffsets, { type: bigTiff ? 16 : 4, values: offsets.map((offset) => offset + start) }],
    [TAG.tileByteCounts, { type: 4, values: byteCounts }],
  ] as const;
}

/** A mask is an image of one bit a pixel, of kind 4 (5 of an overview). TIFF 6.0 section 8, PhotometricInterpretation 4. */
function maskTags(
  level: LevelPlace,
  places: TilePlaces,
  start: number,
  bigTiff: boolean,
  overview: boolean,
): Tags {
  return new Map([
    [TAG.newSubfileType, long(overview ? 5 : 4)],
    [TAG.imageWidth, long(level.width)],
    [TAG.imageLength, long(level.height)],
    [TAG.bitsPerSample, short(1)],
    [TAG.compression, short(COMPRESSION_CODES.deflate)],
    [TAG.photometric, short(4)],
    [TAG.samplesPerPixel, short(1)],
    [TAG.planarConfiguration, short(1)],
    [TAG.tileWidth, short(level.tileWidth)],
    [TAG.tileLength, short(level.tileHeight)],
    ...placeTags(places, start, bigTiff),
    [TAG.sampleFormat, short(1)],
  ]);
}

/** As GDAL's parser reads it: infinities are "inf". */
function nodataText(nodata: number | bigint | 'nan'): string {
  return String(nodata).replace('Infinity', 'inf');
}

function addMainTags(tags: Tags, layer: Layer, statistics: BandStatistics[]): void {
  for (const [tag, name] of TEXT_TAGS) {
    const text = layer.metadata[name];
    if (text !== undefined) tags.set(tag, ascii(text));
  }
  const geo = writeGeoTags(layer.grid);
  if (geo.pixelScale) tags.set(TAG.modelPixelScale, double(geo.pixelScale));
  if (geo.tiepoint) tags.set(TAG.modelTiepoint, double(geo.tiepoint));
  if (geo.matrix) tags.set(TAG.modelTransformation, double(geo.matrix));
  if (geo.shorts.length > 0) tags.set(TAG.geoKeyDirectory, short(...geo.shorts));
  if (geo.doubles.length > 0) tags.set(TAG.geoDoubleParams, double(geo.doubles));
  if (geo.ascii !== '') tags.set(TAG.geoAsciiParams, ascii(geo.ascii));
  const xml = writeGdalMetadata(layer.metadata, layer.bands, statistics);
  if (xml !== null) tags.set(TAG.gdalMetadata, ascii(xml));
}

/** TIFF Compression. */
const COMPRESSION_CODES: Record<Compression, number> = { deflate: 8, lzw: 5, zstd: 50000 };

const BYTES = { 2: 1, 3: 2, 4: 4, 12: 8, 16: 8 } as const;

function packValues({ type, values }: TagValue): Buffer {
  if (Buffer.isBuffer(values)) return values;
  const size = BYTES[type];
  const out = Buffer.alloc(values.length * size);
  values.forEach((value, index) => {
    if (type === 3) out.writeUInt16LE(value, index * size);
    else if (type === 12) out.writeDoubleLE(value, index * size);
    else if (type === 16) out.writeBigUInt64LE(BigInt(value), index * size);
    else out.writeUInt32LE(value, index * size);
  });
  return out;
}

/** One directory at `position`, followed by the arrays that do not fit into it. */
function writeDirectory(tags: Tags, position: number, bigTiff: boolean, last: boolean): Buffer {
  const entries = [...tags].sort(([left], [right]) => left - right);
  const slot = bigTiff ? 8 : 4;
  const entryBytes = bigTiff ? 20 : 12;
  const countBytes = bigTiff ? 8 : 2;
  const directory = Buffer.alloc(countBytes + entries.length * entryBytes + slot);
  const extras: Buffer[] = [];
  let extraAt = position + directory.length;
  const pointer = (value: number, at: number) => {
    if (bigTiff) directory.writeBigUInt64LE(BigInt(value), at);
    else directory.writeUInt32LE(value, at);
  };
  if (bigTiff) directory.writeBigUInt64LE(BigInt(entries.length), 0);
  else directory.writeUInt16LE(entries.length, 0);
  entries.forEach(([tag, value], index) => {
    const at = countBytes + index * entryBytes;
    const packed = packValues(value);
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(value.type, at + 2);
    pointer(packed.length / BYTES[value.type], at + 4);
    if (packed.length <= slot) {
      packed.copy(directory, at + 4 + slot);
      return;
    }
    pointer(extraAt, at + 4 + slot);
    const padded = packed.length % 2 === 0 ? packed : Buffer.concat([packed, Buffer.alloc(1)]);
    extras.push(padded);
    extraAt += padded.length;
  });
  pointer(last ? 0 : extraAt, directory.length - slot);
  return Buffer.concat([directory, ...extras]);
}
