/** Public address of a stored object -> whether everybody can read it there now, without keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, UserError } from '../errors.ts';

/** Milliseconds for an answer. */
const LIMIT = 15_000;
/** Between tries: a cache in front of the store may be behind it. */
const WAITS = [200, 1000];

/** null: it can be read; else why not. */
async function ask(address: string, bytes: number, signal: AbortSignal | undefined): Promise<string | null> {
  const limit = AbortSignal.timeout(LIMIT);
  try {
    const answer = await fetch(address, {
      headers: { range: 'bytes=0-0', 'accept-encoding': 'identity' },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    // A server without ranges sends all of it.
    await answer.body?.cancel();
    if (answer.status !== 206 && answer.status !== 200) return `it answers ${answer.status}`;
    const size = answer.headers.get('content-range')?.split('/')[1] ?? answer.headers.get('content-length');
    return size === null || size === '*' || Number(size) === bytes
      ? null
      : `it has ${size} bytes there, not ${bytes}`;
  } catch (error) {
    signal?.throwIfAborted();
    const { cause } = error as { cause?: unknown };
    return limit.aborted ? `no answer in ${LIMIT / 1000} s` : messageOf(cause ?? error);
  }
}

/**
 * An Item must not name what nobody can read.
 * @throws UserError that says which setting to look at
 */
export async function mustBeReadable(address: string, bytes: number, signal?: AbortSignal): Promise<void> {
  let fault = await ask(address, bytes, signal);
  for (const wait of WAITS) {
    if (fault === null) return;
    await sleep(wait, undefined, { signal });
    fault = await ask(address, bytes, signal);
  }
  if (fault === null) return;
  throw new UserError(
    `${address} is stored, and cannot be read there without keys (${fault}). Let everybody read the bucket (s3:GetObject), or set ` +
      'S3_PUBLIC_URL to where it can be read; with RUCIO_STAC_SIGN_ASSETS=true, or S3_CHECK_PUBLIC=false, this is not looked at.',
  );
}
