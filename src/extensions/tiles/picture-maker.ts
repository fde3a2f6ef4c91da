/**
 * The maker of pictures of one server: it keeps headers, decoded blocks and finished pictures up to so many bytes, and opens
 * and draws a few at a time.
 */
import { ApiError } from '../../errors.ts';
import type { Context } from '../../http/api.ts';
import type { PixelArray } from '../../raster/types.ts';
import { locate } from '../../render/geolocation.ts';
import { imageBytes, openImage } from '../../render/image.ts';
import type { KeepBlock } from '../../render/window.ts';
import { readAhead } from './ahead-bytes.ts';
import { drawPicture } from './draw.ts';
import { keepUpTo } from './kept.ts';
import type { NamedAsset } from './layers.ts';
import { type MarkedBytes, openLocal } from './local-bytes.ts';
import { type Drawing, type Opened, ofAsset, type PictureFile } from './opened.ts';
import { picturePlace } from './place.ts';
import { openRemote } from './remote-bytes.ts';
import { makeTurns } from './turns.ts';

const MIB = 1024 * 1024;
const KEPT = { files: 32 * MIB, blocks: 64 * MIB, pictures: 32 * MIB };
/** A picture may have 128 MiB of blocks in memory, as a rule a few. */
const AT_ONCE = 4;
const WAITING = 64;
/** Milliseconds for which a file on the web is taken to be as it was; addresses are signed for longer. */
const FRESH = 300_000;
/** Milliseconds for one picture. */
const TIME_LIMIT = 30_000;

export interface PictureMaker {
  /** @throws ApiError NotFound, Unavailable, Timeout */
  open(named: NamedAsset, context: Context): Promise<Opened>;
  /**
   * A PNG.
   * @param key the same for the same picture alone
   * @throws ApiError
   */
  draw(key: string, drawing: Drawing, mustBeWanted: () => void): Promise<Buffer>;
}

export function makePictureMaker(): PictureMaker {
  const files = keepUpTo<PictureFile & { until: number }>(KEPT.files);
  const blocks = keepUpTo<PixelArray>(KEPT.blocks);
  const pictures = keepUpTo<Buffer>(KEPT.pictures);
  const takeTurn = makeTurns(AT_ONCE, WAITING);
  const takeOpening = makeTurns(AT_ONCE, WAITING);

  const openFile = (key: string, find: () => Promise<MarkedBytes>) =>
    files.getOrMake(key, () =>
      takeOpening(async () => {
        const bytes = await find();
        const image = await openImage(readAhead(bytes));
        const file = { bytes, image, where: locate(image), until: Date.now() + FRESH };
        return { value: file, bytes: imageBytes(image) };
      }),
    );

  const keeper = ({ bytes }: Opened, end: number): KeepBlock => {
    return ({ level, isMask, index, bytes: length }, read) => {
      if (Date.now() > end)
        throw new ApiError('Timeout', `the picture was not made in ${TIME_LIMIT / 1000} s; try again later`);
      const make = async () => ({ value: await read(), bytes: length });
      return blocks.getOrMake(`${bytes.mark} ${level} ${isMask} ${index}`, make);
    };
  };

  return {
    async open(named, context) {
      const place = await picturePlace(named.asset, named.key, context);
      const file = await ofAsset(named.key, async () => {
        if (place.kind === 'file') {
          const bytes = await openLocal(place.folder, place.parts);
          return openFile(bytes.mark, async () => bytes);
        }
        // Without the query: a signature is another each time.
        const key = `${place.address.origin}${place.address.pathname}`;
        if ((files.get(key)?.until ?? Number.POSITIVE_INFINITY) < Date.now()) files.delete(key);
        return openFile(key, () => openRemote(place));
      });
      return { named, ...file };
    },
    async draw(key, drawing, mustBeWanted) {
      const kept = pictures.get(key);
      if (kept) return kept;
      return takeTurn(async () => {
        mustBeWanted();
        const end = Date.now() + TIME_LIMIT;
        const picture = pictures.get(key) ?? (await drawPicture(drawing, (opened) => keeper(opened, end)));
        pictures.set(key, picture, picture.length + 500);
        return picture;
      });
    },
  };
}
