/** Settings -> what the server asks where an asset can be read: Rucio, and our own bucket. */
import type { Config, Env } from '../config.ts';
import { messageOf, UserError } from '../errors.ts';
import { connectRucio } from '../rucio/connect.ts';
import { type Lake, openLake } from '../rucio/lake.ts';
import { readRucioConfig } from '../rucio/read-config.ts';
import { publicAddress } from '../s3/address.ts';
import { readS3Settings } from '../s3/settings.ts';
import { makeSigner, type Signer } from '../s3/sign.ts';

/** Seconds that a signed address can be used. */
const SIGNED = 3600;

/** A line of the server's log. */
type Log = (event: string, fields: Record<string, unknown>) => void;

/** Opens no connection yet. Null where no Rucio is configured; one that is, and cannot be used, is told. */
export function findLake({ rses }: Config, env: Env, log: Log): Lake | null {
  try {
    return openLake(connectRucio(readRucioConfig(env)), {
      rses,
      onFault: (expression, reason) => log('rses:fault', { setting: 'RUCIO_STAC_RSES', expression, reason }),
    });
  } catch (error) {
    const isMeant = env.RUCIO_CONFIG || env.RUCIO_HOME || env.RUCIO_HOST;
    if (isMeant) process.stderr.write(`Replicas are not looked up in Rucio: ${messageOf(error)}\n`);
    return null;
  }
}

/** Where public addresses of our own objects begin; null without a bucket. */
export function findBucket(env: Env): string | null {
  const settings = readS3Settings(env);
  return settings && publicAddress(settings, '');
}

/**
 * Of addresses in our bucket; null without one, where Rucio may sign addresses of its own RSEs.
 * @throws UserError when there is neither
 */
export function findSigner({ signAssets }: Config, env: Env, lake: Lake | null): Signer | null {
  if (!signAssets) return null;
  const settings = readS3Settings(env);
  if (settings) return makeSigner(settings, SIGNED);
  if (lake !== null) return null;
  throw new UserError(
    'RUCIO_STAC_SIGN_ASSETS needs a bucket or Rucio; set S3_BUCKET and the keys for it, or RUCIO_CONFIG, or leave it out.',
  );
}
