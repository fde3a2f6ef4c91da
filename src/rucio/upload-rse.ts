/** Name of an RSE -> how files are written to it: its doors for writing that we can use, best first. Rucio REST: /rses/{rse}, /rses/{rse}/lfns2pfns. */
import { UserError } from '../errors.ts';
import type { Api } from './api.ts';
import { RucioError } from './faults.ts';
import type { Did } from './types.ts';

export interface WriteDoor {
  scheme: string;
  domain: 'wan' | 'lan';
}

export interface WriteRse {
  rse: string;
  doors: WriteDoor[];
  /** Service that Rucio signs addresses for (`s3`, `gcs`, `swift`); null: none. */
  signs: string | null;
}

interface RawProtocol {
  scheme?: unknown;
  domains?: Record<string, { write?: unknown } | undefined>;
}

interface RawRse {
  deterministic?: boolean;
  availability_write?: boolean;
  sign_url?: string | null;
  protocols?: RawProtocol[];
}

const WRITABLE = ['https', 'davs', 'http', 'dav', 's3', 's3s', 'file'];

export const isS3 = (scheme: string) => scheme === 's3' || scheme === 's3s';

const rsePath = (rse: string) => `/rses/${encodeURIComponent(rse)}`;

async function readRse(api: Api, rse: string, signal?: AbortSignal): Promise<RawRse> {
  try {
    return (await api.getJson(rsePath(rse), { signal })) as RawRse;
  } catch (error) {
    if (!(error instanceof RucioError) || error.exceptionClass !== 'RSENotFound') throw error;
    const all = (await api.getList('/rses/', { signal })) as { rse?: unknown }[];
    const names = all.slice(0, 12).map((each) => String(each.rse));
    throw new UserError(
      `There is no RSE "${rse}" in this lake; there are ${names.join(', ')}${all.length > names.length ? ', …' : ''}.`,
    );
  }
}

/** Ranks begin at 1; 0 and null: not for writing. */
function doorsFor({ protocols = [] }: RawRse, domain: 'wan' | 'lan'): (WriteDoor & { rank: number })[] {
  return protocols
    .map(({ scheme, domains }) => ({
      scheme: String(scheme),
      domain,
      rank: Number(domains?.[domain]?.write),
    }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => a.rank - b.rank);
}

/** @throws UserError where nothing can be written there, and why */
export async function openWriteRse(api: Api, rse: string, signal?: AbortSignal): Promise<WriteRse> {
  const raw = await readRse(api, rse, signal);
  if (raw.availability_write === false)
    throw new UserError(`The RSE ${rse} is closed for writing now; try later, or give another.`);
  if (raw.deterministic === false)
    throw new UserError(
      `The RSE ${rse} does not say where a file goes (it is not deterministic); give one that is.`,
    );
  const all = [...doorsFor(raw, 'wan'), ...doorsFor(raw, 'lan')];
  const doors = all.filter(({ scheme }) => WRITABLE.includes(scheme));
  if (doors.length === 0) {
    const has = [...new Set(all.map(({ scheme }) => scheme))].join(', ') || 'no protocol for writing at all';
    throw new UserError(
      `Nothing can be written to the RSE ${rse}: ${WRITABLE.join(', ')} are supported, it has ${has}; give another RSE.`,
    );
  }
  return {
    rse,
    doors: doors.map(({ scheme, domain }) => ({ scheme, domain })),
    signs: typeof raw.sign_url === 'string' && raw.sign_url !== '' ? raw.sign_url : null,
  };
}

/** Where a file goes through one door. */
export async function writePfn(
  api: Api,
  rse: string,
  { scheme, domain }: WriteDoor,
  { scope, name }: Did,
  signal?: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams({ lfn: `${scope}:${name}`, scheme, domain, operation: 'write' });
  const found = (await api.getJson(`${rsePath(rse)}/lfns2pfns?${query}`, { signal })) as Record<
    string,
    string
  >;
  const [pfn] = Object.values(found);
  if (pfn === undefined || !URL.canParse(pfn))
    throw new UserError(`Rucio does not say where ${scope}:${name} goes on ${rse}.`);
  return pfn;
}

/** A PFN -> the address that an object store takes one PUT at, or gives the object at, for an hour. */
export async function signUrl(
  api: Api,
  { rse, signs }: WriteRse,
  operation: 'read' | 'write',
  pfn: string,
  signal?: AbortSignal,
): Promise<string> {
  const query = new URLSearchParams({
    rse,
    svc: String(signs),
    op: operation,
    lifetime: '3600',
    url: pfn,
  });
  return (await api.send(`/credentials/signurl?${query}`, { method: 'GET', signal })).trim();
}
