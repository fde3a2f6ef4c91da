/**
 * Name or JSON of a colormap -> colours. A named one is a ramp: its anchor colours stand at even distances (or where they are
 * told), with straight lines between them, from the least value to the greatest. One of JSON gives colours to single values
 * or to intervals, in the forms of rio-tiler.
 */

/** Red, green, blue, opacity, each 0 to 255. */
export type Colour = [number, number, number, number];

export type Colormap =
  /** 256 colours, four bytes each. */
  | { kind: 'ramp'; table: Uint8Array }
  | { kind: 'values'; colours: Map<number, Colour> }
  /** least <= value < most; in order, none over another. */
  | { kind: 'intervals'; intervals: { least: number; most: number; colour: Colour }[] };

/** Anchors in hexadecimal. Blues to RdYlGn are ColorBrewer's; viridis to plasma are matplotlib's at every eighth. */
const RAMPS: Record<string, string> = {
  gray: '000000 ffffff',
  greys: 'ffffff f0f0f0 d9d9d9 bdbdbd 969696 737373 525252 252525 000000',
  viridis: '440154 472d7b 3b528b 2c728e 21908c 27ad81 5dc863 aadc32 fde725',
  magma: '000004 1d1147 51127c 822681 b63679 e65164 fb8861 fec287 fcfdbf',
  inferno: '000004 210c4a 56106e 89226a bb3754 e35932 f98c0a f9c932 fcffa4',
  plasma: '0d0887 4c02a1 7e03a8 a92395 cc4678 e56b5d f89441 fdc328 f0f921',
  blues: 'f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b',
  greens: 'f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b',
  reds: 'fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d',
  ylgnbu: 'ffffd9 edf8b1 c7e9b4 7fcdbb 41b6c4 1d91c0 225ea8 253494 081d58',
  rdbu: '67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061',
  rdylgn: 'a50026 d73027 f46d43 fdae61 fee08b ffffbf d9ef8b a6d96a 66bd63 1a9850 006837',
  spectral: '9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2',
  terrain: '333399@0 0099ff@0.15 00cc66@0.25 ffff99@0.5 805c54@0.75 ffffff@1',
};

/** All of them, and each backwards. */
export const COLORMAP_NAMES: string[] = Object.keys(RAMPS).flatMap((name) => [name, `${name}_r`]);

const channels = (hex: string): number[] => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

/** Case does not count. null: there is none of this name. */
export function namedColormap(name: string): Colormap | null {
  const lower = name.toLowerCase();
  const isReversed = lower.endsWith('_r');
  const base = isReversed ? lower.slice(0, -2) : lower;
  const ramp = Object.hasOwn(RAMPS, base) ? RAMPS[base]! : null;
  if (ramp === null) return null;
  const words = ramp.split(' ').map((word) => word.split('@') as [string, string?]);
  const anchors = words.map(([hex, at], index) => ({
    at: at === undefined ? index / (words.length - 1) : Number(at),
    colour: channels(hex),
  }));
  const table = new Uint8Array(1024);
  for (let step = 0; step < 256; step += 1) {
    const share = (isReversed ? 255 - step : step) / 255;
    const next = Math.max(
      1,
      anchors.findIndex(({ at }) => at >= share),
    );
    const [low, high] = [anchors[next - 1]!, anchors[next]!];
    const along = (share - low.at) / (high.at - low.at);
    for (let channel = 0; channel < 3; channel += 1) {
      const [from, to] = [low.colour[channel]!, high.colour[channel]!];
      table[step * 4 + channel] = Math.round(from + (to - from) * along);
    }
    table[step * 4 + 3] = 255;
  }
  return { kind: 'ramp', table };
}

const MOST_ENTRIES = 1024;

/** What a JSON colormap may be, for whoever sent something else. */
export const COLORMAP_FORM = `{"value": colour, ...} or [[[least, most], colour], ...] in order, at most ${MOST_ENTRIES}; a colour is [red, green, blue(, opacity)] from 0 to 255, or "#rrggbb(aa)"`;

/** null: it is no colormap. */
export function parseColormap(json: unknown): Colormap | null {
  if (typeof json !== 'object' || json === null) return null;
  const entries = Object.entries(json);
  if (entries.length === 0 || entries.length > MOST_ENTRIES) return null;
  return Array.isArray(json) ? parseIntervals(json) : parseValues(entries);
}

function parseValues(entries: [string, unknown][]): Colormap | null {
  const colours = new Map<number, Colour>();
  for (const [key, given] of entries) {
    const value = key.trim() === '' ? Number.NaN : Number(key);
    const colour = parseColour(given);
    if (!Number.isFinite(value) || colour === null) return null;
    colours.set(value, colour);
  }
  return { kind: 'values', colours };
}

function parseIntervals(list: unknown[]): Colormap | null {
  const intervals: { least: number; most: number; colour: Colour }[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const entry of list) {
    if (!Array.isArray(entry) || entry.length !== 2 || !Array.isArray(entry[0])) return null;
    const [least, most] = entry[0] as unknown[];
    const colour = parseColour(entry[1]);
    if (typeof least !== 'number' || typeof most !== 'number' || colour === null) return null;
    if (!(least < most) || least < before) return null;
    before = most;
    intervals.push({ least, most, colour });
  }
  return { kind: 'intervals', intervals };
}

function parseColour(value: unknown): Colour | null {
  if (typeof value === 'string') {
    const found = /^#([0-9a-f]{6})([0-9a-f]{2})?$/i.exec(value);
    if (!found) return null;
    return [...channels(found[1]!), Number.parseInt(found[2] ?? 'ff', 16)] as Colour;
  }
  if (!Array.isArray(value) || value.length < 3 || value.length > 4) return null;
  const isByte = (each: unknown) =>
    Number.isInteger(each) && (each as number) >= 0 && (each as number) <= 255;
  return value.every(isByte) ? ([...value, 255].slice(0, 4) as Colour) : null;
}

/** Indexes of a file -> its own colours; index beyond its end: none. */
export function tableColormap(colorTable: number[]): Colormap {
  const count = colorTable.length / 3;
  const colours = new Map<number, Colour>();
  for (let index = 0; index < count; index += 1) {
    const channel = (at: number) => Math.round((colorTable[at * count + index] ?? 0) / 257);
    colours.set(index, [channel(0), channel(1), channel(2), 255]);
  }
  return { kind: 'values', colours };
}
