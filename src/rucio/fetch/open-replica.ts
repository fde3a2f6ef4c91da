/** Replica -> stream of its bytes by a door of our own: https, http, davs, dav, s3 and file. */
import { readableUrl, schemeOf } from '../pfn.ts';
import type { Replica } from '../types.ts';
import type { Agents } from './get.ts';
import { type Access, type OpenBytes, openHttp, type Range } from './open-http.ts';
import { openLocal } from './open-local.ts';
import type { StorageAccess } from './storage-access.ts';

/** s3 PFN -> address over https or http, signed where our keys are for that place; for reading unless told. */
export type SignS3 = (pfn: string, method?: 'GET' | 'PUT') => Promise<string>;

export interface OpenOptions {
  /** Carry CA and client certificate; Node's own without them. */
  agents?: Agents | undefined;
  /** A JWT that storages accept. Sent over https to the PFN's own origin, never further. Never give a token of Rucio's own. */
  bearerToken?: string | null | undefined;
  /** What single RSEs are shown; comes before `bearerToken`. */
  storages?: StorageAccess | undefined;
  signS3?: SignS3 | undefined;
}

/** @throws ReplicaFault, or whatever `signal` was aborted with */
export async function openReplica(
  { pfn, signed, rse }: Pick<Replica, 'pfn' | 'signed' | 'rse'>,
  range: Range,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<OpenBytes> {
  const scheme = schemeOf(pfn);
  if (scheme === 'file') return openLocal(readableUrl(pfn), range.from, signal);
  const { agents, signS3 } = options;
  if (scheme === 's3' || scheme === 's3s') return openHttp(await signS3!(pfn), { agents }, range, signal);
  // A token beside a signature is refused by S3.
  if (signed !== undefined) return openHttp(readableUrl(signed), { agents }, range, signal);
  return openHttp(readableUrl(pfn), await accessTo(rse, options), range, signal);
}

async function accessTo(rse: string, { agents, bearerToken, storages }: OpenOptions): Promise<Access> {
  const ownAgents = storages?.agentsFor(rse);
  const token = (await storages?.tokenFor(rse)) ?? bearerToken;
  const isUnknown = ownAgents === undefined && !token;
  return {
    agents,
    ownAgents,
    bearerToken: token,
    ...(isUnknown && { hint: `; a token or certificate for it goes to [rse:${rse}] of rucio.cfg` }),
  };
}
