/** What a check of rucio-stac doctor finds. */
import { messageOf } from '../../errors.ts';

export interface Finding {
  name: string;
  state: 'ok' | 'failed' | 'skipped';
  /** What was found; of a fault, what to do as well. */
  detail: string;
}

export const ok = (name: string, detail: string): Finding => ({ name, state: 'ok', detail });
export const failed = (name: string, detail: string): Finding => ({ name, state: 'failed', detail });
export const skipped = (name: string, detail: string): Finding => ({ name, state: 'skipped', detail });

/** Runs one check: whatever it throws is what it found. */
export async function attempt(name: string, check: () => Promise<Finding> | Finding): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return failed(name, messageOf(error).split('\n')[0]!);
  }
}

/** A date for people: to the minute, UTC. */
export const shortTime = (time: number): string =>
  `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
