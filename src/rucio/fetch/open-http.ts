/** https and http address -> stream of its bytes, from the first or from a later one on (RFC 9110: 14 Range Requests). */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { networkReason } from '../faults.ts';
import { readableUrl } from '../pfn.ts';
import { MAX_REDIRECTS, PASSING_STATUS, REDIRECTS } from '../storage-status.ts';
import { type Agents, get as getOnce } from './get.ts';
import { ReplicaFault } from './replica-fault.ts';

/** What a storage is shown of us. */
export interface Access {
  /** For every address. */
  agents?: Agents | undefined;
  /** With the RSE's own client certificate: for the origin of the first address only. */
  ownAgents?: Agents | undefined;
  /** For the origin of the first address only, over https only. */
  bearerToken?: string | null | undefined;
  /** What is told where the storage does not let us read. */
  hint?: string;
}

export interface Range {
  from: number;
  /** Last byte; null: to the end. */
  to?: number | null;
  /** Only when the file is still the one of this strong ETag; else it comes from its first byte. */
  ifRange?: string | null;
}

export interface OpenBytes {
  /** Offset of the body's first byte: 0, or the one that was asked for. */
  from: number;
  /** It is the range that was asked for, rather than the whole. */
  isRange: boolean;
  /** Size of the whole file; null when it is not told. */
  total: number | null;
  /** A strong one; null when there is none. */
  etag: string | null;
  /** Last-Modified as it was told; null or undefined: it was not. */
  modified?: string | null;
  body: AsyncIterable<Uint8Array> & Pick<Readable, 'destroy' | 'on'>;
}

/** Redirects are followed; secrets stay at the first origin. @throws ReplicaFault, or whatever `signal` was aborted with */
export async function openHttp(
  address: string,
  access: Access,
  range: Range,
  signal: AbortSignal,
): Promise<OpenBytes> {
  const start = new URL(address);
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const answer = await get(url, url.origin === start.origin, access, range, signal);
    if (!REDIRECTS.has(answer.statusCode ?? 0)) return checkAnswer(answer, range, access.hint);
    answer.destroy();
    const location = [answer.headers.location ?? ''].flat()[0]!;
    if (location === '' || !URL.canParse(location, url.href)) throw new ReplicaFault('redirected to nowhere');
    url = new URL(readableUrl(new URL(location, url).href));
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new ReplicaFault(`redirected to ${url.protocol}//`);
  }
  throw new ReplicaFault(`more than ${MAX_REDIRECTS} redirects`);
}

async function get(
  url: URL,
  isFirstOrigin: boolean,
  access: Access,
  { from, to = null, ifRange = null }: Range,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isPart = from > 0 || to !== null;
  const mayHaveSecrets = isFirstOrigin && url.protocol === 'https:';
  const agents = (mayHaveSecrets && access.ownAgents) || access.agents;
  try {
    return await getOnce(url, {
      agents,
      signal,
      headers: {
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'rucio-stac',
        ...(access.bearerToken && mayHaveSecrets && { authorization: `Bearer ${access.bearerToken}` }),
        ...(isPart && { range: `bytes=${from}-${to ?? ''}` }),
        ...(isPart && ifRange !== null && { 'if-range': ifRange }),
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ReplicaFault(networkReason(error), { passing: true, cause: error });
  }
}

function checkAnswer(answer: IncomingMessage, range: Range, hint = ''): OpenBytes {
  const { statusCode: status = 0, headers } = answer;
  const header = (name: string) => [headers[name] ?? ''].flat()[0]!;
  const etag = /^"[^"]*"$/.test(header('etag')) ? header('etag') : null;
  const modified = header('last-modified') || null;
  const refuse = (reason: string, options: ConstructorParameters<typeof ReplicaFault>[1] = {}) => {
    answer.destroy();
    return new ReplicaFault(reason, options);
  };
  const isPart = range.from > 0 || (range.to ?? null) !== null;
  if (status === 200) {
    const length = header('content-length');
    return {
      from: 0,
      isRange: false,
      total: /^\d+$/.test(length) ? Number(length) : null,
      etag,
      modified,
      body: answer,
    };
  }
  if (status === 206 && isPart) {
    const told = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(header('content-range').trim());
    if (told === null || Number(told[1]) !== range.from) {
      const asked = `bytes from ${range.from} on`;
      throw refuse(`asked for ${asked}, it gave "${header('content-range')}"`, {
        passing: true,
        rangeRefused: true,
      });
    }
    return {
      from: range.from,
      isRange: true,
      total: told[2] === '*' ? null : Number(told[2]),
      etag,
      modified,
      body: answer,
    };
  }
  if (status === 416) throw refuse('status 416, it has no such range', { passing: true, rangeRefused: true });
  const isAbsent = status === 404 || status === 410;
  throw refuse(`status ${status}${meaning(status, hint)}`, { passing: PASSING_STATUS.has(status), isAbsent });
}

function meaning(status: number, hint: string): string {
  if (status === 401 || status === 403) return `, the storage does not let us read it${hint}`;
  if (status === 404 || status === 410) return ', the storage does not have it';
  return '';
}
