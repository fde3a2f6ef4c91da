/** --register of ingest: what it says, and what it did. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { UserError } from '../errors.ts';
import type { Progress } from '../ingest/progress.ts';
import { openRegister, type Register } from '../ingest/register.ts';
import { parseDid } from '../ingest/rucio-source.ts';
import type { RegisterWish } from '../ingest/settings.ts';
import type { Source } from '../ingest/source.ts';
import { didKey } from '../rucio/resolve.ts';
import type { AssetStore } from '../s3/types.ts';
import { makeValidator } from '../stac/validate.ts';

export const REGISTER_OPTIONS = {
  register: { type: 'string' },
  'register-as': { type: 'string' },
  'register-stac': { type: 'boolean' },
} as const;

/** @throws UserError */
export function readRegister(text: (key: string) => string | null, stac: boolean): RegisterWish | null {
  const [rse, given] = [text('register'), text('register-as')];
  if (rse === null && given !== null)
    throw new UserError('--register-as needs --register RSE, which says where the bytes go.');
  if (rse === null && stac)
    throw new UserError('--register-stac needs --register RSE, which says where the Items go.');
  const dataset = given === null ? null : parseDid(given);
  if (given !== null && dataset === null)
    throw new UserError(`--register-as is "${given}"; give a dataset as SCOPE:NAME.`);
  return rse === null ? null : { rse, dataset, stac };
}

interface Surroundings {
  config: Config;
  store: AssetStore;
  /** `--datetime` */
  time: string | null;
  progress: Progress;
  signal: AbortSignal;
}

export async function findRegister(
  source: Source,
  wish: RegisterWish | null,
  { config, store, time, progress, signal }: Surroundings,
): Promise<Register | null> {
  if (wish === null) return null;
  return openRegister(source, {
    ...wish,
    store,
    workFolder: join(config.dataFolder, 'work'),
    time: time === null ? null : { datetime: time },
    stac: wish.stac ? { base: config.publicUrl, validator: makeValidator() } : undefined,
    signal,
    onRegistered: (did, bytes) => progress.event('ingest:cog:registered', { did, rse: wish.rse, bytes }),
  });
}

export function registerLines(register: Register | null): string[] {
  if (register === null) return [];
  const { dataset, rse, counts, itemCounts, notes } = register;
  const told = `${counts.registered} COGs put into the lake at ${rse}, ${counts.there} were there; dataset ${didKey(dataset)}`;
  const items =
    itemCounts &&
    `${itemCounts.registered} Items put into the lake at ${rse}, ${itemCounts.there} were there`;
  return [told, ...(items ? [items] : []), ...notes.map((note) => `note: ${note}`)];
}
