/**
 * CF time values ("hours since 1900-01-01", calendar) -> instants. CF 1.11 section 4.4, UDUNITS.
 * Counted in whole microseconds (bigint), so that int64 and sub-second times are exact.
 */
import { UserError } from '../errors.ts';

const UNIT_MICROSECONDS: [RegExp, number][] = [
  [/^(d|days?)$/i, 86_400_000_000],
  [/^(h|hr|hrs|hours?)$/i, 3_600_000_000],
  [/^(min|mins|minutes?)$/i, 60_000_000],
  [/^(s|sec|secs|seconds?)$/i, 1_000_000],
  [/^(ms|msec|msecs|millis|milliseconds?)$/i, 1000],
  [/^(us|microsec|microsecs|microseconds?)$/i, 1],
  [/^(ns|nsec|nsecs|nanoseconds?)$/i, 0.001],
];
const DAY = 86_400_000_000n;
/** First day of the Gregorian calendar, in days since 1970. */
const GREGORIAN_START = -141_427n;

export type DecodeTime = (value: number | bigint) => Instant;

/** Microseconds since 1970-01-01T00:00:00Z. */
export type Instant = bigint;

/** Does this unit tell times? */
export function isTimeUnit(units: string): boolean {
  return /^\s*\w+\s+since\s+\S/i.test(units);
}

/** @throws UserError for calendars and units that name no instants on the real calendar */
export function timeDecoder(units: string, calendar: string | null): DecodeTime {
  const kind = (calendar ?? 'standard').toLowerCase();
  if (!['standard', 'gregorian', 'proleptic_gregorian'].includes(kind)) {
    throw new UserError(
      `calendar '${kind}' has days that do not exist in STAC's calendar; convert the times to the standard calendar`,
    );
  }
  const parts = /^\s*(\w+)\s+since\s+(.+?)\s*$/i.exec(units);
  const step = UNIT_MICROSECONDS.find(([pattern]) => pattern.test(parts?.[1] ?? ''))?.[1];
  const reference =
    parts?.[2] === undefined ? null : parseReference(parts[2], kind !== 'proleptic_gregorian');
  if (step === undefined || reference === null) {
    throw new UserError(
      `time unit '${units}' is not understood; read are days, hours, minutes, seconds and fractions of them since a date`,
    );
  }
  return (value) => {
    if (step < 1) return reference + divideRounded(BigInt(value), BigInt(Math.round(1 / step)));
    if (typeof value === 'bigint') return reference + value * BigInt(step);
    if (!Number.isFinite(value)) throw new UserError(`a time value is ${value}, which is no instant`);
    // Whole units apart, so that only the fraction is rounded to microseconds.
    const whole = Math.trunc(value);
    return reference + BigInt(whole) * BigInt(step) + BigInt(Math.round((value - whole) * step));
  };
}

function divideRounded(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value >= 0n ? (value + half) / by : -((-value + half) / by);
}

function parseReference(text: string, mixedCalendar: boolean): Instant | null {
  const parts =
    /^([+-]?\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(\.\d*)?)?)?)?\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?$/i.exec(
      text,
    );
  if (!parts) return null;
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    zone = 'Z',
  ] = parts;
  const days = dayNumber(Number(year), Number(month), Number(day), mixedCalendar);
  if (days === null) return null;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const micro = Math.round(Number(`0${fraction || '.0'}`) * 1e6);
  const offset = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  const offsetSeconds = offset
    ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60)
    : 0;
  return days * DAY + BigInt(seconds - offsetSeconds) * 1_000_000n + BigInt(micro);
}

/** Days since 1970-01-01. In the mixed calendar, dates before 1582-10-15 are Julian. */
function dayNumber(year: number, month: number, day: number, mixed: boolean): bigint | null {
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  // Fliegel and Van Flandern, by way of March-based years.
  const y = month <= 2 ? year - 1 : year;
  const shifted = (month + 9) % 12;
  const dayOfYear = Math.floor((153 * shifted + 2) / 5) + day - 1;
  const gregorian =
    y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
  if (!mixed || BigInt(gregorian) >= GREGORIAN_START) return BigInt(gregorian);
  return BigInt(y * 365 + Math.floor(y / 4) + dayOfYear - 719_470);
}

/** RFC 3339 in UTC; as many decimals as it takes: none, three or six. @throws UserError outside the years 1 to 9999 */
export function formatInstant(instant: Instant): string {
  const milliseconds = instant >= 0n ? instant / 1000n : -((-instant + 999n) / 1000n);
  const rest = Number(instant - milliseconds * 1000n);
  const date = new Date(Number(milliseconds));
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9999) {
    throw new UserError('a time lies outside the years 1 to 9999, which STAC cannot tell');
  }
  const text = date.toISOString();
  if (rest !== 0) return text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
  return text.replace('.000Z', 'Z');
}

/** RFC 3339 -> the compact form in layer keys: 20240101T000000Z, 20240101T000000500Z. */
export function compactInstant(datetime: string): string {
  return datetime.replace(/[-:.]/g, '');
}
