/** Assets that are open for pictures, and what is to be drawn of them. */
import { UserError } from '../../errors.ts';
import type { Geolocation } from '../../render/geolocation.ts';
import type { Image } from '../../render/image.ts';
import type { Tile } from '../../render/mercator.ts';
import type { NamedAsset } from './layers.ts';
import type { MarkedBytes } from './local-bytes.ts';
import type { PictureParams } from './parameters.ts';
import { noPicture } from './place.ts';

export interface PictureFile {
  bytes: MarkedBytes;
  image: Image;
  /** null: it is nowhere on the map. */
  where: Geolocation | null;
}

export interface Opened extends PictureFile {
  named: NamedAsset;
}

export interface Drawing {
  /** One, or three for red, green and blue. */
  opened: Opened[];
  params: PictureParams;
  /** null: all of it, at most `params.maxSize` pixels a side. */
  tile: Tile | null;
}

/** What is wrong with a file is told as such; faults of the program are not. */
export async function ofAsset<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw noPicture(key, error.message);
    throw error;
  }
}
