/** Replica over https -> exact ranges of its bytes, for who reads a header and leaves the rest where it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, UserError } from '../../errors.ts';
import { schemeOf } from '../pfn.ts';
import type { Replica, RucioFile } from '../types.ts';
import type { OpenBytes } from './open-http.ts';
import { type OpenOptions, openReplica } from './open-replica.ts';
import { ReplicaFault } from './replica-fault.ts';
import { watchdog } from './watchdog.ts';

export interface Ranges {
  /** Of the file, for messages. */
  name: string;
  size: number;
  replica: Replica;
  /** @throws UserError when the replica does not give them */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface RangeOptions extends OpenOptions {
  signal?: AbortSignal | undefined;
  idleTimeoutSeconds?: number;
  /** What the storage told of the file before: it must be the same at each read. */
  expected?: Pick<OpenBytes, 'etag' | 'modified'>;
}

/** Bytes: what is asked for is rounded to these, since many small reads follow each other in a header. */
const BLOCK = 64 * 1024;
const MOST_BLOCKS = 256;
/** Bytes of one read: a header that asks for more is broken, or hostile. */
const LONGEST_READ = 256 * 1024 * 1024;
const TRIES = 3;
const WAIT = 250;

/** Schemes that everybody's readers open, the safest first. */
const READERS = ['https', 'davs', 'http', 'dav'];

/** Replicas that clients can read over https, or http where there is no https; best first, tapes last. */
export function replicasForReaders(replicas: readonly Replica[]): Replica[] {
  const isTape = ({ type }: Replica) => Number(type === 'TAPE');
  const rank = ({ scheme, pfn }: Replica) => READERS.indexOf(scheme || schemeOf(pfn));
  return replicas
    .filter((replica) => replica.state === 'AVAILABLE' && rank(replica) >= 0)
    .sort((a, b) => isTape(a) - isTape(b) || (rank(a) >> 1) - (rank(b) >> 1) || a.priority - b.priority);
}

/** @throws UserError when no replica gives its bytes by range; the signal's reason on abort */
export async function openRanges(file: RucioFile, options: RangeOptions): Promise<Ranges> {
  const reasons: string[] = [];
  for (const replica of replicasForReaders(file.replicas)) {
    try {
      return await openOne(file, replica, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof ReplicaFault)) throw error;
      reasons.push(`${replica.rse}: ${error.message}`);
    }
  }
  const why = reasons.length > 0 ? [...new Set(reasons)].join('; ') : 'it has no replica there now';
  throw new UserError(`${file.name} cannot be read by range over https or http: ${why}`);
}

async function openOne(file: RucioFile, replica: Replica, options: RangeOptions): Promise<Ranges> {
  const blocks = new Map<number, Buffer>();
  const first = await fetchPatiently(replica, 0, BLOCK, options);
  const size = first.total ?? file.bytes;
  if (size === null) throw new ReplicaFault('its size is not known');
  if (file.bytes !== null && size !== file.bytes)
    throw new ReplicaFault(`it has ${size} bytes, Rucio says ${file.bytes}`);
  blocks.set(0, first.bytes);
  /** One after the other: what one read brings, the next one mostly needs. */
  let last: Promise<unknown> = Promise.resolve();
  const { name } = file;
  const load = async (from: number, to: number) => {
    const answer = await fetchPatiently(replica, from, Math.min(to, size), options);
    for (let at = from; at < to && at < size; at += BLOCK) {
      blocks.set(at / BLOCK, answer.bytes.subarray(at - from, at - from + BLOCK));
    }
  };
  const read = async (offset: number, length: number) => {
    if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
      throw new UserError(
        `${name} is cut short or corrupt: it refers to bytes ${offset} to ${offset + length} but has ${size}`,
      );
    }
    if (length > LONGEST_READ)
      throw new UserError(`${name} is corrupt: its header has ${length} bytes in one piece`);
    const begin = Math.floor(offset / BLOCK);
    const end = Math.ceil((offset + length) / BLOCK);
    let from = begin;
    while (from < end && blocks.has(from)) from++;
    if (from < end) await load(from * BLOCK, end * BLOCK);
    const pieces = Array.from({ length: end - begin }, (_, index) => blocks.get(begin + index)!);
    const start = offset - begin * BLOCK;
    const found = Buffer.concat(pieces).subarray(start, start + length);
    for (const key of blocks.keys()) {
      if (blocks.size <= MOST_BLOCKS) break;
      blocks.delete(key);
    }
    return found;
  };
  return {
    name,
    size,
    replica,
    read(offset, length) {
      const done = last
        .then(() => read(offset, length))
        .catch((error: unknown) => {
          options.signal?.throwIfAborted();
          if (error instanceof UserError) throw error;
          throw new UserError(`${name} cannot be read by range at ${replica.rse}: ${messageOf(error)}`, {
            cause: error,
          });
        });
      last = done.catch(() => undefined);
      return done;
    },
    close: async () => blocks.clear(),
  };
}

interface Fetched {
  bytes: Buffer;
  total: number | null;
}

/** Bytes [from, to), or as many as there are. @throws ReplicaFault */
function fetchPatiently(replica: Replica, from: number, to: number, options: RangeOptions): Promise<Fetched> {
  return patiently(() => fetchOnce(replica, from, to, options), options.signal);
}

/** Passing faults are waited out. @throws what the last try does */
export async function patiently<T>(once: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      signal?.throwIfAborted();
      const isLast =
        !(error instanceof ReplicaFault && error.passing && !error.rangeRefused) || tries >= TRIES;
      if (isLast) throw error;
      await sleep(WAIT * 2 ** tries, undefined, { signal });
    }
  }
}

async function fetchOnce(
  replica: Replica,
  from: number,
  to: number,
  options: RangeOptions,
): Promise<Fetched> {
  const watch = watchdog({ signal: options.signal, idleTimeoutSeconds: options.idleTimeoutSeconds ?? 60 });
  try {
    const answer = await openReplica(replica, { from, to: to - 1 }, options, watch.signal);
    try {
      mustBeSame(answer, options.expected);
      return { bytes: await readAll(answer, from, to, watch.wait), total: answer.total };
    } finally {
      answer.body.destroy();
    }
  } catch (error) {
    if (error instanceof ReplicaFault) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    throw new ReplicaFault(messageOf(error), { passing: true, cause: error });
  } finally {
    watch.stop();
  }
}

/** Where the file is at one address alone, which may have another by now. */
function mustBeSame({ etag, modified }: OpenBytes, expected: RangeOptions['expected']): void {
  if (expected && (etag !== expected.etag || (modified ?? null) !== (expected.modified ?? null)))
    throw new ReplicaFault('it has changed since the reading began; try again');
}

async function readAll(
  { from: begins, total, body, isRange }: OpenBytes,
  from: number,
  to: number,
  onBytes: () => void,
): Promise<Buffer> {
  if (!isRange && (begins !== from || total === null || total > to))
    throw new ReplicaFault('the storage gives no ranges of files', { rangeRefused: true });
  const wanted = (total === null ? to : Math.min(to, total)) - from;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    pieces.push(chunk);
    onBytes();
    length += chunk.length;
    if (length > wanted) throw new ReplicaFault('it gave more than it was asked for', { rangeRefused: true });
  }
  if (length < wanted) throw new ReplicaFault('the connection was cut', { passing: true });
  return Buffer.concat(pieces);
}
