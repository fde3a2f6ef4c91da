/** When a layer was: from its time axis, the lake's metadata, the raster's, or its name; else as the command line says. Never invented. */
import { checkInstant, toUtc } from '../stac/datetime.ts';
import type { LayerDescription } from './describe.ts';
import { baseName, type SourceFile } from './source.ts';

export interface ItemTime {
  datetime: string | null;
  start_datetime?: string;
  end_datetime?: string;
}

/** RFC 3339 in UTC without a fraction that says nothing; null when the text is no date with a day. A time without zone is UTC. */
export function readInstant(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.trim();
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? `${text}T00:00:00Z`
    : /^\d{4}-\d{2}-\d{2}[T ][\d:.]+$/.test(text)
      ? `${text.replace(' ', 'T')}Z`
      : text;
  const withSeconds = whole.replace(/^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})$/, '$1:00$2');
  if (checkInstant(withSeconds) === null) return null;
  return toUtc(withSeconds).replace(/\.?0+Z$/, 'Z');
}

function fromMetadata(metadata: Record<string, unknown>): ItemTime | null {
  const datetime = readInstant(metadata.datetime);
  const start = readInstant(metadata.start_datetime);
  const end = readInstant(metadata.end_datetime);
  if (start !== null && end !== null) return { datetime, start_datetime: start, end_datetime: end };
  return datetime === null ? null : { datetime };
}

/** TIFFTAG_DATETIME, "2024:01:03 05:41:12": when the file was written, or the scene taken; the last but one resort. */
function fromTiffTag(metadata: Record<string, string>): ItemTime | null {
  const match = /^(\d{4}):(\d{2}):(\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(metadata.TIFFTAG_DATETIME ?? '');
  const datetime = match ? readInstant(`${match[1]}-${match[2]}-${match[3]}T${match[4]}Z`) : null;
  return datetime === null ? null : { datetime };
}

/** A date in a file's name: 20240103T054112, 20240103_054112, 2024-01-03, 20240103. Two dates are an interval. */
export function fromName(name: string): ItemTime | null {
  const stem = baseName(name);
  const pattern =
    /(?<!\d)((?:19|20)\d{2})([-_]?)(\d{2})\2(\d{2})(?:[T_-]?(\d{2})[:-]?(\d{2})[:-]?(\d{2})Z?)?(?!\d)/g;
  const found = [...stem.matchAll(pattern)].flatMap(([, year, , month, day, hour, minute, second]) => {
    const time = hour === undefined ? '00:00:00' : `${hour}:${minute}:${second}`;
    return readInstant(`${year}-${month}-${day}T${time}Z`) ?? [];
  });
  const instants = [...new Set(found)].sort();
  const [first, last] = [instants[0], instants.at(-1)];
  if (first === undefined || last === undefined) return null;
  return first === last ? { datetime: first } : { datetime: null, start_datetime: first, end_datetime: last };
}

/** @param given `--datetime`: for what tells no time itself, before the date on which a file was written */
export function timeOf(
  layer: Pick<LayerDescription, 'time' | 'metadata'>,
  file: Pick<SourceFile, 'name' | 'metadata'>,
  given: ItemTime | null,
): ItemTime | null {
  const { time, metadata } = layer;
  if (time !== null) {
    const { datetime, start, end } = time;
    return {
      datetime,
      ...(start !== undefined && end !== undefined && { start_datetime: start, end_datetime: end }),
    };
  }
  const told = fromMetadata(file.metadata) ?? fromMetadata(metadata) ?? fromName(file.name);
  return told ?? given ?? fromTiffTag(metadata);
}
