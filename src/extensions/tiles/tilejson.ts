/** Open files -> TileJSON 3.0.0. https://github.com/mapbox/tilejson-spec/tree/master/3.0.0 */

import type { Geolocation } from '../../render/geolocation.ts';
import type { Image } from '../../render/image.ts';
import { HALF, latitudeOf, zoomOf } from '../../render/mercator.ts';
import { levelFor, MOST_BYTES } from '../../render/read-overview.ts';
import { windowBytes } from '../../render/window.ts';
import type { Opened } from './opened.ts';
import { noPicture } from './place.ts';

const TILE = 256;
const MOST_ZOOM = 24;
/** Where the map ends. */
const MOST_LATITUDE = latitudeOf(HALF);

type Bounds = [number, number, number, number];

/** In TileJSON west is less than east: what crosses the antimeridian goes round the world. */
function boundsOf(all: Geolocation[]): Bounds {
  const crosses = all.some(({ bounds: [west, , east] }) => west > east);
  const edge = (index: 0 | 1 | 2 | 3) => all.map(({ bounds }) => bounds[index]);
  const clamp = (latitude: number) => Math.max(-MOST_LATITUDE, Math.min(MOST_LATITUDE, latitude));
  return [
    crosses ? -180 : Math.min(...edge(0)),
    clamp(Math.min(...edge(1))),
    crosses ? 180 : Math.max(...edge(2)),
    clamp(Math.max(...edge(3))),
  ];
}

/** The least zoom at which a tile in the middle does not read too much, of those at which all is about one tile or more. */
function leastZoom(image: Image, most: number): number {
  const { width, height } = image;
  let zoom = Math.max(0, most - Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / TILE))));
  for (; zoom < most; zoom += 1) {
    const step = 2 ** (most - zoom);
    const level = levelFor(image, step);
    const { layout } = image.levels[level]!;
    const side = (length: number, whole: number) =>
      Math.min(length, Math.ceil((TILE * step * length) / whole));
    const window = {
      column: 0,
      row: 0,
      width: side(layout.width, width),
      height: side(layout.height, height),
    };
    // A window that does not begin with a block touches one more, either way.
    if (windowBytes(image, level, window, 1) * 2 <= MOST_BYTES) break;
  }
  return zoom;
}

/**
 * @param tiles address of a tile, with {z}, {x} and {y}
 * @throws ApiError NotFound where a file is nowhere on the map
 */
export function tileJson(opened: Opened[], name: string, tiles: string): object {
  const places = opened.map(({ where, named }) => {
    if (where === null)
      throw noPicture(named.key, 'it does not say where on Earth it is, so it has no tiles');
    return where;
  });
  const zooms = opened.map(({ image }, index) => {
    const most = Math.min(MOST_ZOOM, zoomOf(places[index]!.resolution));
    return { least: leastZoom(image, most), most };
  });
  const bounds = boundsOf(places);
  const minzoom = Math.max(...zooms.map(({ least }) => least));
  const maxzoom = Math.max(minzoom, ...zooms.map(({ most }) => most));
  const [west, south, east, north] = bounds;
  return {
    tilejson: '3.0.0',
    name,
    scheme: 'xyz',
    tiles: [tiles],
    minzoom,
    maxzoom,
    bounds,
    center: [(west + east) / 2, (south + north) / 2, minzoom],
  };
}
