/** PFN -> stream of its bytes, over https, http, davs (which is https) or from a path of this machine. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Dispatcher, request } from 'undici';
import { networkReason } from './faults.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Why a replica could not be read. `passing`: it may work a moment later. */
export class ReplicaFault extends Error {
  readonly passing: boolean;

  constructor(reason: string, passing = false, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'ReplicaFault';
    this.passing = passing;
  }
}

export interface OpenOptions {
  dispatcher?: Dispatcher | undefined;
  /** Goes to the origin of the PFN only, over https only. */
  bearerToken?: string | null | undefined;
  signal: AbortSignal;
}

export interface OpenReplica {
  /** Announced size; null when it is not. */
  bytes: number | null;
  body: AsyncIterable<Uint8Array> & Pick<Readable, 'destroy' | 'on'>;
}

/** The address we read a PFN at: `davs` is `https` and `dav` is `http`, anything else as it is. */
export function readableUrl(pfn: string): string {
  // Where an RSE asks for it, Rucio writes a hint for XRootD clients behind the PFN.
  const plain = pfn.replace(/&#multirange=[^#]*$/, '');
  return plain.replace(/^dav(s?):/i, (_whole, s: string) => `http${s.toLowerCase()}:`);
}

/** A PFN we have no reader for, or a file that is not on this machine, is no fault of the replica's: say why, or null. */
export async function cannotRead(pfn: string): Promise<string | null> {
  const url = URL.canParse(readableUrl(pfn)) ? new URL(readableUrl(pfn)) : null;
  if (url === null) return 'its PFN is not a URL';
  if (url.protocol === 'https:' || url.protocol === 'http:') return null;
  if (url.protocol !== 'file:') return `${url.protocol}// is not supported`;
  const path = localPath(url);
  if (path === null) return `it lies on another machine, ${url.hostname}`;
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true ? null : `there is no file ${path} on this machine`;
}

/** @throws ReplicaFault, or whatever `signal` was aborted with */
export async function openReplica(pfn: string, options: OpenOptions): Promise<OpenReplica> {
  const url = new URL(readableUrl(pfn));
  if (url.protocol !== 'file:') return openHttp(url, options);
  const path = localPath(url)!;
  const { size } = await stat(path);
  return { bytes: size, body: createReadStream(path, { highWaterMark: 1 << 18, signal: options.signal }) };
}

function localPath(url: URL): string | null {
  if (url.hostname !== '' && url.hostname !== 'localhost' && url.hostname !== hostname().toLowerCase())
    return null;
  const local = new URL(url);
  local.hostname = '';
  try {
    return fileURLToPath(local);
  } catch {
    return null;
  }
}

async function openHttp(start: URL, options: OpenOptions): Promise<OpenReplica> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await get(url, url.origin === start.origin, options);
    if (!REDIRECTS.has(answer.statusCode)) return checkAnswer(answer);
    await answer.body.dump();
    const location = [answer.headers.location ?? ''].flat()[0]!;
    if (location === '' || !URL.canParse(location, url.href)) throw new ReplicaFault('redirected to nowhere');
    url = new URL(readableUrl(new URL(location, url).href));
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new ReplicaFault(`redirected to ${url.protocol}//`);
  }
  throw new ReplicaFault(`more than ${MAX_REDIRECTS} redirects`);
}

async function get(url: URL, sameOrigin: boolean, options: OpenOptions): Promise<Dispatcher.ResponseData> {
  const headers: Record<string, string> = {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': 'rucio-stac',
  };
  if (options.bearerToken && sameOrigin && url.protocol === 'https:') {
    headers.authorization = `Bearer ${options.bearerToken}`;
  }
  try {
    return await request(url, {
      ...(options.dispatcher && { dispatcher: options.dispatcher }),
      method: 'GET',
      headers,
      signal: options.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  } catch (error) {
    options.signal.throwIfAborted();
    throw new ReplicaFault(networkReason(error), true, { cause: error });
  }
}

async function checkAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<OpenReplica> {
  if (statusCode !== 200) {
    await body.dump();
    throw new ReplicaFault(`status ${statusCode}${meaning(statusCode)}`, PASSING.has(statusCode));
  }
  const length = Number([headers['content-length'] ?? 'none'].flat()[0]);
  return { bytes: Number.isSafeInteger(length) ? length : null, body };
}

function meaning(status: number): string {
  if (status === 401 || status === 403) return ', the storage does not let us read it';
  if (status === 404 || status === 410) return ', the storage does not have it';
  return '';
}
