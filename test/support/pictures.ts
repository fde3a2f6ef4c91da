/** COGs of the sample's first scene in a server's store, and pictures as pixels. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Config } from '../../src/config.ts';
import { assetFolder } from '../../src/http/files.ts';
import { packageRoot } from '../../src/package-root.ts';
import { openRaster } from '../../src/raster/open-raster.ts';
import { writeCog } from '../../src/raster/write-cog.ts';

export const SCENE = 'scene_T32TPS_20240103T101021.tif';

/** Of the scene, by column and row (examples/README.md). */
export const red = (column: number, row: number): number => 1000 + ((column + 2 * row) % 4000);
export const nir = (column: number, row: number): number => 2000 + ((2 * column + row) % 6000);

/** Writes red.tif and nir.tif, in blocks of 128, into `scene/` of the store. */
export async function storeScene(config: Config): Promise<void> {
  const folder = join(assetFolder(config), 'scene');
  mkdirSync(folder, { recursive: true });
  const raster = await openRaster(join(packageRoot, 'examples/sample', SCENE));
  try {
    for (const layer of raster.layers)
      await writeCog(layer, join(folder, `${layer.asset}.tif`), { blockSize: 128 });
  } finally {
    await raster.close();
  }
}

export interface Seen {
  width: number;
  height: number;
  /** Red, green, blue, opacity. */
  at(column: number, row: number): number[];
  /** Pixels that are not wholly transparent. */
  opaque: number;
}

export async function pixelsOf(png: Uint8Array): Promise<Seen> {
  const image = sharp(png).toColourspace('srgb').ensureAlpha().raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const at = (column: number, row: number) => {
    const from = (row * info.width + column) * 4;
    return [...data.subarray(from, from + 4)];
  };
  let opaque = 0;
  for (let index = 3; index < data.length; index += 4) opaque += Number(data[index]! > 0);
  return { width: info.width, height: info.height, at, opaque };
}
