/** Address on the web -> its bytes by range (RFC 9110: 14), in bounded time, and never from where it may not be read. */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../errors.ts';
import { type Agents, get } from '../../rucio/fetch/get.ts';
import { REDIRECTS } from '../../rucio/storage-status.ts';
import type { MarkedBytes } from './local-bytes.ts';

/** Milliseconds for one range. */
const TIME_LIMIT = 10_000;
const MOST_REDIRECTS = 3;
/** The first read: of most COGs all of the header. */
const HEAD_BYTES = 64 * 1024;

interface Remote {
  address: URL;
  /** Whether a redirect may be followed to there. */
  mayRead(url: URL): boolean;
  agents?: Agents;
}

interface Part {
  buffer: Buffer;
  total: number;
  mark: string;
}

const unavailable = (why: string) =>
  new ApiError('Unavailable', `the storage of the asset ${why}; try again later`);

/** @throws ApiError NotFound, Unavailable, Timeout */
export async function openRemote(remote: Remote): Promise<MarkedBytes> {
  const head = await readPart(remote, 0, HEAD_BYTES);
  const { total, mark } = head;
  return {
    name: remote.address.pathname.split('/').at(-1) || 'the asset',
    size: total,
    mark: `${remote.address.origin}${remote.address.pathname} ${total} ${mark}`,
    async read(offset, length) {
      if (!(offset >= 0 && length >= 0 && offset + length <= total))
        throw new ApiError(
          'NotFound',
          'the asset is cut short or corrupt: it refers to bytes beyond its end',
        );
      if (offset + length <= head.buffer.length) return head.buffer.subarray(offset, offset + length);
      const part = await readPart(remote, offset, length);
      if (part.total !== total || part.mark !== mark) throw unavailable('has another file there than before');
      if (part.buffer.length !== length) throw unavailable('gave fewer bytes than were asked for');
      return part.buffer;
    },
    async close() {},
  };
}

async function readPart(remote: Remote, offset: number, length: number): Promise<Part> {
  if (length === 0) return { buffer: Buffer.alloc(0), total: 0, mark: '' };
  const signal = AbortSignal.timeout(TIME_LIMIT);
  try {
    const answer = await ask(remote, offset, length, signal);
    const told = /^bytes (\d+)-(\d+)\/(\d+)$/i.exec((answer.headers['content-range'] ?? '').trim());
    const isPlain = (answer.headers['content-encoding'] ?? 'identity') === 'identity';
    if (answer.statusCode !== 206 || !told || Number(told[1]) !== offset || !isPlain) {
      answer.destroy();
      throw refusal(answer.statusCode ?? 0);
    }
    const { etag, 'last-modified': modified } = answer.headers;
    return { buffer: await readBody(answer, length), total: Number(told[3]), mark: etag ?? modified ?? '' };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (signal.aborted)
      throw new ApiError('Timeout', `the storage of the asset gave no answer in ${TIME_LIMIT / 1000} s`);
    throw unavailable('cannot be reached');
  }
}

function refusal(status: number): ApiError {
  if (status === 200) return new ApiError('NotFound', 'the storage of the asset gives no ranges of bytes');
  if (status === 404 || status === 410)
    return new ApiError('NotFound', 'the storage has no such asset', 'assetKey');
  return unavailable(`answers with status ${status}`);
}

async function ask(
  { address, mayRead, agents }: Remote,
  offset: number,
  length: number,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = address;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const headers = {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'rucio-stac',
      range: `bytes=${offset}-${offset + length - 1}`,
    };
    const answer = await get(url, { agents, headers, signal });
    if (!REDIRECTS.has(answer.statusCode ?? 0)) return answer;
    answer.destroy();
    const { location = '' } = answer.headers;
    if (!URL.canParse(location, url.href)) throw unavailable('redirects to nowhere');
    url = new URL(location, url.href);
    if (!mayRead(url))
      throw new ApiError('NotFound', 'the asset’s address leads to a host that is not allowed', 'assetKey');
  }
  throw unavailable('redirects again and again');
}

async function readBody(answer: IncomingMessage, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > most) throw unavailable('gave more bytes than were asked for');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
