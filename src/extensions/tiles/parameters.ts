/** Query and path of a picture -> what is to be drawn. Names are those of TiTiler, as far as it has them. */
import { z } from 'zod';
import { ApiError } from '../../errors.ts';
import { shown } from '../../geo/shown.ts';
import type { ApiRequest, RouteParameter } from '../../http/api.ts';
import {
  COLORMAP_FORM,
  COLORMAP_NAMES,
  type Colormap,
  namedColormap,
  parseColormap,
} from '../../render/colormap.ts';
import type { Tile } from '../../render/mercator.ts';
import { PICTURE_RESAMPLINGS, type PictureResampling } from '../../render/resample.ts';
import type { Range } from '../../render/stretch.ts';
import { fromJsonText, fromQuery, type Parameters } from '../../search/params.ts';

/** Bands by number, from 1, or by name. */
export type BandChoice = { bidx: number[] } | { names: string[] } | null;

export interface PictureParams {
  /** Keys; null: not given. */
  assets: string[] | null;
  bands: BandChoice;
  /** One for all bands, or one for each of three. */
  rescale: Range[] | null;
  colormap: Colormap | null;
  resampling: PictureResampling;
  maxSize: number;
  tilesize: number;
}

const oneOrThree = (count: number) => count === 1 || count === 3;
const list = (text: string) => text.split(',').map((part) => part.trim());
const toNumber = (text: string) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text);
const asIs = (value: unknown) => value;

function toRanges(value: unknown): Range[] {
  const numbers = value as number[];
  const ranges = numbers.flatMap((least, at): Range[] => (at % 2 === 0 ? [[least, numbers[at + 1]!]] : []));
  const wrong = ranges.find(([least, most]) => least >= most);
  if (!wrong) return ranges;
  throw new ApiError(
    'InvalidParameter',
    `rescale is ${shown(wrong.join(','))}; accepted is a least value before a greater one`,
    'rescale',
  );
}

const RESCALE = 'least,greatest of the values shown, once or for each of three bands, such as 0,3000';

const bandParameters: Parameters = {
  bidx: {
    schema: z
      .array(z.int().min(1).max(65_535))
      .refine(({ length }) => oneOrThree(length))
      .describe('One band of the file by its number, or three for red, green and blue'),
    accepted: 'one or three numbers from 1',
    fromText: (text) => list(text).map(toNumber),
    read: asIs,
  },
  bands: {
    schema: z
      .array(z.string().min(1))
      .refine(({ length }) => oneOrThree(length))
      .describe('The same by name'),
    accepted: 'one or three names of bands',
    fromText: list,
    read: asIs,
  },
};

const assetsParameter: Parameters = {
  assets: {
    schema: z
      .array(z.string().min(1))
      .refine(({ length }) => oneOrThree(length))
      .describe(
        'Key of one asset, or of three for red, green and blue, of each its first band; without it those of these names, else the first with data',
      ),
    accepted: 'the keys of one or three assets',
    fromText: (text) => text.split(','),
    read: asIs,
  },
};

const commonParameters: Parameters = {
  rescale: {
    schema: z
      .array(z.number())
      .refine(({ length }) => length === 2 || length === 6)
      .describe(`${RESCALE}; stored values, which become 0 to 255. Without it what statistics say`),
    accepted: RESCALE,
    fromText: (text) => list(text).map(toNumber),
    read: toRanges,
  },
  colormap_name: {
    schema: z.enum(COLORMAP_NAMES).describe('Colours of one band'),
    accepted: `${COLORMAP_NAMES.filter((name) => !name.endsWith('_r')).join(', ')}, and these with _r`,
    fromText: (text) => text.toLowerCase(),
    read: (value) => namedColormap(value as string),
  },
  colormap: {
    schema: z
      .union([z.looseObject({}), z.array(z.unknown())])
      .refine((value) => parseColormap(value) !== null)
      .meta({ 'x-query': { type: 'string' } })
      .describe(`Colours of one band as JSON: ${COLORMAP_FORM}`),
    accepted: COLORMAP_FORM,
    fromText: fromJsonText('colormap'),
    read: parseColormap,
  },
  resampling: {
    schema: z.enum(PICTURE_RESAMPLINGS).describe('nearest when not given'),
    accepted: PICTURE_RESAMPLINGS.join(', '),
    fromText: (text) => text.toLowerCase(),
    read: asIs,
  },
};

export const MOST_SIZE = 2048;

const previewParameters: Parameters = {
  max_size: {
    schema: z.int().min(1).max(MOST_SIZE).describe('Pixels of the longer side at most, 512 when not given'),
    accepted: `a whole number from 1 to ${MOST_SIZE}`,
    fromText: toNumber,
    read: asIs,
  },
};

const TILE_SIZES = [256, 512];
const tileParameters: Parameters = {
  tilesize: {
    schema: z.literal(TILE_SIZES).describe('Pixels of a side, 256 when not given'),
    accepted: TILE_SIZES.join(', '),
    fromText: toNumber,
    read: asIs,
  },
};

/** Parameters by what is drawn of what. */
export const parametersOf = (kind: 'preview' | 'tile', of: 'asset' | 'item'): Parameters => ({
  ...(of === 'asset' ? bandParameters : assetsParameter),
  ...commonParameters,
  ...(kind === 'preview' ? previewParameters : tileParameters),
});

const wrong = (detail: string, parameter: string) => new ApiError('InvalidParameter', detail, parameter);

/** @throws ApiError InvalidParameter */
export function readPictureParams(query: URLSearchParams, parameters: Parameters): PictureParams {
  const read = fromQuery(query, parameters) as unknown as Record<string, unknown>;
  const { bidx, bands: names, colormap, colormap_name: named } = read;
  if (bidx !== undefined && names !== undefined)
    throw wrong('bidx and bands were both given; only one of them is accepted', 'bands');
  if (colormap !== undefined && named !== undefined)
    throw wrong('colormap and colormap_name were both given; only one of them is accepted', 'colormap');
  const bands = bidx !== undefined ? { bidx: bidx as number[] } : names !== undefined ? { names } : null;
  return {
    assets: (read.assets as string[] | undefined) ?? null,
    bands: bands as BandChoice,
    rescale: (read.rescale as Range[] | undefined) ?? null,
    colormap: ((colormap ?? named) as Colormap | undefined) ?? null,
    resampling: (read.resampling as PictureResampling | undefined) ?? 'nearest',
    maxSize: (read.max_size as number | undefined) ?? 512,
    tilesize: (read.tilesize as number | undefined) ?? 256,
  };
}

/** @throws ApiError InvalidParameter where what is drawn does not have the bands for it */
export function mustFitBands({ rescale, colormap }: PictureParams, bands: number): void {
  if (bands === 1 && rescale?.length === 3)
    throw wrong('rescale has six numbers, and there is one band; accepted are two', 'rescale');
  if (bands === 3 && colormap)
    throw wrong(
      'a colormap is of one band, and there are three',
      colormap.kind === 'ramp' ? 'colormap_name' : 'colormap',
    );
}

const MOST_ZOOM = 24;

export const tilePath: RouteParameter[] = [
  {
    name: 'z',
    in: 'path',
    schema: z.int().min(0).max(MOST_ZOOM).describe('Zoom of WebMercatorQuad'),
  },
  { name: 'x', in: 'path', schema: z.int().min(0).describe('Column of the tile, from the west') },
  {
    name: 'y',
    in: 'path',
    schema: z
      .string()
      .meta({ pattern: String.raw`^\d+(@2x)?$` })
      .describe('Row of the tile, from the north; @2x: twice as large'),
  },
];

/** @throws ApiError InvalidParameter */
export function readTile({ params }: ApiRequest, tilesize: number): Tile {
  const { z: zoom = '', x: column = '', y: row = '' } = params;
  const at = (name: string, text: string, most: number): number => {
    if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
    throw wrong(`${name} is ${shown(text)}; accepted is a whole number from 0 to ${most}`, name);
  };
  const level = at('z', zoom, MOST_ZOOM);
  const most = 2 ** level - 1;
  const isDouble = row.endsWith('@2x');
  return {
    z: level,
    x: at('x', column, most),
    y: at('y', isDouble ? row.slice(0, -3) : row, most),
    size: tilesize * (isDouble ? 2 : 1),
  };
}
