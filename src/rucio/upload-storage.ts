/** Local file -> storage element: under a name of the upload first, looked at there, then renamed. WebDAV (RFC 4918) and paths of this machine. */
import { copyFile, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../errors.ts';
import { networkReason } from './faults.ts';
import type { Agents } from './fetch/get.ts';
import { localPath } from './fetch/open-local.ts';
import { readableUrl } from './pfn.ts';
import { MAX_REDIRECTS, PASSING_STATUS, REDIRECTS } from './storage-status.ts';
import { type Answer, exchange } from './upload-exchange.ts';

/** Why a storage did not take a file. `passing`: it may a moment later. */
export class StorageFault extends Error {
  readonly passing: boolean;

  constructor(reason: string, passing = false, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'StorageFault';
    this.passing = passing;
  }
}

export interface PutFile {
  path: string;
  bytes: number;
  /** 8 hex digits. */
  adler32: string;
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

/** Ending of the name while the bytes arrive, as Rucio's client has it. */
const PART = '.rucio.upload';
/**
 * Under `pfn` the file is whole afterwards, or not there. What was there before is replaced.
 * @throws StorageFault, or whatever `signal` was aborted with
 */
export async function putReplica(pfn: string, file: PutFile, options: PutOptions): Promise<void> {
  const { size } = await stat(file.path);
  if (size !== file.bytes) throw new StorageFault(`${file.path} has changed while it was uploaded`);
  const url = new URL(readableUrl(pfn));
  if (url.protocol === 'file:') return putLocal(url, file, options);
  const part = `${url.href}${PART}`;
  await putBytes(part, file, options);
  await mustBeWhole(part, file, options);
  const moved = await ask('MOVE', part, options, { destination: url.href, overwrite: 'T' });
  if (moved.status < 300) return;
  if (![403, 405, 501].includes(moved.status)) throw refusal('renaming it', moved.status);
  // A storage that cannot rename: Rucio does not say the replica is there before it is whole.
  await ask('DELETE', part, options);
  await putBytes(url.href, file, options);
  await mustBeWhole(url.href, file, options);
}

/** An object store's signed address takes the whole object or nothing. */
export async function putSigned(address: string, file: PutFile, options: PutOptions): Promise<void> {
  await putBytes(address, file, { ...options, bearerToken: null });
}

async function putLocal(
  url: URL,
  { path, bytes }: PutFile,
  { signal, onProgress }: PutOptions,
): Promise<void> {
  const target = localPath(url);
  if (target === null) throw new StorageFault(`its storage is a path of another machine, ${url.hostname}`);
  const part = `${target}${PART}`;
  try {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, part);
    signal.throwIfAborted();
    const handle = await open(part, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, target);
  } catch (error) {
    await unlink(part).catch(() => undefined);
    signal.throwIfAborted();
    const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
    throw new StorageFault(full ? 'it is full' : `${target} cannot be written: ${messageOf(error)}`);
  }
  onProgress(bytes);
}

async function putBytes(address: string, file: PutFile, options: PutOptions): Promise<void> {
  let answer = await ask('PUT', address, options, {}, file);
  // Plain WebDAV wants the folders to be there.
  if (answer.status === 404 || answer.status === 409) {
    await makeFolders(address, options);
    answer = await ask('PUT', address, options, {}, file);
  }
  if (answer.status >= 300) throw refusal('writing', answer.status);
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
async function mustBeWhole(address: string, { bytes, adler32 }: PutFile, options: PutOptions): Promise<void> {
  const { status, headers } = await ask('HEAD', address, options, { 'want-digest': 'adler32' });
  if (status >= 300) throw refusal('looking at what was written', status);
  const text = (name: string) => [headers[name] ?? ''].flat().join(',');
  const length = text('content-length');
  if (length !== '' && Number(length) !== bytes)
    throw new StorageFault(`it has ${length} of ${bytes} bytes that were written`, true);
  const [, digest] = /adler32=([0-9a-f]{1,8})(?:,|$)/i.exec(text('digest')) ?? [];
  if (digest !== undefined && digest.toLowerCase().padStart(8, '0') !== adler32)
    throw new StorageFault(`what it has wrote down has the adler32 ${digest}, the file ${adler32}`, true);
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
