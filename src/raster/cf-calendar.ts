/**
 * Calendars of models -> the same dates in the standard calendar. CF 1.11 section 4.4.1.
 * Years of 365, 366 or 360 days name no instants; what STAC can tell of them is the date they are called by.
 */
import { UserError } from '../errors.ts';

export interface ModelCalendar {
  name: string;
  months: readonly number[];
}

const NO_LEAP = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const ALL_LEAP = NO_LEAP.with(1, 29);
const EVEN = NO_LEAP.map(() => 30);

const CALENDARS: Record<string, readonly number[]> = {
  noleap: NO_LEAP,
  '365_day': NO_LEAP,
  all_leap: ALL_LEAP,
  '366_day': ALL_LEAP,
  '360_day': EVEN,
};

/** Null for calendars of real days, and for those that are not known. */
export function modelCalendar(name: string): ModelCalendar | null {
  const months = Object.hasOwn(CALENDARS, name) ? CALENDARS[name] : undefined;
  return months ? { name, months } : null;
}

/** What to tell of times that are mapped; null: nothing, they are instants. */
export function calendarNote(calendar: string | null): string | null {
  const name = (calendar ?? '').toLowerCase();
  return modelCalendar(name)
    ? `times are of the ${name} calendar and are told as the same dates of the standard calendar`
    : null;
}

const daysOf = (months: readonly number[]) => months.reduce((sum, days) => sum + days, 0);

/** Days since 0000-01-01 of the calendar; null when it has no such date. */
export function modelDay({ months }: ModelCalendar, year: number, month: number, day: number): bigint | null {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= months[month - 1]!)) return null;
  return BigInt(year * daysOf(months) + daysOf(months.slice(0, month - 1)) + day - 1);
}

/** Days since 0000-01-01 of the calendar -> year, month and day there. */
function dateOf({ months }: ModelCalendar, days: bigint): [number, number, number] {
  const length = BigInt(daysOf(months));
  const rest = ((days % length) + length) % length;
  let day = Number(rest);
  let month = 0;
  while (day >= months[month]!) day -= months[month++]!;
  return [Number((days - rest) / length), month + 1, day + 1];
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/**
 * Days since 0000-01-01 of the calendar -> the date that is called the same in the standard one.
 * @throws UserError when there is none (30 February)
 */
export function standardDate(calendar: ModelCalendar, days: bigint): [number, number, number] {
  const [year, month, day] = dateOf(calendar, days);
  const last = month === 2 && isLeap(year) ? 29 : NO_LEAP[month - 1]!;
  if (day <= last) return [year, month, day];
  const date = [String(year).padStart(4, '0'), ...[month, day].map((part) => String(part).padStart(2, '0'))];
  throw new UserError(
    `${date.join('-')} of the calendar '${calendar.name}' does not exist in STAC's calendar; convert the times to the standard calendar`,
  );
}
