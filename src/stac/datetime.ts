/** RFC 3339 instants and OGC API intervals -> UTC text that PostgreSQL reads. OGC API Features Part 1, 7.15.3. */
import { ApiError } from '../errors.ts';
import { shown } from '../geo/shown.ts';

/** Closed interval of RFC 3339 instants; null: open. */
export interface Interval {
  start: string | null;
  end: string | null;
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?([Zz]|[+-](\d{2}):(\d{2}))$/;

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** The instant as it came when it is RFC 3339 with a time zone, a day that exists and, in UTC, a year of 0001 to 9999, else null. A leap second is let through. */
export function checkInstant(text: string): string | null {
  const match = RFC3339.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHour = Number(match[9] ?? 0);
  const offsetMinute = Number(match[10] ?? 0);
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  const isTime = hour <= 23 && minute <= 59 && second <= 60 && offsetHour <= 23 && offsetMinute <= 59;
  if (!isDay || !isTime) return null;
  // PostgreSQL has no year 0, and text of years beyond 9999 does not sort as time does.
  return /^(?!0000)\d{4}-/.test(toUtc(text)) ? text : null;
}

/** PostgreSQL's own reading stops at 16 hours of offset: say the instant in UTC, to the microsecond. */
export function toUtc(text: string): string {
  const match = RFC3339.exec(text);
  if (!match) throw new ApiError('InvalidParameter', `${shown(text)} is not an RFC 3339 date-time`);
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const sign = zone.startsWith('-') ? 1 : -1;
  const offset = sign * (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0));
  at.setUTCHours(Number(hour), Number(minute) + offset, Number(second));
  const whole = at.toISOString().slice(0, -5);
  return `${whole}.${fraction.slice(0, 6).padEnd(6, '0')}Z`;
}

const ACCEPTED = [
  'accepted are a date-time of RFC 3339, such as 2024-01-03T00:00:00Z, in the years 0001 to 9999 of UTC',
  'and an interval of two, start/end, of which one may be ".." or empty; without datetime any time is found',
].join(', ');

function refuse(value: string): never {
  throw new ApiError('InvalidParameter', `datetime is ${shown(value)}; ${ACCEPTED}`, 'datetime');
}

/**
 * `datetime` of a search -> closed interval; an instant is an interval of one instant.
 * @throws ApiError InvalidParameter
 */
export function parseDatetime(value: string): Interval {
  const sides = value.split('/');
  if (sides.length > 2) refuse(value);
  const read = (side: string): string | null => {
    if (side === '' || side === '..') return null;
    return toUtc(checkInstant(side) ?? refuse(value));
  };
  if (sides.length === 1) {
    const instant = read(value) ?? refuse(value);
    return { start: instant, end: instant };
  }
  const [start, end] = sides.map(read) as [string | null, string | null];
  if (start === null && end === null) refuse(value);
  if (start !== null && end !== null && start > end) {
    throw new ApiError(
      'InvalidParameter',
      `datetime is ${shown(value)}, whose start is after its end; ${ACCEPTED}`,
      'datetime',
    );
  }
  return { start, end };
}
