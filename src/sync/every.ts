/** "10m" -> milliseconds between two rounds. */
import { UserError } from '../errors.ts';

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds: a lake that is asked more often has no time for anything else; setTimeout takes no more than some weeks. */
const LEAST = 10;
const MOST = 7 * 86_400;

/** @param name of the option or setting, for the sentence @throws UserError */
export function parseEvery(text: string, name: string): number {
  const [, number, unit = 's'] = /^(\d+)\s*([smhd])$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? 1);
  if (seconds >= LEAST && seconds <= MOST) return seconds * 1000;
  throw new UserError(
    `${name} is "${text}"; give a time from 10s to 7d with its unit s, m, h or d, such as 10m.`,
  );
}
