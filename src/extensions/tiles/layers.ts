/** Item and parameters -> the assets, and of each the bands, that a picture is made of. */
import { ApiError } from '../../errors.ts';
import { shown } from '../../geo/shown.ts';
import type { Image } from '../../render/image.ts';
import { type KnownStatistics, type Range, stretchOf } from '../../render/stretch.ts';
import type { Asset } from '../asset-places.ts';
import type { BandChoice } from './parameters.ts';

export interface NamedAsset {
  key: string;
  asset: Asset;
}

export type Assets = Record<string, Asset>;

interface Band extends Record<string, unknown> {
  name?: unknown;
  statistics?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An asset of an Item. Documents are others': it may be anything. @throws ApiError NotFound, InvalidParameter */
export function mustHave(assets: Assets, key: string, parameter: 'assetKey' | 'assets'): NamedAsset {
  const asset = Object.hasOwn(assets, key) ? assets[key] : undefined;
  if (isObject(asset)) return { key, asset };
  const keys = Object.keys(assets).slice(0, 20).map(shown).join(', ') || 'none';
  const code = parameter === 'assets' ? 'InvalidParameter' : 'NotFound';
  throw new ApiError(code, `the Item has no asset ${shown(key)}; it has ${keys}`, parameter);
}

const bandsOf = ({ bands, 'eo:bands': eo, 'raster:bands': raster }: Asset): Band[] => {
  const lists = [bands, eo, raster].map((list) => (Array.isArray(list) ? list.filter(isObject) : []));
  const length = Math.max(...lists.map((each) => each.length));
  // STAC 1.0 told names and statistics in two lists of equal length.
  return Array.from({ length }, (_, index) =>
    Object.assign({}, ...lists.toReversed().map((each) => each[index])),
  );
};

const COLOURS = ['red', 'green', 'blue'];

/** Those named red, green and blue, else the first that holds data of a GeoTIFF. @throws ApiError InvalidParameter */
export function assetsShown(assets: Assets): NamedAsset[] {
  const entries = Object.entries(assets).filter(([, asset]) => isObject(asset));
  const ofColour = (colour: string) =>
    entries.find(
      ([key, asset]) =>
        key === colour || [asset, ...bandsOf(asset)].some((each) => each['eo:common_name'] === colour),
    );
  const isData = ([, { type, roles }]: [string, Asset]) =>
    /^image\/tiff\b/i.test(String(type)) && Array.isArray(roles) && roles.includes('data');
  const colours = COLOURS.map(ofColour);
  const first = entries.find(isData);
  const chosen = colours.every((each) => each !== undefined) ? colours : first ? [first] : [];
  if (chosen.length > 0) return chosen.map((entry) => ({ key: entry![0], asset: entry![1] }));
  throw new ApiError(
    'InvalidParameter',
    'assets is missing; accepted are the keys of one or three assets',
    'assets',
  );
}

/**
 * Indexes among the bands of a file. Unless told: of true colours the first three, else the first.
 * @throws ApiError InvalidParameter
 */
export function chosenBands(choice: BandChoice, { asset }: NamedAsset, image: Image): number[] {
  const { bands } = image;
  if (choice === null) {
    const isColour = bands.length >= 3 && bands[0]?.dataType === 'uint8' && image.colorTable === null;
    return isColour ? [0, 1, 2] : [0];
  }
  if ('bidx' in choice) {
    const wrong = choice.bidx.find((number) => number > bands.length);
    if (wrong === undefined) return choice.bidx.map((number) => number - 1);
    throw new ApiError('InvalidParameter', `bidx is ${wrong}; accepted are 1 to ${bands.length}`, 'bidx');
  }
  const told = bandsOf(asset);
  const names = bands.map((band, index) => [
    ...[told[index]?.name, told[index]?.['eo:common_name']].filter((each) => typeof each === 'string'),
    band.name,
  ]);
  return choice.names.map((name) => {
    const index = names.findIndex((each) => each.includes(name));
    if (index >= 0) return index;
    const there = names.slice(0, 20).map(([first]) => first);
    throw new ApiError(
      'InvalidParameter',
      `bands has ${shown(name)}; there are ${there.map(shown).join(', ')}`,
      'bands',
    );
  });
}

/** What the document says of a band's values. null: nothing. */
export function toldStretch({ asset }: NamedAsset, band: number): Range | null {
  const { statistics } = bandsOf(asset)[band] ?? {};
  return isObject(statistics) ? stretchOf(statistics as KnownStatistics) : null;
}

/** All in an asset that pictures depend on. */
export const pictureText = ({ key, asset }: NamedAsset): string =>
  JSON.stringify([key, asset.href, bandsOf(asset)]);
