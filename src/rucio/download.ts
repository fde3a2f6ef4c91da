/** RucioFile -> local file whose size and checksums are Rucio's. Best replica first; a bad or silent one gives way to the next. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { type Attempt, orderAttempts, type ReplicaFailure } from './fetch/doors.ts';
import { fetchByStream } from './fetch/fetch-by-stream.ts';
import { fetchByTool } from './fetch/fetch-by-tool.ts';
import { type Leftovers, openLeftovers } from './fetch/leftovers.ts';
import { onDisk } from './fetch/on-disk.ts';
import type { OpenOptions } from './fetch/open-replica.ts';
import { openPart, type Part } from './fetch/part.ts';
import { ReplicaFault } from './fetch/replica-fault.ts';
import type { Sums } from './fetch/sums.ts';
import { withoutSecrets } from './pfn.ts';
import type { Replica, RucioFile } from './types.ts';

export interface DownloadOptions extends OpenOptions {
  /** For one attempt as a whole. Default: no limit. */
  transferTimeoutSeconds?: number;
  /** Without a byte for this long, the next replica is tried. Default: 60; tools have five times as long. */
  idleTimeoutSeconds?: number;
  /** Times that replicas which failed for a passing reason (connection, 5xx, silence) are tried without getting further. Default: 2. */
  rounds?: number;
  signal?: AbortSignal;
  /** Bytes of the file that are there; fewer again when they are thrown away. */
  onProgress?: (bytes: number) => void;
  /** As in [download] of rucio.cfg. */
  preferredImpl?: readonly string[];
  /** Tools by the name of `preferred_impl`: paths of their commands. Default: none. */
  tools?: ReadonlyMap<string, string>;
  /** What tools find in their environment besides ours. */
  toolEnv?: Record<string, string>;
  /** The file is gone when the run is: it is not forced to the disk, which takes longer than a small file itself. */
  isTemporary?: boolean;
  /** Of this run: parts of earlier ones. */
  leftovers?: Leftovers;
}

export interface DownloadReport extends Sums {
  replica: Replica;
  /** Replicas that were tried before, and what was wrong with them. */
  faults: ReplicaFailure[];
  /** Rucio has no checksum of this file: only its size was compared (nothing, when `bytes` is null too). */
  unverified?: true;
}

/** Bytes by which a round must get further for another to be worth it. */
const STEP = 1 << 20;
/** Milliseconds before replicas that failed for a passing reason are tried again; twice as long each time. */
const WAIT = 250;
const LONGEST_WAIT = 8000;

interface Run {
  file: RucioFile;
  target: string;
  part: Part;
  options: DownloadOptions & { idleTimeoutSeconds: number; leftovers: Leftovers };
  wholeOnly: Set<string>;
}

/**
 * Under its final name the file is whole, or not there. What has come of it is kept beside it, and the next attempt, here or
 * in a later run, goes on from there.
 * @throws UserError when no replica could be read (names each with its reason), or the disk fails; the signal's reason on abort
 */
export async function downloadFile(
  file: RucioFile,
  target: string,
  given: DownloadOptions = {},
): Promise<DownloadReport> {
  given.signal?.throwIfAborted();
  const {
    preferredImpl = [],
    tools = new Map(),
    leftovers = openLeftovers(),
    idleTimeoutSeconds = 60,
  } = given;
  const hasS3 = given.signS3 !== undefined;
  const { attempts, skipped } = await orderAttempts(file.replicas, { preferredImpl, tools, hasS3 });
  if (attempts.length === 0) throw nothingWorked(file, skipped);
  await onDisk(target, () => mkdir(dirname(target), { recursive: true }));
  const isSummed = file.adler32 !== null || file.md5 !== null;
  const { signal, onProgress, isTemporary } = given;
  const isResumed = isSummed;
  const part = await openPart(target, { leftovers, isResumed, isTemporary, signal, onProgress });
  const options = { ...given, tools, leftovers, idleTimeoutSeconds };
  try {
    const run: Run = { file, target, part, options, wholeOnly: new Set() };
    return await tryAll(run, attempts, skipped);
  } finally {
    await part.close(isSummed);
  }
}

async function tryAll(run: Run, attempts: Attempt[], skipped: ReplicaFailure[]): Promise<DownloadReport> {
  const { file, part, options } = run;
  const faults: ReplicaFailure[] = [];
  let candidates = attempts;
  let furthest = part.bytes;
  let wait = WAIT;
  for (let round = 0; round < (options.rounds ?? 2) && candidates.length > 0; round++) {
    if (faults.length > 0) {
      await sleep(wait, undefined, { signal: options.signal });
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
    const again: Attempt[] = [];
    for (const attempt of candidates) {
      options.signal?.throwIfAborted();
      const { replica } = attempt;
      try {
        const sums = await tryOne(run, attempt);
        const unverified = file.adler32 === null && file.md5 === null;
        return { replica, ...sums, faults, ...(unverified && { unverified: true as const }) };
      } catch (error) {
        if (!(error instanceof ReplicaFault)) throw error;
        faults.push({ rse: replica.rse, pfn: replica.pfn, reason: error.message });
        if (error.passing) again.push(attempt);
      }
    }
    candidates = again;
    if (part.bytes < furthest + STEP) continue;
    furthest = part.bytes;
    round = -1;
  }
  throw nothingWorked(file, [...faults, ...skipped]);
}

async function tryOne({ file, target, part, options, wholeOnly }: Run, attempt: Attempt): Promise<Sums> {
  const { replica, tool } = attempt;
  if (tool !== null) {
    const { toolEnv: env = {}, tools = new Map() } = options;
    return fetchByTool(file, replica, tool, target, { ...options, part, tools, env });
  }
  const sums = await fetchByStream(file, replica, part, { ...options, wholeOnly });
  options.signal?.throwIfAborted();
  await part.finish();
  return sums;
}

function nothingWorked(file: RucioFile, failures: readonly ReplicaFailure[]): UserError {
  const did = `${file.scope}:${file.name}`;
  if (failures.length === 0) {
    return new UserError(
      `${did} cannot be downloaded: it has no replica that is available. "rucio-stac show ${did}" tells where it is.`,
    );
  }
  // A replica of a second round, or of several doors with one fault, is told once.
  const told = [
    ...new Set(failures.map(({ rse, pfn, reason }) => `${rse} (${withoutSecrets(pfn)}): ${reason}`)),
  ];
  return new UserError(`${did} cannot be downloaded; no replica could be read. ${told.join('; ')}.`);
}
