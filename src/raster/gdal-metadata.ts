/**
 * GDAL_METADATA (TIFF tag 42112, XML) and TIFF's own text tags <-> items, and what they say of bands and times.
 * https://gdal.org/en/stable/drivers/raster/gtiff.html#metadata
 */
import { type Directory, TAG, textOf } from './tiff-directory.ts';
import type { BandStatistics, LayerBand, LayerTime } from './types.ts';

interface Item {
  name: string;
  sample: number | null;
  role: string | null;
  domain: string | null;
  value: string;
}

export interface BandFacts {
  description: string | null;
  scale: number | null;
  offset: number | null;
  unit: string | null;
  /** Items of the band alone, statistics excepted. */
  items: Record<string, string>;
}

/** TIFF tags that GDAL shows as metadata. */
export const TEXT_TAGS = new Map([
  [269, 'TIFFTAG_DOCUMENTNAME'],
  [270, 'TIFFTAG_IMAGEDESCRIPTION'],
  [305, 'TIFFTAG_SOFTWARE'],
  [306, 'TIFFTAG_DATETIME'],
  [315, 'TIFFTAG_ARTIST'],
  [316, 'TIFFTAG_HOSTCOMPUTER'],
  [33432, 'TIFFTAG_COPYRIGHT'],
]);

function parseItems(xml: string): Item[] {
  const items: Item[] = [];
  for (const [, attributes = '', value = ''] of xml.matchAll(/<Item\b([^>]*?)(?:\/>|>([\s\S]*?)<\/Item>)/g)) {
    const attribute = (name: string) => {
      const found = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
      return found === undefined ? null : unescapeXml(found);
    };
    const sample = attribute('sample');
    items.push({
      name: attribute('name') ?? '',
      sample: sample === null ? null : Number(sample),
      role: attribute('role'),
      domain: attribute('domain'),
      // GDAL escapes twice on its way out and undoes both on its way in.
      value: unescapeXml(unescapeXml(value)),
    });
  }
  return items;
}

/** Items of the whole file (text tags included, under GDAL's names) and of each band. */
export function readGdalMetadata(directory: Directory, bands: number) {
  const items = parseItems(textOf(directory, TAG.gdalMetadata) ?? '');
  const metadata: Record<string, string> = {};
  for (const [tag, name] of TEXT_TAGS) {
    const text = textOf(directory, tag);
    if (text !== null) metadata[name] = text;
  }
  const facts: BandFacts[] = Array.from({ length: bands }, () => ({
    description: null,
    scale: null,
    offset: null,
    unit: null,
    items: {},
  }));
  for (const item of items) {
    if (item.sample === null) {
      if (item.domain === null && item.name) metadata[item.name] = item.value;
      continue;
    }
    const band = facts[item.sample];
    if (band) addBandItem(band, item);
  }
  for (const band of facts) {
    if (band.scale === 1 && (band.offset ?? 0) === 0) Object.assign(band, { scale: null, offset: null });
    if (band.scale !== null || band.offset !== null) {
      band.scale ??= 1;
      band.offset ??= 0;
    }
  }
  return { metadata, bands: facts };
}

function addBandItem(band: BandFacts, item: Item): void {
  const number = Number(item.value);
  if (item.role === 'description') band.description = item.value;
  else if (item.role === 'unittype') band.unit = item.value || null;
  else if (item.role === 'scale') band.scale = Number.isFinite(number) ? number : null;
  else if (item.role === 'offset') band.offset = Number.isFinite(number) ? number : null;
  else if (item.domain === null && item.role === null && item.name && !item.name.startsWith('STATISTICS_')) {
    band.items[item.name] = item.value;
  }
}

/** Tag 42112 of a COG; null when there is nothing to say. Text tags are not repeated here. */
export function writeGdalMetadata(
  metadata: Record<string, string>,
  bands: LayerBand[],
  statistics: BandStatistics[],
): string | null {
  const lines: string[] = [];
  const textTags = new Set(TEXT_TAGS.values());
  const add = (name: string, value: string | number | null, rest = '') => {
    if (value !== null)
      lines.push(`  <Item name="${escapeXml(name)}"${rest}>${escapeXml(escapeXml(String(value)))}</Item>`);
  };
  for (const [name, value] of Object.entries(metadata)) {
    if (!textTags.has(name) && name !== 'AREA_OR_POINT') add(name, value);
  }
  bands.forEach((band, index) => {
    const sample = ` sample="${index}"`;
    const found = statistics[index];
    if (found) {
      add('STATISTICS_MAXIMUM', found.maximum, sample);
      add('STATISTICS_MEAN', found.mean, sample);
      add('STATISTICS_MINIMUM', found.minimum, sample);
      add('STATISTICS_STDDEV', found.stddev, sample);
      add('STATISTICS_VALID_PERCENT', found.valid_percent, sample);
    }
    add('DESCRIPTION', band.description, `${sample} role="description"`);
    add('OFFSET', band.offset, `${sample} role="offset"`);
    add('SCALE', band.scale, `${sample} role="scale"`);
    add('UNITTYPE', band.unit, `${sample} role="unittype"`);
  });
  return lines.length === 0 ? null : `<GDALMetadata>\n${lines.join('\n')}\n</GDALMetadata>\n`;
}

const START_KEYS = ['start_datetime', 'product_start_time', 'sensing_start', 'acquisition_start'];
const END_KEYS = ['end_datetime', 'product_stop_time', 'sensing_stop', 'acquisition_end'];
const INSTANT_KEYS = ['datetime', 'acquisition_datetime', 'acquisitiondatetime', 'sensing_time'];

/** Time that metadata items state outright. TIFFTAG_DATETIME is no such item: it often tells when a file was made. */
export function timeOfMetadata(metadata: Record<string, string>): LayerTime | null {
  const lower = new Map(Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value]));
  const find = (names: string[]) => {
    for (const name of names) {
      const parsed = parseInstant(lower.get(name) ?? '');
      if (parsed) return parsed;
    }
    return null;
  };
  const start = find(START_KEYS);
  const end = find(END_KEYS);
  const datetime = find(INSTANT_KEYS) ?? start;
  if (datetime === null) return null;
  return start && end && start <= end ? { datetime, start, end } : { datetime };
}

/** ISO 8601 text (a date alone is midnight, no zone is UTC) -> RFC 3339 in UTC; null when it is no such date. */
export function parseInstant(text: string): string | null {
  const parts =
    /^\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?\s*$/i.exec(
      text,
    );
  if (!parts) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts;
  const offset = /^[+-]/.test(zone) ? zone.replace(/^(.\d{2}):?/, '$1:') : 'Z';
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`);
  if (Number.isNaN(date.getTime()) || Number(day) > daysOf(Number(year), Number(month))) return null;
  return date.toISOString().replace('.000Z', `${/[1-9]/.test(fraction) ? fraction : ''}Z`);
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function unescapeXml(text: string): string {
  return text
    .replace(/&#(x?)([0-9a-fA-F]+);/g, (_, hex: string, code: string) =>
      String.fromCodePoint(Number.parseInt(code, hex ? 16 : 10)),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
