/** Local file -> storage element over WebDAV (RFC 4918): under a name of the upload first, looked at there, then renamed; and one PUT to an object store. */
import { networkReason } from './faults.ts';
import type { Agents } from './fetch/get.ts';
import { readableUrl } from './pfn.ts';
import { MAX_REDIRECTS, PASSING_STATUS, REDIRECTS } from './storage-status.ts';
import { type Answer, exchange } from './upload-exchange.ts';
import { type Look, lookHttp, NOTHING, otherBytes, type Sums } from './upload-look.ts';

/** Why a storage did not take a file. `passing`: it may a moment later. */
export class StorageFault extends Error {
  readonly passing: boolean;

  constructor(reason: string, passing = false, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'StorageFault';
    this.passing = passing;
  }
}

/** Something is there already, and nothing was to be overwritten. */
export class Occupied extends StorageFault {
  constructor() {
    super('somebody else has put a file there meanwhile');
    this.name = 'Occupied';
  }
}

export interface PutFile extends Sums {
  path: string;
}

export interface PutOptions {
  agents: Agents;
  /** With the RSE's own certificate: for the PFN's own origin only. */
  ownAgents?: Agents | undefined;
  /** Sent over https to the PFN's own origin, never further. */
  bearerToken: string | null;
  signal: AbortSignal;
  onProgress(bytes: number): void;
}

/** Digits of the md5 in the name while the bytes arrive. */
const HASH = 12;
/** The name while the bytes arrive. It ends as with Rucio's client, and two files that come at once have two. */
export const partOf = (place: string, { md5 }: Sums) => `${place}.${md5.slice(0, HASH)}.rucio.upload`;

/** RFC 9110, 13.1.2: only where nothing is there. */
const IF_FREE = { 'if-none-match': '*' };

/**
 * Under `url` the file is whole afterwards, or not there.
 * @param isExclusive what is there stays; else it is replaced
 * @throws StorageFault; Occupied; or whatever `signal` was aborted with
 */
export async function putDav(
  url: URL,
  file: PutFile,
  isExclusive: boolean,
  options: PutOptions,
): Promise<void> {
  const part = partOf(url.href, file);
  await putBytes(part, file, options);
  await mustBeWhole(part, file, options);
  const headers = { destination: url.href, overwrite: isExclusive ? 'F' : 'T' };
  const moved = await ask('MOVE', part, options, headers);
  if (moved.status < 300) return;
  if (moved.status === 412 && isExclusive) {
    await ask('DELETE', part, options);
    throw new Occupied();
  }
  // The same bytes came from another run at the same time, and that has renamed them.
  if (moved.status === 404) throw new StorageFault('what was written is gone again', true);
  if (![403, 405, 501].includes(moved.status)) throw refusal('renaming it', moved.status);
  // A storage that cannot rename: Rucio does not say the replica is there before it is whole.
  await ask('DELETE', part, options);
  await putBytes(url.href, file, options, isExclusive ? IF_FREE : {});
  await mustBeWhole(url.href, file, options);
}

/**
 * An object store's signed address takes the whole object or nothing.
 * @returns the md5 of what it took, where its ETag looks like one
 * @throws StorageFault; Occupied
 */
export async function putSigned(
  address: string,
  file: PutFile,
  isExclusive: boolean,
  options: PutOptions,
): Promise<string | null> {
  const access = { ...options, bearerToken: null };
  const answer = await putBytes(address, file, access, isExclusive ? IF_FREE : {});
  return /^"([0-9a-f]{32})"$/i.exec([answer.headers.etag ?? ''].flat().join())?.[1]?.toLowerCase() ?? null;
}

/** What is there by a name; adler32 as the storage tells it, else it is read. @throws StorageFault, ReplicaFault */
export async function lookDav(url: URL, file: Sums, options: PutOptions): Promise<Look> {
  const found = await head(url.href, options);
  if (found.status === 404 || found.status === 410) return NOTHING;
  if (found.status >= 300) throw refusal('looking at what is there', found.status);
  if (found.bytes !== null && found.bytes !== file.bytes) return otherBytes(found.bytes, file);
  if (found.adler32 !== null && found.adler32 !== file.adler32)
    return { is: 'other', reason: `what it has there has the adler32 ${found.adler32}, not ${file.adler32}` };
  return lookHttp(url.href, file, options, options.signal);
}

async function putBytes(
  address: string,
  file: PutFile,
  options: PutOptions,
  headers: Record<string, string> = {},
): Promise<Answer> {
  let answer = await ask('PUT', address, options, headers, file);
  // Plain WebDAV wants the folders to be there.
  if (answer.status === 404 || answer.status === 409) {
    await makeFolders(address, options);
    answer = await ask('PUT', address, options, headers, file);
  }
  const isConditional = Object.keys(headers).length > 0;
  // 409: another is being written there at this moment.
  if (isConditional && [409, 412].includes(answer.status)) throw new Occupied();
  // A server that does not know the condition.
  if (isConditional && [400, 501].includes(answer.status)) return putBytes(address, file, options);
  if (answer.status >= 300) throw refusal('writing', answer.status);
  return answer;
}

async function makeFolders(address: string, options: PutOptions): Promise<void> {
  const { origin, pathname } = new URL(address);
  const names = pathname.split('/').slice(1, -1);
  for (let depth = 1; depth <= names.length; depth++) {
    // Those that are there, or above what is ours, are refused: the PUT afterwards tells.
    await ask('MKCOL', `${origin}/${names.slice(0, depth).join('/')}/`, options);
  }
}

/** Size, and adler32 where the storage tells it (RFC 3230, as dCache, StoRM, EOS and XRootD do). */
async function head(address: string, options: PutOptions) {
  const { status, headers } = await ask('HEAD', address, options, { 'want-digest': 'adler32' });
  const text = (name: string) => [headers[name] ?? ''].flat().join(',');
  const length = text('content-length');
  const [, digest] = /adler32=([0-9a-f]{1,8})(?:,|$)/i.exec(text('digest')) ?? [];
  return {
    status,
    bytes: /^\d+$/.test(length) ? Number(length) : null,
    adler32: digest?.toLowerCase().padStart(8, '0') ?? null,
  };
}

async function mustBeWhole(address: string, file: PutFile, options: PutOptions): Promise<void> {
  const { status, bytes, adler32 } = await head(address, options);
  if (status >= 300) throw refusal('looking at what was written', status);
  if (bytes !== null && bytes !== file.bytes)
    throw new StorageFault(`it has ${bytes} of ${file.bytes} bytes that were written`, true);
  if (adler32 !== null && adler32 !== file.adler32)
    throw new StorageFault(
      `what it has written down has the adler32 ${adler32}, the file ${file.adler32}`,
      true,
    );
}

/** One request; a redirect, as storages answer PUT with, is followed with the same method and body. */
async function ask(
  method: string,
  start: string,
  options: PutOptions,
  headers: Record<string, string> = {},
  file: PutFile | null = null,
): Promise<Answer> {
  let url = new URL(start);
  const first = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const isFirst = url.origin === first.origin;
    const sent: Record<string, string> = { 'user-agent': 'rucio-stac', ...headers };
    const { bearerToken, agents, ownAgents } = options;
    if (isFirst && url.protocol === 'https:' && bearerToken) sent.authorization = `Bearer ${bearerToken}`;
    const used = (isFirst && ownAgents) || agents;
    const answer = await once(method, url, { headers: sent, file, agents: used }, options);
    const location = [answer.headers.location ?? ''].flat()[0] ?? '';
    if (!REDIRECTS.has(answer.status) || location === '') return answer;
    if (!URL.canParse(location, url.href)) throw new StorageFault('it redirects to nowhere');
    url = new URL(readableUrl(new URL(location, url).href));
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new StorageFault(`it redirects to ${url.protocol}//`);
  }
  throw new StorageFault(`it redirects more than ${MAX_REDIRECTS} times`);
}

async function once(
  method: string,
  url: URL,
  { headers, file, agents }: { headers: Record<string, string>; file: PutFile | null; agents: Agents },
  { signal, onProgress }: PutOptions,
): Promise<Answer> {
  try {
    return await exchange(url, {
      method,
      headers,
      body: file,
      agents,
      signal,
      onProgress,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new StorageFault(networkReason(error), true, { cause: error });
  }
}

function refusal(doing: string, status: number): StorageFault {
  if (status === 401 || status === 403)
    return new StorageFault(
      `it does not let us in (${status}, ${doing}); [rse:NAME] in rucio.cfg names the token or certificate for it`,
    );
  if (status === 507 || status === 413) return new StorageFault(`it is full (${status})`);
  return new StorageFault(`it answers ${status} to ${doing}`, PASSING_STATUS.has(status));
}
