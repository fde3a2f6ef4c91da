/** Times as they stand in file names -> the period that they name: 20240103T054112, 2024-01-03, 2024003 (day of the year), 202401, 2024. */

export interface Period {
  /** RFC 3339 in UTC: its first second. */
  datetime: string;
  /** RFC 3339 in UTC: its last second; the same where the name tells seconds. */
  end: string;
}

const FORM =
  /^(\d{4})(?:-?(\d{2})(?:-?(\d{2}))?|-?(\d{3}))?(?:[T_-]?(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?Z?)?$/i;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const toText = (time: number) => new Date(time).toISOString().replace('.000Z', 'Z');

/** Milliseconds since 1970 of a day, which may be counted from the year's first; null: it is not on the calendar. */
function dayOf(year: number, month: number, day: number, isOfYear: boolean): number | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isReal = isOfYear ? day > 0 : date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal && date.getUTCFullYear() === year ? date.getTime() : null;
}

/** null: it is none of these forms, or not on the calendar. */
export function periodOf(text: string): Period | null {
  const parts = FORM.exec(text);
  if (!parts) return null;
  const told = parts.slice(1).map((part) => (part === undefined ? null : Number(part)));
  const [year, month, day, doy, hour, minute, second] = told as [number, ...(number | null)[]];
  const isOfYear = typeof doy === 'number';
  const date = dayOf(year, month ?? 1, doy ?? day ?? 1, isOfYear);
  const isDay = isOfYear || typeof day === 'number';
  if (date === null || (hour ?? 0) > 23 || (minute ?? 0) > 59 || (second ?? 0) > 59) return null;
  // Digits after a month alone would be hours of no day.
  if (typeof hour === 'number' && !isDay) return null;
  const start = date + (hour ?? 0) * HOUR + (minute ?? 0) * MINUTE + (second ?? 0) * SECOND;
  const next = () => {
    if (typeof minute === 'number') return start + MINUTE;
    if (typeof hour === 'number') return start + HOUR;
    if (isDay) return start + DAY;
    return Date.UTC(year, typeof month === 'number' ? month : 12, 1);
  };
  const end = typeof second === 'number' ? start : next() - SECOND;
  return { datetime: toText(start), end: toText(end) };
}

/** The period as fields of an Item: an instant, or its first second and the interval. */
export function periodFields({ datetime, end }: Period): Record<string, string> {
  return datetime === end ? { datetime } : { datetime, start_datetime: datetime, end_datetime: end };
}
