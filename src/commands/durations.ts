/** How long something lasts, as it is written on the command line. */
import { UserError } from '../errors.ts';

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** "30d", "12h", "90m" or seconds -> seconds; null: not given. @throws UserError */
export function parseLifetime(text: string | null): number | null {
  if (text === null) return null;
  const [, number, unit = 's'] = /^(\d{1,9})([smhdw]?)$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * (SECONDS[unit === '' ? 's' : unit] ?? 1);
  if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
  throw new UserError(`--lifetime is "${text}"; give a time such as 30d, 12h, 90m, or seconds.`);
}
