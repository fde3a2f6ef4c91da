/**
 * CF time values ("hours since 1900-01-01", calendar) -> instants. CF 1.11 section 4.4, UDUNITS.
 * Counted in whole microseconds (bigint), so that int64 and sub-second times are exact.
 */
import { UserError } from '../errors.ts';
import { modelCalendar, modelDay, standardDate } from './cf-calendar.ts';

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

/** How a calendar counts days, and what its count is in days since 1970-01-01. */
interface Calendar {
  dayNumber(year: number, month: number, day: number): bigint | null;
  toStandard(days: bigint): bigint;
}

/** @throws UserError for calendars that are not read */
function calendarOf(name: string): Calendar {
  const model = modelCalendar(name);
  if (model) {
    return {
      dayNumber: (year, month, day) => modelDay(model, year, month, day),
      toStandard: (days) => gregorianDay(...standardDate(model, days)),
    };
  }
  const count = {
    standard: mixedDay,
    gregorian: mixedDay,
    proleptic_gregorian: gregorianDay,
    julian: julianDay,
  }[name];
  if (count === undefined) {
    throw new UserError(
      `calendar '${name}' is not read; read are standard, proleptic_gregorian, julian, noleap, all_leap and 360_day`,
    );
  }
  return {
    dayNumber: (year, month, day) =>
      month < 1 || month > 12 || day < 1 || day > 31 ? null : count(year, month, day),
    toStandard: (days) => days,
  };
}

/**
 * Dates of calendars with other years become the standard calendar's dates of the same name.
 * @throws UserError for calendars and units that are not read; the decoder, for dates that do not exist
 */
export function timeDecoder(units: string, calendar: string | null): DecodeTime {
  const kind = (calendar ?? 'standard').toLowerCase();
  const { dayNumber, toStandard } = calendarOf(kind);
  const parts = /^\s*(\w+)\s+since\s+(.+?)\s*$/i.exec(units);
  const step = stepOf(parts?.[1] ?? '', kind);
  const reference = parts?.[2] === undefined ? null : parseReference(parts[2], dayNumber);
  if (step === undefined || reference === null) {
    throw new UserError(
      `time unit '${units}' is not understood; read are days, hours, minutes, seconds and fractions of them since a date`,
    );
  }
  const settle = (instant: Instant) => {
    const days = instant >= 0n ? instant / DAY : -((-instant + DAY - 1n) / DAY);
    return toStandard(days) * DAY + (instant - days * DAY);
  };
  return (value) => {
    if (step < 1) return settle(reference + divideRounded(BigInt(value), BigInt(Math.round(1 / step))));
    if (typeof value === 'bigint') return settle(reference + value * BigInt(step));
    if (!Number.isFinite(value)) throw new UserError(`a time value is ${value}, which is no instant`);
    // Whole units apart, so that only the fraction is rounded to microseconds.
    const whole = Math.trunc(value);
    return settle(reference + BigInt(whole) * BigInt(step) + BigInt(Math.round((value - whole) * step)));
  };
}

/** Microseconds. Months have a length in the calendar of 360 days alone. */
function stepOf(unit: string, calendar: string): number | undefined {
  if (calendar === '360_day' && /^months?$/i.test(unit)) return 30 * Number(DAY);
  return UNIT_MICROSECONDS.find(([pattern]) => pattern.test(unit))?.[1];
}

function divideRounded(value: bigint, by: bigint): bigint {
  const half = by / 2n;
  return value >= 0n ? (value + half) / by : -((-value + half) / by);
}

function parseReference(text: string, dayNumber: Calendar['dayNumber']): Instant | null {
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
  const days = dayNumber(Number(year), Number(month), Number(day));
  if (days === null) return null;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  const micro = Math.round(Number(`0${fraction || '.0'}`) * 1e6);
  const offset = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone);
  const offsetSeconds = offset
    ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60)
    : 0;
  return days * DAY + BigInt(seconds - offsetSeconds) * 1_000_000n + BigInt(micro);
}

/** Days of March-based years, before leap years count (Fliegel and Van Flandern). */
function marchDays(year: number, month: number, day: number): { y: number; days: number } {
  const y = month <= 2 ? year - 1 : year;
  const shifted = (month + 9) % 12;
  return { y, days: y * 365 + Math.floor(y / 4) + Math.floor((153 * shifted + 2) / 5) + day - 1 };
}

/** Days since 1970-01-01, as the other two. */
function gregorianDay(year: number, month: number, day: number): bigint {
  const { y, days } = marchDays(year, month, day);
  return BigInt(days - Math.floor(y / 100) + Math.floor(y / 400) - 719_468);
}

const julianDay = (year: number, month: number, day: number) =>
  BigInt(marchDays(year, month, day).days - 719_470);

/** Before 1582-10-15, dates are Julian. */
function mixedDay(year: number, month: number, day: number): bigint {
  const gregorian = gregorianDay(year, month, day);
  return gregorian >= GREGORIAN_START ? gregorian : julianDay(year, month, day);
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
